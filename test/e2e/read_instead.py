"""What a NumPy set says of the commands that were not given.

From each row with such a command it computes the place of the thing in the base frame, by the pose of the tool alone.
"""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

folder = Path(sys.argv[1])
words = json.loads((folder / 'dataset.json').read_text())['contract']['vocabulary']


def column(name: str) -> NDArray[Any]:
    return np.load(folder / f'{name}.npy')


pose, aux, chunk, tokens, said = (
    column(n) for n in ('proprioception', 'instead_aux', 'instead_chunk', 'instead_tokens', 'voice_tokens')
)
x, y, z, w = pose[:, 3:7].T
turn = np.stack(
    [
        np.stack([1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)], -1),
        np.stack([2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)], -1),
        np.stack([2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)], -1),
    ],
    1,
)
place = pose[:, :3] + np.einsum('nij,nj->ni', turn, aux[:, :3])


def text(row: NDArray[Any]) -> str:
    return ' '.join(words[t] for t in row if t)


rows = np.flatnonzero(aux[:, 4])
# Where the tool is low or the fingers are closed, the expert first rises or opens them. Such rows are left out.
far = rows[(np.linalg.norm(aux[rows, :2], axis=1) > 0.1) & (pose[rows, 2] > 0.18) & (pose[rows, 7] > 0.08)]
ahead = (chunk[far, -1, :2] * aux[far, :2]).sum(1) > 0
print(
    json.dumps(
        {
            'rows': len(aux),
            'with': len(rows),
            'far': len(far),
            'ahead': float(ahead.mean()),
            'held': float(column('aux')[rows, 5].max()),
            'without': [float(np.abs(a[aux[:, 4] == 0]).max(initial=0)) for a in (aux, chunk, tokens)],
            'places': {
                name: place[[r for r in rows if text(tokens[r]) == name]].tolist()
                for name in sorted({text(tokens[r]) for r in rows})
            },
            'confusable': sum(
                len({*text(said[r, :8]).split()} & {*text(tokens[r]).split()} - {'take', 'the'}) == 1 for r in rows
            ),
            'same': sum(text(said[r, :8]).endswith(text(tokens[r]).removeprefix('take the ')) for r in rows),
        }
    )
)
