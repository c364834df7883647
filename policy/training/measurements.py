"""Measures the figures with `prehend eval` and `prehend bench`, and keeps the results in `policy/results`."""

from __future__ import annotations

import functools
import hashlib
import json
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, TypeGuard

from figures import FLOAT, SHIPPED, Figure

POLICY = Path(__file__).parents[1]
ROOT = POLICY.parent
RESULTS = POLICY / 'results'
TIMINGS = RESULTS / 'precision'
#: How often the two precisions are timed.
RUNS = 9


def model_of(f: Figure) -> str | None:
    """The sha256 of the model of a figure. None where the model does not exist."""
    if f.policy == 'expert':
        return 'expert'
    return sha(f.policy)


def sha(file: str) -> str | None:
    """The sha256 of a file below `policy`. None where it does not exist."""
    path = POLICY / file
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else None


@functools.cache
def cell() -> str:
    """sha256 over what judges: the compiled cell, the object sets, the robot files.

    What runs in the cell, such as the aligner and the control node, is not in it. Whoever changes that measures again.
    """
    digest = hashlib.sha256()
    for pattern in ('dist/sim/embedded/*.js', 'sim/objects/*.yaml', 'robots/*.yaml'):
        for path in sorted(ROOT.glob(pattern)):
            digest.update(path.read_bytes())
    return digest.hexdigest()


def read(f: Figure) -> dict[str, str | None]:
    """The sha256 of each file below `policy` that the episodes of a figure are drawn from."""
    return {
        file: sha(file.removeprefix('policy/'))
        for file in f.arguments
        if file.startswith('policy/') and file.endswith('.yaml')
    }


def kept(f: Figure) -> dict[str, Any] | None:
    """The kept result of a figure. None where there is none."""
    path = RESULTS / f'{f.name}.json'
    return json.loads(path.read_text()) if path.exists() else None


def current(have: dict[str, Any] | None, f: Figure) -> TypeGuard[dict[str, Any]]:
    """Whether a kept figure belongs to this model, this cell, these arguments, and the files that they name.

    A figure whose model is not on this machine counts, because it cannot be checked.
    """
    return (
        have is not None
        and have['arguments'] == list(f.arguments)
        and have.get('cell') == cell()
        and have.get('read', {}) == read(f)
        and model_of(f) in (have['sha256'], None)
    )


def measure(f: Figure, episodes: int, jobs: int) -> None:
    """Measures a figure, unless a current one with enough episodes is kept."""
    digest = model_of(f)
    have = kept(f)
    if digest is None:
        print(f'{f.name}: {f.policy} is not there, left out', file=sys.stderr)
        return
    if current(have, f) and have['result']['episodes'] >= episodes:
        return
    print(f'{f.name} ...', file=sys.stderr, flush=True)
    began = time.monotonic()
    command = ['bin/prehend', 'eval', *f.arguments, '--episodes', str(episodes)]
    with tempfile.TemporaryDirectory() as scratch:
        lines = Path(scratch) / 'episodes.jsonl'
        result = answer([*command, '--jobs', str(jobs), '--results', str(lines)])
        won = ''.join(str(int(json.loads(line)['success'])) for line in lines.read_text().splitlines())
    if f.policy != 'expert' and result['modelSha256'] != digest:
        raise SystemExit(
            f'{f.name}: {" ".join(command)} ran {result["model"]} ({result["modelSha256"]}), not {f.policy}: '
            'bring FIGURES and app/policies/model-path.ts together'
        )
    minutes = round((time.monotonic() - began) / 60, 1)
    value = {
        'command': ' '.join(command),
        'arguments': list(f.arguments),
        'sha256': digest,
        'cell': cell(),
        'read': read(f),
        'minutes': minutes,
        'jobs': jobs,
        'won': won,
        'result': result,
    }
    keep(RESULTS / f'{f.name}.json', value)
    print(f'{f.name}: {result["successes"]} of {result["episodes"]}', file=sys.stderr, flush=True)


def answer(command: list[str]) -> dict[str, Any]:
    """What a command of prehend answers with `--json`."""
    done = subprocess.run([*command, '--json'], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f'{" ".join(command)} ended with {done.returncode}: {done.stderr.strip()[-400:]}')
    return json.loads(done.stdout.strip().splitlines()[-1])


def keep(path: Path, value: dict[str, Any]) -> None:
    """Writes a value as JSON. A reader sees the old file or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f'{path.name}.part')
    part.write_text(json.dumps(value, indent=2) + '\n')
    part.replace(path)


def time_precisions() -> None:
    """Measures INT8 beside FP32 on this processor and keeps the result beside those of other processors.

    It measures several times, because other load on the machine slows one more than the other.
    """
    command = ['bin/prehend', 'bench', 'precision']
    runs = [answer(command)['results'] for _ in range(RUNS)]

    def pair(of: dict[str, Any]) -> dict[str, float]:
        return {'int8_ms': of['value'], 'fp32_ms': of['peerValue']}

    name, flags = processor()
    file = runs[0][2]
    value = {
        'command': ' '.join(command), 'processor': name, 'has': flags, 'sha256': [sha(SHIPPED), sha(FLOAT)],
        'in_rows': [pair(warm) for warm, _, _ in runs], 'by_turns': [pair(cold) for _, cold, _ in runs],
        'megabytes': {'int8': file['value'], 'fp32': file['peerValue']},
    }  # fmt: skip
    keep(TIMINGS / f'{"-".join(flags) or "plain"}.json', value)


def processor() -> tuple[str, list[str]]:
    """Its name, and the features that decide about the speed of integers (on Linux)."""
    try:
        lines = Path('/proc/cpuinfo').read_text().split('\n\n')[0].splitlines()
    except OSError:
        return platform.processor(), []
    told = {key.strip(): value.strip() for key, _, value in (line.partition(':') for line in lines)}
    flags = told.get('flags', '').split()
    return told.get('model name', platform.processor()), [
        flag for flag in ('avx2', 'avx512f', 'avx512_vnni', 'avx_vnni', 'amx_int8') if flag in flags
    ]


def timings() -> list[dict[str, Any]]:
    """The timings of the files that ship, one for each kind of processor."""
    files = [sha(SHIPPED), sha(FLOAT)]
    found = [json.loads(path.read_text()) for path in sorted(TIMINGS.glob('*.json'))]
    return [timing for timing in found if timing['sha256'] == files]
