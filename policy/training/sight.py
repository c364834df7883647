"""What to do where the thing that is meant is not in sight.

The expert knows its place and goes there, but the camera does not show it. A policy that learns such answers learns to
guess. So where the hand is empty these answers are replaced: go back up to where episodes begin, from where the table
is in sight, and wait. Such moments are rare in demonstrations, so some commands are changed to name a colour that the
picture does not show.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from geometry import Geometry, rotation_of
from language import likeness

#: A centre may lie this far beyond the edge of the picture before nothing of the thing is visible, as a share of the
#: picture's half height.
EDGE = 0.15
#: Speeds sideways and down (m/s), and the height (m) below which the tool does not go sideways.
SPEED, SINK, TRANSIT = 0.3, 0.22, 0.12
#: The width of open fingers, m.
OPEN = 0.085
#: The arrays that `relabel` reads and writes.
RELABELLED = ('action_chunk', 'proprioception', 'aux', 'answered', 'success', 'judged', 'alone')


def empty(chunk: NDArray[Any]) -> NDArray[Any]:
    """bool [N]: the expert answers with open fingers, so it holds nothing and is not about to grasp."""
    return np.all(chunk[:, :, 4] > OPEN - 0.001, 1)


def out_of_sight(aux: NDArray[Any], geometry: Geometry) -> NDArray[Any]:
    """bool [N]: something is meant, it is not in the hand, and its place is not in the picture.

    `aux` [N,6] has the place in the tool frame.
    """
    uv, z = geometry.project(torch.from_numpy(aux[:, :3]).float())
    half = geometry.uv.amax(0)
    inside = (z > 0) & (uv.abs() <= half + EDGE * half[1]).all(1)
    return (aux[:, 4] > 0.5) & (aux[:, 5] < 0.5) & ~inside.numpy()


def lookout(episode: NDArray[Any], proprioception: NDArray[Any]) -> NDArray[Any]:
    """[3], base frame, m: where episodes begin, as the median of their first rows."""
    return np.median(proprioception[np.unique(episode, return_index=True)[1], :3], 0)


def retreat(proprioception: NDArray[Any], to: NDArray[Any], rows: int, rate: float = 30) -> NDArray[Any]:
    """The way of the tool to `to` (base frame, m), as offsets [N,rows,3] in the present tool frame.

    There are `rows` rows at `rate` Hz. The tool first goes up. It goes sideways once it is above the other things.
    `proprioception` [N,8] begins with the pose of the tool.
    """
    at = proprioception[:, :3].astype(np.float64)
    start = at.copy()
    way = np.empty((len(at), rows, 3))
    for row in range(rows):
        gap = to - at
        sideways = np.linalg.norm(gap[:, :2], axis=1, keepdims=True)
        free = np.clip((at[:, 2:] - TRANSIT) / 0.03, 0, 1)
        at[:, :2] += gap[:, :2] / np.maximum(sideways, 1e-9) * np.minimum(SPEED / rate * free, sideways)
        at[:, 2] += np.clip(gap[:, 2], -SINK / rate, SINK / rate)
        way[:, row] = at - start
    turn = rotation_of(torch.from_numpy(proprioception[:, 3:7]).float()).numpy()
    return np.einsum('nrb,nbt->nrt', way, turn)


def relabel(part: dict[str, NDArray[Any]], rows: NDArray[Any], to: NDArray[Any]) -> None:
    """Changes these rows of a data set, in place: nothing that is meant is in sight, and the answer is the retreat.

    `aux` becomes 0 and the fingers open. Such a row has no grasp, and it does not count that a thing lies alone on the
    table.
    """
    chunk = part['action_chunk']
    chunk[rows, :, :3] = retreat(part['proprioception'][rows], to, chunk.shape[1])
    chunk[rows, :, 3], chunk[rows, :, 4] = 0, OPEN
    for name in ('aux', 'answered', 'success', 'alone'):
        part[name][rows] = 0
    part['judged'][rows] = 1


class Absent:
    """Changes commands so that they name a thing that is not there: another colour, and the same noun.

    `colours` [V,4] as TextEncoder takes them.
    """

    def __init__(self, colours: NDArray[Any]) -> None:
        self.words = np.flatnonzero(colours[:, 3])
        self.paints = torch.from_numpy(colours[self.words]).float()

    def unseen(self, rgb: torch.Tensor) -> NDArray[Any]:
        """The colour words that nothing in a picture f32 [3,H,W] (0 to 1) resembles."""
        small = torch.nn.functional.avg_pool2d(rgb[None], 4).expand(len(self.paints), -1, -1, -1)
        alike = likeness(small, self.paints)[:, 0].flatten(1) > 0.3
        return self.words[(alike.sum(1) < 2).numpy()]

    def ask(self, batch: dict[str, torch.Tensor], share: float, to: NDArray[Any], r: np.random.Generator) -> None:
        """Changes a `share` of the rows, in place.

        Only rows in which something is meant, the hand is empty, and colours and words are present.
        """
        aux, tokens, mask = batch['aux'], batch['voice_tokens'], batch['modality_mask']
        able = (
            (aux[:, 4] > 0.5).numpy()
            & empty(batch['action_chunk'].numpy())
            & ((mask[:, 0] > 0) & (mask[:, 3] > 0)).numpy()
        )
        length = tokens.shape[1] // batch['voice_age'].shape[1]
        rows = []
        for row in np.flatnonzero((r.random(len(aux)) < share) & able):
            newest = tokens[row, :length]
            named = (newest[:, None] == torch.from_numpy(self.words)).any(1).nonzero()[:, 0]
            choice = self.unseen(batch['rgbd'][row, :3])
            if not len(named) or not len(choice):
                continue
            newest[named[0]] = int(r.choice(choice))
            rows.append(row)
        if rows:
            relabel({k: batch[k].numpy() for k in RELABELLED}, np.array(rows), to)
