"""Data sets of `prehend export --format numpy` under a contract of version 2: reading, split, statistics, batches."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from data import array, held_out, whole
from groups.layout import Layout, layout_of
from options import read_json

#: Names of the place in `aux`, in the frame of the cameras whose pose is given, m. Every other name is a flag.
PLACE = ('x', 'y', 'z')
#: The least deviation of a column of the chunk from its linear guess, in its unit, so that noise is not learned.
LEAST = 1e-3


class GroupData:
    """Folders of one contract, read as one set. `train` and `held_out` are indices."""

    def __init__(self, folders: list[str], hold: int = 20, stride: int = 1) -> None:
        self.roots = sorted({p.parent for f in folders for p in Path(f).rglob('dataset.json')})
        if not self.roots:
            raise SystemExit(
                f'no dataset.json under {", ".join(folders)}: '
                'write one with `prehend export BAG --format numpy --out DIR`'
            )
        self.meta = read_json(self.roots[0] / 'dataset.json')
        self.contract: dict[str, Any] = self.meta['contract']
        self.layout: Layout = layout_of(self.contract)
        self.aux: tuple[str, ...] = tuple(self.meta.get('aux', ()))
        self.parts: list[dict[str, NDArray[Any]]] = []
        for root in self.roots:
            meta = read_json(root / 'dataset.json')
            if meta['contract'] != self.contract or tuple(meta.get('aux', ())) != self.aux:
                raise SystemExit(f'{root}: made under another contract than {self.roots[0]}: train on one of them')
            part = whole({name: array(root / f'{name}.npy') for name in self.names})
            lengths = {name: len(values) for name, values in part.items()}
            if len(set(lengths.values())) != 1:
                raise SystemExit(f'{root}: arrays differ in length {lengths}: export this bag again')
            # Each folder begins at another row, so that no phase of an episode is left out.
            self.parts.append({n: np.array(v[len(self.parts) % stride :: stride]) for n, v in part.items()})
        self.offsets = np.cumsum([0] + [len(p['episode']) for p in self.parts])
        if len(self) == 0:
            raise SystemExit(f'{", ".join(folders)}: the data sets hold no observation')
        self.episode = np.concatenate([p['episode'].astype(np.int64) + (i << 20) for i, p in enumerate(self.parts)])
        self.held_out, self.train = held_out(self.episode, [root.name for root in self.roots], hold)
        self.episodes = len(np.unique(self.episode))
        if not len(self.train):
            raise SystemExit(f'{", ".join(folders)}: one episode, which is held out: nothing is left to train on')

    @property
    def names(self) -> list[str]:
        """The arrays of a folder."""
        pictures = [f'{p.name}.{plane}' for p in self.layout.pictures if p.depth for plane in ('rgb', 'depth')]
        deep = {p.name for p in self.layout.pictures if p.depth}
        plain = [n for n in self.layout.order if n not in deep]
        return [*pictures, *plain, 'action_chunk', 'episode', 'success', *(['aux'] if self.aux else [])]

    def __len__(self) -> int:
        return int(self.offsets[-1])

    @property
    def vocabulary(self) -> list[str]:
        """The words of the contract; none where it has no voice."""
        return list(self.contract.get('vocabulary', ()))

    @property
    def places(self) -> int:
        """3 where the set says where the target is, else 0."""
        return len(PLACE) if set(PLACE) <= set(self.aux) else 0

    @property
    def flags(self) -> tuple[str, ...]:
        """The facts of `aux` that are true or false."""
        return tuple(name for name in self.aux if name not in PLACE) if self.places else ()

    def column(self, name: str) -> NDArray[Any]:
        return np.concatenate([p[name] for p in self.parts])

    def sha256(self) -> str:
        """The sha256 of the descriptions and the labels. It identifies the data in the model's metadata."""
        h = hashlib.sha256()
        for root, part in zip(self.roots, self.parts, strict=True):
            h.update((root / 'dataset.json').read_bytes())
            h.update(np.ascontiguousarray(part['action_chunk']).tobytes())
        return h.hexdigest()

    def batch(self, index: NDArray[Any]) -> dict[str, Tensor]:
        """The rows `index`, by the names of the contract, with `action_chunk`, `success` and, where known, `aux`."""
        part = np.searchsorted(self.offsets, index, side='right') - 1
        out: dict[str, NDArray[Any]] = {}
        for name in self.names:
            first = self.parts[0][name]
            values = out[name] = np.empty((len(index), *first.shape[1:]), first.dtype)
            for i in np.unique(part):
                rows = np.flatnonzero(part == i)
                values[rows] = self.parts[i][name][index[rows] - self.offsets[i]]
        tensors: dict[str, Tensor] = {}
        for picture in self.layout.pictures:
            name = picture.name
            if picture.depth:
                colour, depth = out.pop(f'{name}.rgb'), out.pop(f'{name}.depth')
                x = torch.empty((len(index), 4, picture.height, picture.width))
                torch.mul(torch.from_numpy(colour).permute(0, 3, 1, 2), 1 / 255, out=x[:, :3])
                torch.mul(torch.from_numpy(depth.astype(np.int32)).unsqueeze(1), 1 / 1000, out=x[:, 3:])
                tensors[name] = x
            else:
                tensors[name] = torch.from_numpy(out.pop(name)).float() / 255
        tensors |= {name: torch.from_numpy(values) for name, values in out.items()}
        if self.layout.tokens:
            tensors[self.layout.tokens] = tensors[self.layout.tokens].long()
        return tensors


def statistics(data: GroupData) -> dict[str, Any]:
    """The normalisation constants of the training episodes, in the units of the contract.

    `guess` [values, rows * columns] and `guess_bias`: the chunk by linear regression (least squares with a small ridge)
    from the vectors. `action_std` [rows, columns]: the deviation from that guess.
    """
    t = data.train
    vector = np.concatenate([data.column(n)[t].reshape(len(t), -1) for n in data.layout.vectors], 1).astype(np.float64)
    chunk = data.column('action_chunk')[t].astype(np.float64)
    flat = chunk.reshape(len(t), -1)
    mean, spread = vector.mean(0), np.maximum(vector.std(0), 1e-3)
    centred = (vector - mean) / spread
    ridge = 1e-3 * len(t) * np.eye(centred.shape[1])
    guess = np.linalg.solve(centred.T @ centred + ridge, centred.T @ (flat - flat.mean(0))) / spread[:, None]
    left = (flat - flat.mean(0) - (vector - mean) @ guess).reshape(chunk.shape)
    forces = [np.abs(data.column(n)[t].reshape(len(t), -1)).mean(0) + 0.05 for n in data.layout.pyramids]
    deep = [data.column(f'{p.name}.depth')[:: max(1, len(data) // 50)].ravel() for p in data.layout.pictures if p.depth]
    seen = np.concatenate(deep) / 1000.0 if deep else np.zeros(0)
    seen = seen[seen > 0]
    return {
        'vector_mean': mean.tolist(),
        'vector_std': spread.tolist(),
        'guess': guess.tolist(),
        'guess_bias': flat.mean(0).tolist(),
        'action_std': np.maximum(left.std(0), LEAST).tolist(),
        'force_scale': np.concatenate(forces).tolist() if forces else [],
        'depth_mean': float(seen.mean()) if seen.size else 0.5,
    }
