"""The objective of training: behaviour, auxiliary targets, pointing, success, alignment of modalities, gate balance."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from model import Policy

#: The estimated place is in units of so many m.
PLACE = 0.05
WEIGHTS = {
    'chunk': 1.0,
    'chunk_near': 0.5,
    'aux': 0.5,
    'flags': 0.2,
    'heat': 0.2,
    'called': 0.2,
    'success': 0.05,
    'align': 0.02,
    'gate': 0.01,
}


def info_nce(a: Tensor, b: Tensor, same: Tensor, temperature: float = 0.07) -> Tensor:
    """Symmetric InfoNCE of unit rows [B,D].

    The diagonal has the positives. `same` [B,B] marks further pairs that are no negatives.
    """
    logits = a @ b.T / temperature
    logits = logits.masked_fill(same & ~torch.eye(len(a), dtype=torch.bool), -1e4)
    label = torch.arange(len(a))
    if len(a) < 2:
        return logits.sum() * 0
    return (F.cross_entropy(logits, label) + F.cross_entropy(logits.T, label)) / 2


def soft_targets(student: Tensor, teacher: Tensor, temperature: float) -> Tensor:
    """KL divergence of softmax rows [..., N] at a temperature, times its square (Hinton, Vinyals, Dean 2015)."""
    wanted = (teacher / temperature).log_softmax(-1)
    return (
        F.kl_div((student / temperature).log_softmax(-1), wanted, log_target=True, reduction='none').sum(-1).mean()
        * temperature**2
    )


def distillation(
    policy: Policy, out: dict[str, Tensor], teacher: dict[str, Tensor], answered: Tensor, temperature: float = 5
) -> Tensor:
    """The distance of a student from its teacher, over the rows that were `answered` by the expert (1; [B]).

    The attention of the pointers and the gate are soft targets. The estimate of the target and the chunk are numbers
    without a temperature, so their distance counts.
    """
    rows = answered.nonzero()[:, 0]
    if not len(rows):
        return out['heat'].sum() * 0
    out, teacher = ({k: o[k][rows] for k in ('heat', 'gate', 'action_chunk', 'auxiliary')} for o in (out, teacher))

    def gate(o: dict[str, Tensor]) -> Tensor:
        return o['gate'].clamp(min=1e-6).log()

    def apart(a: Tensor, b: Tensor) -> Tensor:
        return F.smooth_l1_loss(a, b, beta=0.3)

    return (
        0.05 * soft_targets(out['heat'], teacher['heat'], temperature)
        + 0.05 * soft_targets(gate(out), gate(teacher), temperature)
        + 2
        * apart(
            (out['action_chunk'] - teacher['action_chunk']) / policy.action_std, torch.zeros_like(out['action_chunk'])
        )
        + apart(out['auxiliary'], teacher['auxiliary'])
    )


def goals(batch: dict[str, Tensor], share: float, g: torch.Generator) -> Tensor:
    """For a `share` of the rows the true goal with noise (2 mm, 3 degrees), [B,5] as Policy.forward takes it.

    A thing can often be held in several ways. The chunk must go for the one that the estimate has chosen, not for the
    mean of all.
    """
    aux = batch['aux']
    b = len(aux)
    noise = torch.randn(b, 4, generator=g) * torch.tensor([0.002 / PLACE] * 3 + [0.05])
    told = (aux[:, 4] > 0.5) & (batch['modality_mask'][:, 3] > 0) & (torch.rand(b, generator=g) < share)
    return torch.cat([torch.cat([aux[:, :3] / PLACE, aux[:, 3:4]], 1) + noise, told.float()[:, None]], 1)


def alignment(z: dict[str, Tensor], batch: dict[str, Tensor]) -> Tensor:
    """InfoNCE of each pair of vision, force and voice.

    It counts the rows that have both and, for voice, in which something was said. Rows that heard the same words are no
    negatives of one another.
    """
    mask, words = batch['modality_mask'] > 0, batch['voice_tokens']
    there = {'vision': mask[:, 0] | mask[:, 1], 'force': mask[:, 2], 'voice': mask[:, 3] & (words > 0).any(1)}
    same = (words[:, None] == words[None]).all(-1)
    terms = []
    for a, b in (('vision', 'voice'), ('vision', 'force'), ('force', 'voice')):
        rows = (there[a] & there[b]).nonzero()[:, 0]
        alike = same[rows][:, rows] if 'voice' in (a, b) else torch.zeros(len(rows), len(rows), dtype=torch.bool)
        terms.append(info_nce(z[a][rows], z[b][rows], alike))
    return sum(terms) / 3


def at(policy: Policy, aux: Tensor) -> tuple[Tensor, Tensor]:
    """The places `aux` [B,6] in the tool frame on the fine map.

    Gives a Gaussian one cell wide that sums to 1 [B,h*w], and bool [B]: the thing is in the picture and not in the
    hand.
    """
    geometry = policy.geometry
    uv, z = geometry.project(aux[:, :3])
    cell = float(geometry.uv[1, 0] - geometry.uv[0, 0])
    distance = ((geometry.uv[None] - uv[:, None]) ** 2).sum(-1)
    inside = (z > 0) & (uv.abs() <= geometry.uv.amax(0) + cell).all(1)
    return (-distance / (2 * cell**2)).softmax(-1), inside & (aux[:, 4] > 0.5) & (aux[:, 5] < 0.5)


def calling(policy: Policy, fine: Tensor, batch: dict[str, Tensor]) -> Tensor:
    """Cross-entropy of the nouns of two things of each row, from the fine map at their places.

    `nouns` [B,2]; 0: the noun says nothing.
    """
    names, logits = [], []
    for noun, aux in zip(batch['nouns'].unbind(1), (batch['aux'], batch['instead_aux']), strict=True):
        place, there = at(policy, aux)
        rows = (there & (noun > 0)).nonzero()[:, 0]
        names.append(noun[rows])
        logits.append(policy.called((fine[rows].float() @ place[rows, :, None])[..., 0]))
    names, logits = torch.cat(names), torch.cat(logits)
    return F.cross_entropy(logits, names) if len(names) else logits.sum()


def objective(
    policy: Policy, out: dict[str, Tensor], batch: dict[str, Tensor], align: float = 1
) -> tuple[Tensor, dict[str, Tensor]]:
    """The weighted sum of the terms, and the terms.

    The error of the chunk counts twice: relative to the spread of each channel, and relative to how far the expert
    goes, so that small errors matter near the object. `heat`: the attention of the first pointer should be a Gaussian
    about the target.
    """
    mask, aux, chunk = batch['modality_mask'], batch['aux'], batch['action_chunk']
    error = (out['action_chunk'] - chunk) / policy.action_std
    # Without pictures the place is unknown, and without a command too where there is a choice, unless the thing is in
    # the hand. Such rows count a fifth.
    knowing = (((mask[:, 0] + mask[:, 1] > 0) & ((mask[:, 3] > 0) | (batch['alone'] > 0))) | (aux[:, 5] > 0.5)).float()
    weight = (0.2 + 0.8 * knowing)[:, None, None] * torch.tensor([1.0, 1, 1, 1, 2, 1])
    size = (chunk[..., :3] / policy.action_std[:, :3]).norm(dim=-1, keepdim=True).clamp(0.05, 1)
    reach = (chunk[..., 3:4] / policy.action_std[:, 3:4]).abs().clamp(0.1, 1)
    near = torch.cat([error[..., :3] / size, error[..., 3:4] / reach], -1)
    terms = {
        'chunk': (weight * F.smooth_l1_loss(error, torch.zeros_like(error), reduction='none', beta=0.3)).mean(),
        'chunk_near': (
            weight[..., :4] * F.smooth_l1_loss(near, torch.zeros_like(near), reduction='none', beta=0.5)
        ).mean(),
    }
    known = (aux[:, 4] > 0.5).float() * knowing
    turn = 2 * aux[:, 3]
    goal = torch.cat([aux[:, :3] / PLACE, turn.cos()[:, None], turn.sin()[:, None]], 1)
    gap = F.smooth_l1_loss(out['auxiliary'][:, :5], goal, reduction='none', beta=0.3)
    terms['aux'] = (gap * known[:, None]).sum() / (5 * known.sum().clamp(min=1))
    terms['flags'] = F.binary_cross_entropy_with_logits(out['auxiliary'][:, 5:], aux[:, 4:])
    if float(policy.geometry.known) > 0:
        goal, there = at(policy, aux)
        inside = knowing * there
        terms['called'] = calling(policy, out['fine'], batch)
        terms['heat'] = (-(goal * out['heat'][:, 0].log_softmax(-1)).sum(-1) * inside).sum() / inside.sum().clamp(min=1)
    judged = batch['judged']
    missed = F.binary_cross_entropy(out['grasp_success'].clamp(1e-5, 1 - 1e-5), batch['success'], reduction='none')
    terms['success'] = (missed * judged).sum() / judged.sum().clamp(min=1)
    terms['align'] = alignment(out['projections'], batch)
    mean = out['gate'].mean(0)
    terms['gate'] = (mean * mean.clamp(min=1e-4).log()).sum()
    return sum(WEIGHTS[k] * (align if k == 'align' else 1) * v for k, v in terms.items()), terms
