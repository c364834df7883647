"""What each part of the policy is worth: `python policy/training/ablate.py --data DIR... [--only NAME...]`.

Each row is a shallow network that lacks one part. All rows continue from the same trained weights (`--init`), for the
same number of steps, on the same data, with the same seed. So a row says how much worse the network is without the
part, after it had as much time to adapt as `whole` had to continue.

`zero-filled` has no masks; in its training modalities go missing as in all others. `unprepared` has no masks either,
and never misses depth, colour or force in training, as a policy that was trained on complete recordings. `scratch`
starts from random weights, `pretrained` from encoders that saw the same data without labels. These two have SCRATCH
times the steps and are compared with each other.

A finished row is not repeated, and an interrupted row continues. `report.py` measures the rows in the cell. Do not
compare a row with the policy that ships, which is larger and was trained longer.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
POLICY = HERE.parent
RUNS = POLICY / 'runs' / 'ablate'
#: Options of train.py by which a row that continues from trained weights differs from `whole`.
ROWS: dict[str, tuple[str, ...]] = {
    'whole': (),
    'zero-filled': ('--without', 'masks'),
    'unprepared': ('--without', 'masks', '--drop', '0'),
    'no-gate': ('--without', 'gate'),
    'no-colours': ('--without', 'colours'),
    'no-queries': ('--without', 'queries'),
    'no-pyramid': ('--without', 'pyramid'),
    'no-ages': ('--without', 'ages'),
    'no-pointers': ('--without', 'pointers'),
    'no-alignment': ('--align', '0'),
    'no-goal': ('--goal', '0'),
    'slow': ('--lr', '5e-5'),
}
#: The run folder with the encoders that `pretrained` starts from.
ENCODERS = RUNS / 'encoders'
#: Rows that do not continue from trained weights: where they start, and their peak learning rate.
ANEW: dict[str, tuple[str | None, str]] = {
    'scratch': (None, '1.5e-3'),
    'pretrained': (str(ENCODERS / 'checkpoint.pt'), '1.5e-3'),
}
#: The peak learning rate of the rows that continue, and the factor of steps for the rows that start anew.
LR, SCRATCH = '5e-4', 4


def run(script: str, *arguments: str) -> None:
    command = [sys.executable, str(HERE / script), *arguments]
    print(' '.join([script, *arguments]), flush=True)
    done = subprocess.run(command, check=False)
    if done.returncode:
        raise SystemExit(
            f'{script} ended with {done.returncode}: mend it and give the same command again, which goes on from here'
        )


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('--data', nargs='+', required=True)
    p.add_argument('--camera', default=str(POLICY / 'cell-camera.json'))
    p.add_argument(
        '--init', default=str(POLICY / 'weights' / 'shallow.npz'), help='where all rows but those of ANEW begin'
    )
    p.add_argument('--only', nargs='*', choices=[*ROWS, *ANEW], default=[*ROWS, *ANEW])
    p.add_argument('--steps', type=int, default=400)
    p.add_argument('--seed', type=int, default=0)
    a = p.parse_args()
    data = ['--data', *a.data, '--camera', a.camera, '--seed', str(a.seed), '--stride', '2', '--size', 'shallow']
    if 'pretrained' in a.only:
        run(
            'pretrain.py',
            *data,
            '--steps',
            str(a.steps * SCRATCH // 2),
            '--minutes',
            '600',
            '--out',
            str(ENCODERS),
            '--resume',
        )
    for name in a.only:
        out = RUNS / name
        init, rate = ANEW.get(name, (a.init, LR))
        asked = {'steps': a.steps * SCRATCH if name in ANEW else a.steps, 'seed': a.seed, 'data': a.data, 'init': init}
        if (out / 'run.json').exists():
            begun = json.loads((out / 'run.json').read_text())['options']
            differ = [k for k, v in asked.items() if begun[k] != v]
            if differ:
                other = f'{out} was begun with another --{differ[0]} ({begun[differ[0]]})'
                raise SystemExit(f'{other}: give that, or take the folder away')
        if (out / 'grasp.onnx').exists():
            continue
        resume = ['--resume'] if (out / 'checkpoint.pt').exists() else []
        begin = ['--init', asked['init']] if asked['init'] else []
        row = ('--steps', str(asked['steps']), '--drop', '0.1', '--lr', rate, *begin, *ROWS.get(name, ()))
        run('train.py', *data, *row, '--out', str(out), *resume)
        run('export.py', '--run', str(out), '--out', str(out / 'grasp.onnx'), '--name', name)


if __name__ == '__main__':
    main()
