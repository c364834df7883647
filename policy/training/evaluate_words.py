"""Whether words tell a run where to go.

    python policy/training/evaluate_words.py --run policy/runs/j --data data/glimpse --camera policy/cell-camera.json

It reads episodes that were held out, with nothing in the hand. It counts how often the network places its target more
than 3 cm off: for the command that was given, and for a command that names another thing on the table (`instead_tokens`
of the set). The counts are split by whether both things have a colour word in common.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import numpy as np
import torch
from numpy.typing import NDArray

from augmentation import instead
from checkpoint import load
from data import INPUTS, Dataset, camera_file
from losses import PLACE
from model import Policy
from options import whole
from phrases import colour_table

OFF = 0.03


def tell_other(batch: dict[str, torch.Tensor]) -> None:
    """Replaces all that was said by the other command, in place.

    The command is as old as the newest event was, and `aux` describes the thing that it means.
    """
    instead(batch, 1, np.random.default_rng(0))
    batch['voice_tokens'][:, batch['instead_tokens'].shape[1] :] = 0
    batch['voice_age'][:, 1:] = -1


@torch.no_grad()
def off(policy: Policy, data: Dataset, rows: NDArray[Any], other: bool) -> NDArray[Any]:
    """bool [N]: the place in the tool frame is more than `OFF` (m) away from the thing that the command means."""
    distances = []
    for some in np.array_split(rows, -(-len(rows) // 125)):
        batch = data.batch(some)
        if other:
            tell_other(batch)
        place = policy(*(batch[name] for name in INPUTS))['auxiliary'][:, :3] * PLACE
        distances.append((place - batch['aux'][:, :3]).norm(dim=1).numpy())
    return np.concatenate(distances) > OFF


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('--run', nargs='+', required=True, help='folders of train.py')
    p.add_argument('--data', nargs='+', required=True)
    p.add_argument('--camera', help="the camera, where the sets' robot file has none (JSON)")
    p.add_argument('--count', type=whole(1), default=2000, help='rows at most')
    p.add_argument('--threads', type=whole(1), default=1)
    a = p.parse_args()
    torch.set_num_threads(a.threads)
    data = Dataset(a.data, camera=camera_file(a.camera), in_memory=False)
    rows = data.held_out
    meant, another = (data.column(name)[rows] for name in ('aux', 'instead_aux'))
    rows = rows[(meant[:, 4] > 0.5) & (meant[:, 5] < 0.5) & (another[:, 4] > 0.5)]
    if len(rows) == 0:
        raise SystemExit(
            f'--data {" ".join(a.data)}: no row held out has another command '
            '(prehend run --demonstrate records them where several things lie)'
        )
    rows = np.random.default_rng(0).permutation(rows)[: a.count]
    colours = np.flatnonzero(colour_table(data.vocabulary)[:, 3])
    said, other = (data.column(name)[rows] for name in ('voice_tokens', 'instead_tokens'))
    said = said[:, : other.shape[1]]
    shared = ((said[:, :, None] == other[:, None, :]) & np.isin(said, colours)[:, :, None]).any((1, 2))
    for run in a.run:
        policy, state = load(run)
        table = {}
        for told, is_other in (('as given', False), ('told another thing', True)):
            wrong = off(policy, data, rows, is_other)
            for which, of in (('of the same colour', shared), ('of another colour', ~shared)):
                table[f'{told}, {which}'] = {'rows': int(of.sum()), 'off': int(wrong[of].sum())}
        print(json.dumps({'run': run, 'steps': state['step'], **table}))


if __name__ == '__main__':
    main()
