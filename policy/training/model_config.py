"""The sizes of the network, the parts that can be left out, and the constants that normalise its data."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import torch

MODALITIES = ('rgb', 'depth', 'force', 'voice')
CHANNELS = ('dx', 'dy', 'dz', 'dyaw', 'width', 'effort')
CHUNK = 10
#: The parts that can be left out of the network, to see what each is worth.
PARTS = ('masks', 'gate', 'colours', 'queries', 'pyramid', 'ages', 'pointers')
#: Constants of the data that normalise inputs and outputs, in the units of the contract. They are buffers.
STATISTICS: dict[str, object] = {
    'force_scale': torch.ones(6, 24),
    'proprioception_mean': torch.zeros(8),
    'proprioception_std': torch.ones(8),
    'action_mean': torch.zeros(CHUNK, 6),
    'action_std': torch.ones(CHUNK, 6),
    'depth_mean': 0.4,
    'depth_std': 0.2,
}


@dataclass
class Config:
    """The sizes of the network.

    `height` x `width`: pixels. `events`: voice events of `words` tokens each, the newest first. `without`: some of
    PARTS. Without `queries` every image token enters the transformer (full attention). Without `masks` a missing
    modality is zeros, which the network cannot tell from values.
    """

    height: int = 128
    width: int = 128
    vocabulary: int = 200
    events: int = 4
    words: int = 8
    d: int = 128
    text: int = 96
    heads: int = 4
    layers: int = 2
    queries: int = 16
    pointers: int = 4
    latent: int = 64
    stem: int = 16
    low: int = 64
    high: int = 96
    low_residuals: int = 4
    residuals: int = 3
    without: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


#: `small` ships, `large` teaches it, `shallow` is for ablations. They differ in depth alone, so each can start from the
#: weights of a shallower one (`--init`).
SIZES: dict[str, dict[str, Any]] = {
    'shallow': {'low_residuals': 0, 'residuals': 1},
    'small': {},
    'large': {'low_residuals': 5, 'residuals': 6, 'layers': 4},
}
