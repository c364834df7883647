"""Collects demonstrations: `python policy/training/collect.py --out DATA --episodes 400 --jobs 2`.

Each recording is one job, or with `--ray` one task: `prehend run --lockstep --policy expert --demonstrate`, then
`prehend export`. A job whose data set exists is skipped, so the same command continues after an interruption, and more
episodes add seeds.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

try:
    import practice
except ModuleNotFoundError as missing_package:
    raise SystemExit(
        f'collect.py: no package {missing_package.name}: pip install -r policy/training/requirements.txt'
    ) from None
import ray_tasks
from options import whole
from recording import ROOT, Recording

#: The object sets that judge a policy. They are never trained on, whatever name they are given by.
JUDGES = (
    'unseen',
    *(
        str(ROOT / file)
        for file in ('sim/objects/unseen.yaml', 'sim/objects/heavy.yaml', 'policy/alike.yaml', 'policy/household.yaml')
    ),
)


def call(*arguments: object) -> dict[str, Any]:
    """Runs `bin/prehend` and gives the last line of its standard output as an object.

    Exit code 1 (some episodes were lost) is no failure here.
    """
    command = [str(ROOT / 'bin' / 'prehend'), *map(str, arguments), '--json']
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1):
        raise RuntimeError(f'prehend {arguments[0]} ended with {done.returncode}: {done.stderr.strip()[-400:]}')
    return json.loads(done.stdout.strip().splitlines()[-1])


def turn(a: argparse.Namespace, index: int) -> tuple[str, float, int]:
    """The object set, the disturbance and the count of a recording.

    They are like the digits of a number, so every set meets every disturbance and every count.
    """
    rest, kind = divmod(index, len(a.objects))
    rest, perturb = divmod(rest, len(a.perturb))
    return a.objects[kind], a.perturb[perturb], a.count[rest % len(a.count)]


def unreached(a: argparse.Namespace, recordings: int) -> list[str]:
    """The values of --objects, --perturb and --count that this number of recordings never uses, as options."""
    reached = [set(values) for values in zip(*(turn(a, index) for index in range(recordings)), strict=True)]
    asked = zip(('objects', 'perturb', 'count'), (a.objects, a.perturb, a.count), reached, strict=True)
    return [
        f'--{option} {value}' for option, values, have in asked for value in dict.fromkeys(values) if value not in have
    ]


def missing(a: argparse.Namespace) -> list[Recording]:
    """The recordings whose data set does not exist yet. Draws the objects that they practise on."""
    wanted = []
    for index in range(-(-a.episodes // a.per_job)):
        seed = a.seed + index
        kind, perturb, count = turn(a, index)
        name = f's{seed}-p{perturb * 1e3:g}'
        recording = Recording(
            name, seed, perturb, a.per_job, a.policy, kind, kind, count, a.robot, a.at_most, a.contract, a.vocabulary
        )
        if (Path(a.out) / name / 'dataset.json').exists():
            recording.check(Path(a.out) / name)
            continue
        if kind in practice.KINDS:
            recording = replace(recording, objects=str(Path(a.out) / f'{name}.objects.yaml'))
            practice.write(seed, Path(recording.objects), kind)
        wanted.append(recording)
    return wanted


def here(a: argparse.Namespace, wanted: Sequence[Recording]) -> Iterator[tuple[Recording, dict[str, Any] | Exception]]:
    """Makes the recordings on this machine, `--jobs` side by side."""

    def make(r: Recording) -> dict[str, Any]:
        bag = Path(a.bags or a.out) / f'{r.name}.mcap'
        bag.parent.mkdir(parents=True, exist_ok=True)
        bag.unlink(missing_ok=True)
        began = time.monotonic()
        record, export = r.commands(bag, part := r.part(a.out))
        answers = [call(*record)]
        r.complete(answers[0])
        shutil.rmtree(part, ignore_errors=True)
        answers.append(call(*export))
        r.land(a.out)
        if not a.keep_bags:
            bag.unlink()
        return r.report(answers, seconds=round(time.monotonic() - began, 1))

    with ThreadPoolExecutor(a.jobs) as pool:
        for r, task in [(r, pool.submit(make, r)) for r in wanted]:
            try:
                yield r, task.result()
            except (OSError, RuntimeError, ValueError, KeyError, IndexError) as error:
                yield r, error


def on_ray(
    a: argparse.Namespace, wanted: Sequence[Recording]
) -> Iterator[tuple[Recording, dict[str, Any] | Exception]]:
    """Makes the recordings on the nodes of a Ray cluster.

    The files that they read are sent there. The data sets (and with --keep-bags the recordings) come back.
    """
    files: dict[str, Path] = {}

    def shipped(value: str) -> str:
        path = Path(value)
        if not path.is_file():
            return value
        name = f'{hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:8]}/{path.name}'
        for beside in (path, path.with_name(f'{path.name}.data')):
            if beside.is_file():
                files[str(Path(name).with_name(beside.name))] = beside
        return name

    def task(r: Recording) -> ray_tasks.Task:
        there = replace(
            r,
            policy=r.policy if r.policy == 'expert' else shipped(r.policy),
            objects=shipped(r.objects),
            robot=shipped(r.robot),
            contract=r.contract and shipped(r.contract),
            vocabulary=r.vocabulary and shipped(r.vocabulary),
        )
        return ray_tasks.Task(
            r.name, there.commands(f'{r.name}.mcap', '.'), [r.name, *([f'{r.name}.mcap'] if a.keep_bags else [])]
        )

    tasks = [task(r) for r in wanted]
    for index, outcome in ray_tasks.fan_out(
        a.ray, ROOT, tasks, files, note=lambda text: print(text, file=sys.stderr, flush=True)
    ):
        r = wanted[index]
        if isinstance(outcome, ray_tasks.TaskFailed):
            yield r, outcome
            continue
        try:
            r.complete(outcome.answers[0])
        except RuntimeError as error:
            yield r, error
            continue
        part = r.part(a.out)
        shutil.rmtree(part, ignore_errors=True)
        for name, content in outcome.files.items():
            bag = name == f'{r.name}.mcap'
            path = (Path(a.bags or a.out) if bag else part) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        r.land(a.out)
        yield r, r.report(outcome.answers)


def duration(text: str) -> str:
    """The type of an option: a time above 0 in ms or s, as `prehend run` takes it. Gives it in ms."""
    match = re.fullmatch(r'(\d+(?:\.\d+)?) ?(ms|s)', text)
    ms = float(match[1]) * (1 if match[2] == 'ms' else 1000) if match else 0
    if ms == 0:
        raise argparse.ArgumentTypeError(f'{text}: must be a time above 0, such as "150 ms"')
    return f'{ms:g} ms'


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('--out', required=True, help='folder of data sets, one a recording')
    p.add_argument('--episodes', type=whole(1), default=400)
    p.add_argument('--per-job', type=whole(1), default=20, help='episodes a recording')
    p.add_argument(
        '--seed',
        type=int,
        default=100000,
        help='of the first recording; the next ones count up. Keep evaluation seeds away from these',
    )
    p.add_argument(
        '--perturb', type=float, nargs='+', default=[0.0, 0.01, 0.02], help='sizes of the disturbance (m), in turn'
    )
    p.add_argument(
        '--policy', default='expert', help='who drives: the expert, or an ONNX model (the expert labels either way)'
    )
    p.add_argument(
        '--objects',
        nargs='+',
        default=['seen', 'practice', 'practice'],
        help='in turn: seen, practice, twins (practice.py draws new ones), or a file',
    )
    p.add_argument(
        '--count', type=whole(0), nargs='+', default=[0], help='objects on the table, in turn; 0: 2 to 5, drawn'
    )
    p.add_argument('--robot', default='cell')
    p.add_argument('--contract', help='contract of the sets; default: that of the grasp policy (policy/contract.json)')
    p.add_argument('--vocabulary', help='words of the sets; default: policy/vocabulary.json')
    p.add_argument(
        '--at-most',
        type=duration,
        help='a glimpse of each table: an episode ends after so long ("200 ms"), '
        'many a second, for what things look like',
    )
    side = p.add_mutually_exclusive_group()
    side.add_argument('--jobs', type=whole(1), default=2, help='recordings made side by side on this machine')
    side.add_argument(
        '--ray',
        metavar='ADDRESS',
        help='each recording as a task of a Ray cluster (HOST:PORT or auto), or of one started here (local)',
    )
    p.add_argument('--bags', help='where recordings lie meanwhile; default: --out')
    p.add_argument('--keep-bags', action='store_true')
    a = p.parse_args()
    try:
        collect(a)
    except ray_tasks.Refused as reason:
        print(f'collect.py: {reason}', file=sys.stderr)
        sys.exit(2)


def collect(a: argparse.Namespace) -> None:
    """Makes the data sets that do not exist yet. Exits with code 1 where some failed. Raises Refused."""
    judging = [o for o in a.objects if o in JUDGES or str(Path(o).resolve()) in JUDGES]
    if judging:
        raise ray_tasks.Refused(
            f'--objects {judging[0]}: what a policy is judged with is never trained on; '
            'give seen, practice, twins or a file of your own'
        )
    try:
        Path(a.out).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ray_tasks.Refused(f'--out {a.out}: {error.strerror}') from None
    wanted = missing(a)
    count = -(-a.episodes // a.per_job)
    if never := unreached(a, count):
        whole_round = len(a.objects) * len(a.perturb) * len(a.count)
        print(
            f'{", ".join(never)}: in none of these {count} recordings; '
            f'{whole_round} have all of it with all (more --episodes, or fewer --per-job)',
            file=sys.stderr,
            flush=True,
        )
    totals = {'episodes': 0, 'successes': 0, 'observations': 0}
    failed = 0
    done = count - len(wanted)
    if done:
        print(f'{done} of {count} are there already', file=sys.stderr, flush=True)
    for _, result in on_ray(a, wanted) if a.ray else here(a, wanted):
        done += 1
        failed += isinstance(result, Exception)
        print(f'[{done}/{count}] {result}', file=sys.stderr, flush=True)
        if isinstance(result, dict):
            for k in totals:
                totals[k] += result[k]
    print(json.dumps({**totals, 'recordings': count, 'failed': failed, 'out': a.out}))
    sys.exit(1 if failed else 0)


if __name__ == '__main__':
    main()
