"""Demonstrations through the command line: `python policy/collect.py --out DATA --episodes 400 --jobs 2`.

Each job is one recording: `prehend run --lockstep --policy expert --demonstrate`, then `prehend export`. A job whose data set is there
already is skipped, so that the same command goes on after an interruption and adds seeds later.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import practice

ROOT = Path(__file__).parent.parent


def call(*arguments: object) -> dict:
    """Runs `bin/prehend` and gives its last line of standard output as an object. Exit 1 (some episodes lost) is no failure here."""
    done = subprocess.run([str(ROOT / 'bin' / 'prehend'), *map(str, arguments), '--json'], capture_output=True, text=True)
    if done.returncode not in (0, 1):
        raise RuntimeError(f'prehend {arguments[0]} ended with {done.returncode}: {done.stderr.strip()[-400:]}')
    return json.loads(done.stdout.strip().splitlines()[-1])


def job(a: argparse.Namespace, index: int, perturb: float) -> dict:
    seed = a.seed + index
    name = f's{seed}-p{perturb * 1e3:g}'
    bag, folder = Path(a.bags or a.out) / f'{name}.mcap', Path(a.out) / name
    if (folder / 'dataset.json').exists():
        return {'name': name, 'skipped': True}
    kind = a.objects[index % len(a.objects)]
    objects = kind
    count = a.count[index % len(a.count)]
    if kind == 'practice':
        objects = folder.with_name(f'{name}.objects.yaml')
        practice.write(seed, objects)
    bag.parent.mkdir(parents=True, exist_ok=True)
    if bag.exists():
        bag.unlink()
    began = time.monotonic()
    ran = call(
        'run',
        '--lockstep',
        '--policy',
        a.policy,
        '--demonstrate',
        '--perturb',
        perturb,
        '--episodes',
        a.per_job,
        '--seed',
        seed,
        '--objects',
        objects,
        '--robot',
        a.robot,
        '--record',
        bag,
        *(('--count', count) if count else ()),
    )
    exported = call('export', bag, '--format', 'numpy', '--out', a.out)
    (folder / 'scene.json').write_text(json.dumps({'objects': kind, 'count': count, 'policy': a.policy, 'perturb': perturb}) + '\n')
    if not a.keep_bags:
        bag.unlink()
    return {
        'name': name,
        'seconds': round(time.monotonic() - began, 1),
        'episodes': ran['episodes'],
        'successes': ran['successes'],
        'observations': exported['observations'],
    }


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('--out', required=True, help='folder of data sets, one a recording')
    p.add_argument('--episodes', type=int, default=400)
    p.add_argument('--per-job', type=int, default=20, help='episodes a recording')
    p.add_argument(
        '--seed', type=int, default=100000, help='of the first recording; the next ones count up. Keep evaluation seeds away from these'
    )
    p.add_argument('--perturb', type=float, nargs='+', default=[0.0, 0.01, 0.02], help='sizes of the disturbance (m), in turn')
    p.add_argument('--policy', default='expert', help='who drives: the expert, or an ONNX model (the expert labels either way)')
    p.add_argument('--objects', nargs='+', default=['seen', 'practice', 'practice'], help='in turn: seen, practice (practice.py draws new ones), or a file')
    p.add_argument('--count', type=int, nargs='+', default=[0], help='objects on the table, in turn; 0: 2 to 5, drawn')
    p.add_argument('--robot', default='cell')
    p.add_argument('--jobs', type=int, default=2)
    p.add_argument('--bags', help='where recordings lie meanwhile; default: --out')
    p.add_argument('--keep-bags', action='store_true')
    a = p.parse_args()
    if 'unseen' in a.objects:
        raise SystemExit('training never reads the unseen set: give --objects seen, practice or a file')
    Path(a.out).mkdir(parents=True, exist_ok=True)
    count = -(-a.episodes // a.per_job)
    totals = {'episodes': 0, 'successes': 0, 'observations': 0}
    failed = 0
    with ThreadPoolExecutor(a.jobs) as pool:
        tasks = [pool.submit(job, a, i, a.perturb[i % len(a.perturb)]) for i in range(count)]
        for i, task in enumerate(tasks):
            try:
                result = task.result()
            except (RuntimeError, ValueError, KeyError, IndexError) as error:
                failed += 1
                print(f'[{i + 1}/{count}] {error}', file=sys.stderr, flush=True)
                continue
            for k in totals:
                totals[k] += result.get(k, 0)
            print(f'[{i + 1}/{count}] {result}', file=sys.stderr, flush=True)
    print(json.dumps({**totals, 'recordings': count, 'failed': failed, 'out': a.out}))
    sys.exit(1 if failed else 0)


if __name__ == '__main__':
    main()
