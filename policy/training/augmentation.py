"""Changes of a batch in training: other commands, missing modalities, and noise of light, depth and words."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor


def instead(batch: dict[str, Tensor], share: float, r: np.random.Generator) -> None:
    """Tells a `share` of the rows, in place, to take another thing on the table, with the answer to that.

    So only the words say where to go in one picture. The thing that was meant before becomes the other thing in
    `instead_aux` and `nouns`.
    """
    told = (
        torch.from_numpy(r.random(len(batch['aux'])) < share)
        & (batch['instead_aux'][:, 4] > 0.5)
        & (batch['voice_age'][:, 0] >= 0)
    )
    words = batch['instead_tokens'].shape[1]
    batch['voice_tokens'][:, :words] = torch.where(
        told[:, None], batch['instead_tokens'].long(), batch['voice_tokens'][:, :words]
    )
    batch['action_chunk'] = torch.where(told[:, None, None], batch['instead_chunk'], batch['action_chunk'])
    given = batch['aux']
    batch['aux'] = torch.where(told[:, None], batch['instead_aux'], given)
    batch['instead_aux'] = torch.where(told[:, None], given, batch['instead_aux'])
    batch['nouns'] = torch.where(told[:, None], batch['nouns'].flip(1), batch['nouns'])


def drop(batch: dict[str, Tensor], g: torch.Generator, chance: float) -> None:
    """Takes modalities away, in place, each with this chance, but never all four.

    The words go missing more often where one object lies alone on the table, because the task is then clear without
    words.
    """
    b = len(batch['modality_mask'])
    chances = torch.full((b, 4), float(chance))
    chances[:, 3] += 0.3 * batch['alone']
    mask = batch['modality_mask'] * (torch.rand(b, 4, generator=g) > chances).float()
    batch['modality_mask'] = torch.where(mask.sum(1, keepdim=True) > 0, mask, batch['modality_mask'])


def augment(batch: dict[str, Tensor], g: torch.Generator, forget: float = 0.02) -> None:
    """Adds jitter of light and colour, noise of depth and holes, in place.

    A share `forget` of the words becomes the unknown word, so that this word has a meaning when a new word is heard.
    """
    x = batch['rgbd']
    b = x.shape[0]

    def rand(*s: int) -> Tensor:
        return torch.rand(*s, generator=g)

    gain = (0.8 + 0.4 * rand(b, 1, 1, 1)) * (0.94 + 0.12 * rand(b, 3, 1, 1))
    x[:, :3].mul_(gain).add_((rand(b, 1, 1, 1) - 0.5) * 0.1).clamp_(0, 1)
    depth = x[:, 3]
    coarse = torch.randn(b, 1, depth.shape[1] // 4, depth.shape[2] // 4, generator=g)
    holes = torch.rand(b, 1, *coarse.shape[2:], generator=g) > 0.01

    def up(t: Tensor) -> Tensor:
        return torch.nn.functional.interpolate(t.float(), scale_factor=4.0, mode='nearest')[:, 0]

    depth.mul_((1 + 0.004 * up(coarse)) * up(holes))
    words = batch['voice_tokens']
    # A noun that decides is never replaced.
    heard = batch['twins'][:, None] > 0
    batch['voice_tokens'] = torch.where((words > 1) & (rand(*words.shape) < forget) & ~heard, 1, words)
