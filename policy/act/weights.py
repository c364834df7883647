"""The weights of a policy in a small file, to go on with its training elsewhere.

    python policy/act/weights.py CHECKPOINT OUT.npz

Matrices and convolutions are kept as int8 with a scale for each row (output channel), all else as float16. That is a
quarter of float32. It is for `start.py --weights OUT.npz`; a few steps of training mend what the rounding cost.
It needs `pip install lerobot` (tried: lerobot 0.4.4).
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

SCALE = ':scale'
# An array with fewer numbers is not worth a scale.
SMALL = 4096


def pack(weights: Mapping[str, Tensor]) -> dict[str, np.ndarray]:
    """Arrays by the names of the weights: int8 beside `NAME:scale`, or float16."""
    arrays: dict[str, np.ndarray] = {}
    for name, weight in weights.items():
        values = weight.detach().to(torch.float32).numpy()
        if values.ndim < 2 or values.size < SMALL:
            arrays[name] = values.astype(np.float16)
            continue
        rows = values.reshape(values.shape[0], -1)
        scale = np.maximum(np.abs(rows).max(axis=1), 1e-12) / 127
        arrays[name] = np.rint(rows / scale[:, None]).astype(np.int8).reshape(values.shape)
        arrays[name + SCALE] = scale.astype(np.float32)
    return arrays


def unpack(arrays: Mapping[str, np.ndarray]) -> dict[str, Tensor]:
    """The weights (float32) that `pack` made `arrays` of, rounded."""
    weights: dict[str, Tensor] = {}
    for name in arrays:
        if name.endswith(SCALE):
            continue
        values = arrays[name].astype(np.float32)
        scale = arrays.get(name + SCALE)
        if scale is not None:
            values = values * scale.reshape(-1, *(1,) * (values.ndim - 1))
        weights[name] = torch.from_numpy(values)
    return weights


def load(file: Path) -> dict[str, Tensor]:
    """The weights in a file that `main` wrote."""
    with np.load(file, allow_pickle=False) as arrays:
        return unpack(dict(arrays))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('checkpoint', type=Path, help='a pretrained_model folder of lerobot-train')
    parser.add_argument('out', type=Path, help='OUT.npz')
    options = parser.parse_args()
    from safetensors.torch import load_file

    np.savez_compressed(options.out, **pack(load_file(options.checkpoint / 'model.safetensors')))  # type: ignore[arg-type]


if __name__ == '__main__':
    main()
