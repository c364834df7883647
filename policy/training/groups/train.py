"""Behaviour cloning for a contract of version 2. `train.py` calls it where the data have one."""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from checkpoint import read, same, save
from groups.data import GroupData, statistics
from groups.layout import Layout
from groups.model import Config, GroupPolicy
from loader import Background
from options import read_json, whole
from phrases import colour_table
from progress import Progress
from schedule import Schedule, average, descend, halved

#: Options that must not change when a run continues.
SETTLED = (
    'data',
    'cameras',
    'seed',
    'batch',
    'lr',
    'weight_decay',
    'warmup',
    'ema',
    'forget',
    'stride',
    'width',
    'layers',
)
WEIGHTS = {'chunk': 1.0, 'first': 0.5, 'place': 1.0, 'flags': 0.1, 'heat': 0.2}


def arguments(given: list[str] | None, threads: int) -> argparse.Namespace:
    p = argparse.ArgumentParser(prog='train.py', description=__doc__)
    p.add_argument('--data', nargs='+', required=True, help='data set folders, or folders of them')
    p.add_argument('--out', required=True, help='run folder: checkpoint.pt, curve.csv, run.json')
    p.add_argument(
        '--cameras',
        help='JSON by picture: fovy_deg and, where the camera stands still, tool_T_camera: its pose (4x4, optical '
        'frame) in the frame of the place',
    )
    p.add_argument('--steps', type=int, default=12000, help='length of the schedule, unless --minutes ends it sooner')
    p.add_argument('--minutes', type=float, help='wall-clock limit of the whole run')
    p.add_argument('--batch', type=whole(1), default=32)
    p.add_argument('--lr', type=float, default=1.5e-3)
    p.add_argument('--weight-decay', type=float, default=0.01)
    p.add_argument('--warmup', type=float, default=0.03, help='share of the schedule')
    p.add_argument('--ema', type=float, default=0.999)
    p.add_argument('--forget', type=float, default=0.02, help='share of the words that become the unknown word')
    p.add_argument('--width', type=whole(8), default=128, help='width of the transformer')
    p.add_argument('--layers', type=whole(1), default=2)
    p.add_argument('--stride', type=whole(1), default=1, help='of so many observations one is read')
    p.add_argument('--seed', type=int, default=0)
    p.add_argument('--threads', type=whole(1), default=threads)
    p.add_argument('--float32', action='store_true', help='no bfloat16 autocast')
    p.add_argument('--resume', action='store_true')
    return p.parse_args(given)


def cameras_of(path: str | None, layout: Layout) -> dict[str, dict[str, Any]]:
    """The cameras of `--cameras` by picture. One without a pose has its points in its own optical frame."""
    if not path:
        return {}
    cameras: dict[str, dict[str, Any]] = {}
    for name, camera in read_json(path).items():
        if name not in {p.name for p in layout.pictures}:
            raise SystemExit(f'--cameras {path}: {name} is no picture of the contract')
        try:
            pose = np.reshape(camera.get('tool_T_camera', np.eye(4)), (4, 4)).astype(float).tolist()
            stands = 'tool_T_camera' in camera
            cameras[name] = {'fovy_deg': float(camera['fovy_deg']), 'tool_T_camera': pose, 'stands': stands}
        except (KeyError, TypeError, ValueError) as e:
            raise SystemExit(
                f'--cameras {path}: {name} has no fovy_deg, or its tool_T_camera is no 4x4 ({e})'
            ) from None
    return cameras


def augment(batch: dict[str, Tensor], layout: Layout, g: torch.Generator, forget: float) -> None:
    """Jitter of light and colour, noise and holes of depth, noise of the vectors' values, forgotten words. In place."""
    for picture in layout.pictures:
        x = batch[picture.name]
        b = len(x)
        gain = (0.8 + 0.4 * torch.rand(b, 1, 1, 1, generator=g)) * (0.94 + 0.12 * torch.rand(b, 3, 1, 1, generator=g))
        x[:, :3].mul_(gain).add_((torch.rand(b, 1, 1, 1, generator=g) - 0.5) * 0.1).clamp_(0, 1)
        if picture.depth:
            cells = (b, 1, picture.height // 4, picture.width // 4)
            noise = 1 + 0.004 * torch.randn(*cells, generator=g)
            noise *= (torch.rand(*cells, generator=g) > 0.01).float()
            x[:, 3:].mul_(F.interpolate(noise, scale_factor=4.0, mode='nearest'))
    if layout.tokens:
        words = batch[layout.tokens]
        batch[layout.tokens] = torch.where((words > 1) & (torch.rand(words.shape, generator=g) < forget), 1, words)


def objective(
    policy: GroupPolicy, out: dict[str, Any], batch: dict[str, Tensor], cameras: dict[str, dict[str, Any]], flags: int
) -> tuple[Tensor, dict[str, Tensor]]:
    """The weighted sum of the terms, and the terms.

    `chunk`: the error of every row in deviations from the linear guess; `first` that of the first quarter once more,
    since those rows are carried out. `heat`: the first pointer of each camera that stands still should be a Gaussian
    about the place.
    """
    error = (out['action_chunk'] - batch['action_chunk']) / policy.action_std
    loss = F.smooth_l1_loss(error, torch.zeros_like(error), reduction='none', beta=0.3)
    terms = {'chunk': loss.mean(), 'first': loss[:, : max(1, loss.shape[1] // 4)].mean()}
    if policy.auxiliary is not None:
        aux = batch['aux']
        place, facts = aux[:, :3], aux[:, 3 : 3 + flags]
        known = facts[:, 0] if flags else torch.ones(len(aux))
        gap = F.smooth_l1_loss(out['estimate'][:, :3], place / PLACE_UNIT, reduction='none', beta=0.1)
        terms['place'] = (gap * known[:, None]).sum() / (3 * known.sum().clamp(min=1))
        if flags:
            terms['flags'] = F.binary_cross_entropy_with_logits(out['estimate'][:, 3:], facts)
        heats = [
            heat_of(policy, i, out['heat'][p.name], place, known)
            for i, p in enumerate(policy.layout.pictures)
            if cameras.get(p.name, {}).get('stands')
        ]
        if heats:
            terms['heat'] = torch.stack(heats).mean()
    return sum((WEIGHTS[k] * v for k, v in terms.items()), torch.zeros(())), terms


#: The estimated place is in units of so many m.
PLACE_UNIT = 0.1


def heat_of(policy: GroupPolicy, at: int, heat: Tensor, place: Tensor, known: Tensor) -> Tensor:
    """Cross-entropy of the first pointer's attention [B,P,cells] and a Gaussian, one cell wide, about the place."""
    geometry = policy.eyes[str(at)].geometry
    uv, z = geometry.project(place)
    cell = float(geometry.uv[1, 0] - geometry.uv[0, 0])
    goal = (-((geometry.uv[None] - uv[:, None]) ** 2).sum(-1) / (2 * cell**2)).softmax(-1)
    inside = (z > 0) & (uv.abs() <= geometry.uv.amax(0) + cell).all(1)
    weight = inside.float() * known
    return (-(goal * heat[:, 0].log_softmax(-1)).sum(-1) * weight).sum() / weight.sum().clamp(min=1)


@torch.no_grad()
def validate(policy: GroupPolicy, data: GroupData, count: int = 512, size: int = 64) -> dict[str, float]:
    """On held-out episodes: the error of the chunk in deviations and in its units (root mean square, last row)."""
    policy.eval()
    rows = np.random.default_rng(1).permutation(data.held_out)[:count]
    relative, last, place, n = 0.0, 0.0, 0.0, max(len(rows), 1)
    for i in range(0, len(rows), size):
        batch = data.batch(rows[i : i + size])
        out = policy(batch)
        error = out['action_chunk'] - batch['action_chunk']
        relative += float((error / policy.action_std).abs().mean((1, 2)).sum())
        last += float(error[:, -1].square().mean(1).sum())
        if data.places:
            place += float((out['estimate'][:, :3] * PLACE_UNIT - batch['aux'][:, :3]).norm(dim=1).sum()) * 1e3
    return {'val_chunk': relative / n, 'val_last': (last / n) ** 0.5, 'val_place_mm': place / n}


def main(given: list[str] | None, threads: int, commit: str) -> None:
    a = arguments(given, threads)
    torch.set_num_threads(a.threads)
    torch.manual_seed(a.seed)
    out = Path(a.out)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SystemExit(f'--out {out}: {error.strerror}') from None
    checkpoint = out / 'checkpoint.pt'
    if checkpoint.exists() and not a.resume:
        raise SystemExit(f'{checkpoint} is there already: give --resume to go on with it, or another --out')
    data = GroupData(a.data, stride=a.stride)
    layout = data.layout
    print(
        f'{len(data)} observations, {data.episodes} episodes ({len(data.held_out)} observations held out)', flush=True
    )
    state = read(checkpoint, 'take it away to begin anew') if a.resume and checkpoint.exists() else None
    if state:
        same(state['run']['options'], vars(a), SETTLED)
        config, stats, cameras = Config(**state['config']), state['stats'], state['cameras']
    else:
        config = Config(
            vocabulary=len(data.vocabulary), d=a.width, layers=a.layers, places=data.places, flags=len(data.flags)
        )
        stats, cameras = statistics(data), cameras_of(a.cameras, layout)
    colours = torch.from_numpy(colour_table(data.vocabulary)) if data.vocabulary else None

    def network() -> GroupPolicy:
        return GroupPolicy(layout, config, stats, cameras, colours).to(memory_format=torch.channels_last)

    policy = network()
    optimiser = torch.optim.AdamW(policy.parameters(), lr=a.lr, weight_decay=a.weight_decay, betas=(0.9, 0.98))
    step, spent = 0, 0.0
    ema = {k: v.detach().clone() for k, v in policy.state_dict().items()}
    if state:
        policy.load_state_dict(state['policy'])
        optimiser.load_state_dict(state['optimiser'])
        ema, step, spent = state['ema'], state['step'], state['seconds']
    schedule = Schedule(a.lr, a.steps, a.minutes, a.warmup, spent)
    shadow = network()
    parameters = sum(p.numel() for p in policy.parameters())
    print(f'{parameters} parameters', flush=True)
    run = {
        'options': vars(a),
        'commit': commit,
        'seed': a.seed,
        'data': data.sha256(),
        'observations': len(data),
        'episodes': data.episodes,
        'parameters': parameters,
        'date': time.strftime('%Y-%m-%d', time.gmtime()),
    }

    def draw(n: int) -> dict[str, Tensor]:
        rows = data.train[np.random.default_rng((a.seed, n)).integers(0, len(data.train), a.batch)]
        batch = data.batch(rows)
        augment(batch, layout, torch.Generator().manual_seed(a.seed * 1_000_003 + n), a.forget)
        return batch

    loader = Background(draw, step)
    validated = ('val_chunk', 'val_last', 'val_place_mm')
    progress = Progress(out / 'curve.csv', ('step', 'seconds', 'lr', 'loss', *WEIGHTS, *validated), a.steps, step)

    def keep() -> None:
        now = {**run, 'steps': step, 'seconds': round(schedule.elapsed(), 1)}
        save(
            checkpoint,
            {
                'layout': layout.to_dict(),
                'config': config.to_dict(),
                'stats': stats,
                'cameras': cameras,
                'policy': policy.state_dict(),
                'ema': ema,
                'optimiser': optimiser.state_dict(),
                'step': step,
                'seconds': schedule.elapsed(),
                'contract': data.contract,
                'run': now,
            },
        )
        part = out / 'run.json.part'
        part.write_text(json.dumps(now, indent=2) + '\n')
        part.replace(out / 'run.json')

    while (f := schedule.fraction(step)) < 1:
        lr = schedule.rate(f)
        batch = next(loader)
        for picture in layout.pictures:
            # In this memory format the backward pass of convolutions is many times faster.
            batch[picture.name] = batch[picture.name].contiguous(memory_format=torch.channels_last)
        policy.train()
        with halved(not a.float32):
            result = policy(batch)
        loss, terms = objective(policy, result, batch, cameras, len(data.flags))
        descend(loss, policy, optimiser, lr)
        step += 1
        average(ema, policy, min(a.ema, (1 + step) / (10 + step)))
        if progress.add(loss=loss, **terms):
            shadow.load_state_dict(ema)
            progress.write(schedule.elapsed(), lr=lr, **validate(shadow, data))
        if schedule.is_save_due():
            keep()
    loader.close()
    keep()
    shadow.load_state_dict(ema)
    print(json.dumps({'steps': step, 'seconds': round(schedule.elapsed(), 1), **validate(shadow, data, 4096)}))
