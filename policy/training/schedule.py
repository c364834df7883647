"""The schedule of a training run: how far it is, its learning rate and precision, and one step of it."""

from __future__ import annotations

import math
import time

import torch
from torch import Tensor, nn

#: s between two checkpoints.
SAVE_S = 120


class Schedule:
    """A run of `steps` steps, which ends earlier after `minutes` of wall-clock time.

    The share that is over is the larger of both shares, so the learning rate always falls to its end. `spent`: seconds
    that an interrupted process has used already. The learning rate rises linearly over the share `warmup`, then falls
    along a cosine to 2 % of `lr`.
    """

    def __init__(
        self, lr: float, steps: int, minutes: float | None = None, warmup: float = 0.03, spent: float = 0.0
    ) -> None:
        if steps <= 0 or (minutes is not None and minutes <= 0):
            raise SystemExit('--steps and --minutes must be above zero')
        self.lr, self.steps, self.minutes, self.warmup = lr, steps, minutes, warmup
        self.began = time.monotonic() - spent
        self.saved = time.monotonic()

    def elapsed(self) -> float:
        """Seconds of the whole run."""
        return time.monotonic() - self.began

    def fraction(self, step: int) -> float:
        """The share of the run that is over, 0 to 1."""
        done = step / self.steps
        return min(1.0, max(done, self.elapsed() / (self.minutes * 60)) if self.minutes else done)

    def is_save_due(self) -> bool:
        """True once every SAVE_S seconds."""
        if time.monotonic() - self.saved < SAVE_S:
            return False
        self.saved = time.monotonic()
        return True

    def rate(self, fraction: float) -> float:
        """The learning rate at a share of the run."""
        if fraction < self.warmup:
            return self.lr * max(fraction / self.warmup, 0.02)
        return self.lr * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * (fraction - self.warmup) / (1 - self.warmup))))


def halved(wanted: bool = True) -> torch.autocast:
    """bfloat16 where it is `wanted` and the processor has AVX-512.

    Without AVX-512 products in bfloat16 take ten times as long as in float32.
    """
    return torch.autocast('cpu', torch.bfloat16, enabled=wanted and 'AVX512' in torch.backends.cpu.get_cpu_capability())


def descend(loss: Tensor, module: nn.Module, optimiser: torch.optim.Optimizer, lr: float) -> None:
    """One step of the optimiser, with gradients of norm 1 at most."""
    for group in optimiser.param_groups:
        group['lr'] = lr
    optimiser.zero_grad(set_to_none=True)
    loss.backward()
    nn.utils.clip_grad_norm_(module.parameters(), 1.0)
    optimiser.step()


@torch.no_grad()
def average(ema: dict[str, Tensor], module: nn.Module, decay: float) -> None:
    """Moves the averaged weights towards those of `module`, in place. Whole numbers are left as they are."""
    live = module.state_dict()
    floats = [k for k in ema if ema[k].is_floating_point()]
    torch._foreach_lerp_([ema[k] for k in floats], [live[k] for k in floats], 1 - decay)
