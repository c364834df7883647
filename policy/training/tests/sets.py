"""Small data sets as `prehend export --format numpy` writes them, and what the tests share.

The import of this module puts the folder of what is tested on the path.
"""

from __future__ import annotations

import json
import sys
import tempfile
import unittest
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

import numpy as np
from numpy.typing import NDArray

WORDS = json.loads((Path(__file__).parents[2] / 'vocabulary.json').read_text())


def temporary(test: unittest.TestCase) -> Path:
    """A folder that is removed when the test has ended."""
    folder = tempfile.TemporaryDirectory()
    test.addCleanup(folder.cleanup)
    return Path(folder.name)


def write(folder: Path, episodes: int, rows: int = 6, seed: int = 0, side: int = 64) -> Path:
    """A data set of random observations and answers. The fingers are open in all of them."""
    r = np.random.default_rng(seed)
    n = episodes * rows
    folder.mkdir(parents=True)
    tokens = np.zeros((n, 32), np.int64)

    def say(text: str) -> list[int]:
        return [WORDS.index(w) for w in text.split()]

    for row in range(n):
        tokens[row, :4] = say('pick the red box' if r.random() < 0.5 else 'take the green ball')
    pose = np.tile(np.array([0.4, 0, 0.3, 1, 0, 0, 0, 0.08], np.float32), (n, 1)) + r.normal(0, 0.01, (n, 8)).astype(
        np.float32
    )
    aux = np.zeros((n, 6), np.float32)
    aux[:, :4], aux[:, 4] = r.normal(0, 0.05, (n, 4)), 1
    arrays: dict[str, NDArray[Any]] = {
        'rgb': r.integers(0, 256, (n, side, side, 3), dtype=np.uint8),
        'depth': r.integers(0, 800, (n, side, side), dtype=np.uint16),
        'force_pyramid': r.normal(0, 2, (n, 6, 24)).astype(np.float32),
        'voice_tokens': tokens,
        'voice_age': np.tile(np.array([0.5, -1, -1, -1], np.float32), (n, 1)),
        'proprioception': pose,
        'modality_mask': np.ones((n, 4), np.float32),
        'action_chunk': r.normal(0, 0.01, (n, 10, 6)).astype(np.float32),
        'aux': aux,
        'episode': np.repeat(np.arange(episodes), rows),
        'success': (np.repeat(np.arange(episodes), rows) % 3 > 0).astype(np.uint8),
    }
    arrays['action_chunk'][:, :, 4] = 0.085
    for name, value in arrays.items():
        np.save(folder / f'{name}.npy', value)
    (folder / 'dataset.json').write_text(
        json.dumps({'contract': {'robot': {'name': 'cell', 'sha256': '00', 'canonical': '{}'}, 'vocabulary': WORDS}})
    )
    return folder
