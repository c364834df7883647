"""What each part of the policy is worth: `python policy/ablate.py --data DIR... [--only NAME...]`.

Each row is one short training of a shallow network from scratch, on the same data with the same seed and number of steps, without one part. `pretrained` starts from
encoders that have seen the same data without labels for half as many steps. `zero-filled` has no masks, and sees modalities go missing in training as all others do;
`zero-filled-whole` never saw one go missing. What is done is not done again, and an interrupted row goes on. `report.py` measures the rows in the cell; they
are to be compared with one another, not with the policy that ships, which is larger and was trained longer.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
RUNS = HERE / 'runs' / 'ablate'
#: Options of train.py in which a row differs from `whole`.
ROWS: dict[str, tuple[str, ...]] = {
    'whole': (),
    'zero-filled': ('--without', 'masks'),
    'zero-filled-whole': ('--without', 'masks', '--drop', '0'),
    'no-gate': ('--without', 'gate'),
    'no-colours': ('--without', 'colours'),
    'no-queries': ('--without', 'queries'),
    'no-pyramid': ('--without', 'pyramid'),
    'no-ages': ('--without', 'ages'),
    'no-pointers': ('--without', 'pointers'),
    'no-alignment': ('--align', '0'),
    'no-goal': ('--goal', '0'),
    'slow': ('--lr', '5e-5'),
    'pretrained': ('--init', str(RUNS / 'encoders' / 'checkpoint.pt')),
}


def run(script: str, *arguments: str) -> None:
    command = [sys.executable, str(HERE / script), *arguments]
    print(' '.join([script, *arguments]), flush=True)
    done = subprocess.run(command)
    if done.returncode:
        raise SystemExit(f'{script} ended with {done.returncode}: mend it and give the same command again, which goes on from here')


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('--data', nargs='+', required=True)
    p.add_argument('--camera', default=str(HERE / 'cell-camera.json'))
    p.add_argument('--only', nargs='*', choices=ROWS, default=list(ROWS))
    p.add_argument('--steps', type=int, default=4000)
    p.add_argument('--seed', type=int, default=0)
    a = p.parse_args()
    data = ['--data', *a.data, '--camera', a.camera, '--seed', str(a.seed), '--stride', '2', '--size', 'shallow']
    encoders = RUNS / 'encoders'
    if 'pretrained' in a.only:
        run('pretrain.py', *data, '--steps', str(a.steps // 2), '--minutes', '600', '--out', str(encoders), '--resume')
    for name in a.only:
        out = RUNS / name
        if (out / 'run.json').exists():
            begun = json.loads((out / 'run.json').read_text())['options']
            differ = [k for k in ('steps', 'seed', 'data') if begun[k] != getattr(a, k)]
            if differ:
                raise SystemExit(f'{out} was begun with another --{differ[0]} ({begun[differ[0]]}): give that, or take the folder away')
        if (out / 'grasp.onnx').exists():
            continue
        resume = ['--resume'] if (out / 'checkpoint.pt').exists() else []
        run('train.py', *data, '--steps', str(a.steps), '--lr', '1.5e-3', '--drop', '0.1', *ROWS[name], '--out', str(out), *resume)
        run('export.py', '--run', str(out), '--out', str(out / 'grasp.onnx'), '--name', name)


if __name__ == '__main__':
    main()
