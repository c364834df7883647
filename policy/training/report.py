"""Measures the figures that judge the policy: `python policy/training/report.py [--only NAME...] [--episodes 500]`.

A figure is kept in `results/NAME.json` with its command, and with the sha256 of the model and of the cell. A figure of
another model or cell, or of fewer episodes than asked for, is measured again. `docs/reference/policy.md` is written
from the kept figures; it says where one is missing.
"""

from __future__ import annotations

import argparse
import functools
import hashlib
import json
import math
import platform
import subprocess
import sys
import tempfile
import textwrap
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, TypeGuard

POLICY = Path(__file__).parents[1]
ROOT = POLICY.parent
RESULTS = POLICY / 'results'
TIMINGS = RESULTS / 'precision'
PAGE = ROOT / 'docs' / 'reference' / 'policy.md'
#: What the page says about its figures.
ABOUT = """\
Written by `python policy/training/report.py` from what `prehend eval` printed (`policy/results/`). Intervals are at
95 %: Wilson's for a rate, and that of Newcombe (1998, method 10) for a difference in points, which is of the same
episodes. [benchmark.md](benchmark.md) describes the benchmark and its reasons for failure;
[the card](../../policy/MODEL_CARD.md) describes the model. The files under `policy/runs/` are no part of a checkout:
`policy/training/ablate.py` and the commands of [policy/README.md](../../policy/README.md) train them.

The rounds of training were compared by the first episodes of `--objects unseen --seed 2` and by those of `heavy.yaml`,
of `alike.yaml --seed 6` and of one object without voice (`--seed 3`). The rows of `--seed 11` and `--seed 12` are for
episodes by which no round was chosen.
"""
#: How often the two precisions are timed.
RUNS = 9


@dataclass(frozen=True)
class Figure:
    """A figure.

    `arguments`: those of `prehend eval`. `bound`: the rate that must be reached, if any. `policy`: the model, under
    this folder.
    """

    name: str
    what: str
    arguments: tuple[str, ...]
    bound: float | None
    aim: float | None
    policy: str


#: The model that runs without an option (app/policies/models.ts).
SHIPPED = 'model/grasp.int8.onnx'
FLOAT = 'model/grasp.onnx'


def figure(
    name: str, what: str, arguments: str, bound: float | None = None, aim: float | None = None, policy: str = SHIPPED
) -> Figure:
    return Figure(name, what, tuple(arguments.split()), bound, aim, policy)


def of_run(run: str, name: str, what: str, arguments: str = '--objects unseen --seed 4') -> Figure:
    """A figure of a trained run that does not ship."""
    file = f'runs/{run}/grasp.onnx'
    return figure(name, what, f'{arguments} --policy policy/{file}', policy=file)


def of_expert(name: str, what: str, arguments: str, aim: float | None = None) -> Figure:
    """A figure of the scripted expert."""
    return figure(name, what, f'{arguments} --policy expert', aim=aim, policy='expert')


#: Episodes in which force matters most.
HEAVY = '--objects sim/objects/heavy.yaml --seed 4'
ALIKE = '--objects policy/alike.yaml'
HOUSEHOLD = '--objects policy/household.yaml --seed 77'
#: The modalities that are taken away, as `--without` names them.
SENSES = ('depth', 'rgb', 'force')
PARTS = {
    'no-gate': 'the gate',
    'no-colours': 'what colour words look like',
    'no-queries': 'the learned queries (all image tokens instead)',
    'no-pyramid': 'the force pyramid (one window instead)',
    'no-ages': "the words' ages",
    'no-pointers': 'the pointers',
    'no-alignment': 'the shared latent space (InfoNCE)',
    'no-goal': 'chunks made for the true goal',
    'slow': 'a learning rate of 5e-4 (5e-5 instead, which is for long runs)',
}
FIGURES = (
    figure('unseen', 'unseen objects, all modalities', '--objects unseen --seed 2', 0.92, 0.98),
    figure('unseen-fp32', 'the same, FP32', '--objects unseen --seed 2 --precision fp32', policy=FLOAT),
    of_run('t', 'teacher', 'the same, the teacher', '--objects unseen --seed 2'),
    of_run('d', 'student', 'the same, what learned from the teacher', '--objects unseen --seed 2'),
    figure('fresh', 'unseen objects, episodes that no round of training was chosen by', '--objects unseen --seed 11'),
    figure('seen', 'seen objects, all modalities', '--objects seen --seed 1'),
    figure('alike', 'three colours and three shapes: neither alone says which is meant', f'{ALIKE} --seed 6'),
    figure('alike-fresh', 'the same, episodes that no round of training was chosen by', f'{ALIKE} --seed 12'),
    figure('household', 'things of a household: two of one colour, two of a colour of two words', HOUSEHOLD),
    of_expert('expert-household', 'the same, the expert', HOUSEHOLD),
    of_expert('expert-unseen', 'the expert, unseen objects', '--objects unseen --seed 2', 0.99),
    of_expert('expert-seen', 'the expert, seen objects', '--objects seen --seed 1', 0.99),
    figure('single', 'one unseen object on the table', '--objects unseen --seed 3 --count 1'),
    figure('single-voice', 'the same without voice', '--objects unseen --seed 3 --count 1 --without voice'),
    figure('senses', 'unseen objects, with all senses', '--objects unseen --seed 4'),
    *(figure(f'no-{s}', f'the same, without {s}', f'--objects unseen --seed 4 --without {s}') for s in SENSES),
    figure('force-at-2s', 'the same, force gone after 2 s', '--objects unseen --seed 4 --without force@2s'),
    figure('heavy', 'heavy, slippery and fragile unseen objects', HEAVY),
    figure('heavy-no-force', 'the same, without force', f'{HEAVY} --without force'),
    of_expert('expert-heavy', 'the same, the expert', HEAVY),
    figure('phrases', 'commands in other words', '--objects unseen --seed 5 --phrases policy/phrases.yaml'),
    figure('plainly', 'no command asks for care', '--objects unseen --seed 7 --phrases policy/plainly.yaml'),
    figure('gently', 'the same, every command says "gently"', '--objects unseen --seed 7 --phrases policy/gently.yaml'),
    *(
        of_run(f'ablate/{run}', f'{name}{gone}', f'{what}{said}', f'--objects unseen --seed 4{option}')
        for run, name, what in (
            ('whole', 'whole', 'shallow (`ablate.py`), nothing left out'),
            ('zero-filled', 'zero', 'shallow, zero-filled without masks'),
            ('unprepared', 'unprepared', 'shallow, zero-filled without masks, no sensor missing in training'),
        )
        for gone, said, option in (('', '', ''), *((f'-no-{s}', f', without {s}', f' --without {s}') for s in SENSES))
    ),
    *(of_run(f'ablate/{name}', name, f'shallow, without {part}') for name, part in PARTS.items()),
    of_run('ablate/whole', 'whole-heavy', 'shallow, nothing left out, with heavy, slippery and fragile objects', HEAVY),
    of_run('ablate/no-pyramid', 'no-pyramid-heavy', 'the same, without the force pyramid', HEAVY),
    of_run('ablate/scratch', 'scratch', 'shallow, from nothing'),
    of_run('ablate/pretrained', 'pretrained', 'the same, from encoders trained without labels'),
)  # fmt: skip


def model_of(f: Figure) -> str | None:
    """The sha256 of the model of a figure. None where the model does not exist."""
    if f.policy == 'expert':
        return 'expert'
    return sha(f.policy)


def sha(file: str) -> str | None:
    """The sha256 of a file in this folder. None where it does not exist."""
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
    """The sha256 of each file of this folder that a figure's episodes are drawn from."""
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
            'bring FIGURES and app/policies/models.ts together'
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


def speed(timing: dict[str, Any]) -> str:
    """A timing in words."""

    def times(way: str) -> str:
        ratios = [run['fp32_ms'] / run['int8_ms'] for run in timing[way]]
        return f'{median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})'

    smaller = 1 - timing['megabytes']['int8'] / timing['megabytes']['fp32']
    int8, fp32 = (median(run[k] for run in timing['in_rows']) for k in ('int8_ms', 'fp32_ms'))
    return (
        f'- INT8 on a processor with {", ".join(timing["has"])} ({timing["processor"]}), one thread, '
        f'median of {len(timing["in_rows"])} runs and their range: in rows of 20 {times("in_rows")} times faster '
        f'({int8:.1f} ms against {fp32:.1f} ms), by turns {times("by_turns")}; bound 2.3, aim 2.6. '
        f'The file is {percent(smaller)} smaller; bound 70 %. `{timing["command"]}`'
    )


def percent(x: float) -> str:
    return f'{100 * x:.1f} %'


def rate(of: dict[str, Any]) -> str:
    """The rate and its interval."""
    low, high = of['wilson95']
    return f'{percent(of["rate"])} ({percent(low)} to {percent(high)})'


def row(f: Figure) -> str:
    """The row of a figure in the table."""
    have = kept(f)
    bound = '' if f.aim is None else ' / '.join(percent(b) if b is not None else '–' for b in (f.bound, f.aim))
    if have is None:
        return f'| {f.what} | not measured | | {bound} | | `bin/prehend eval {" ".join(f.arguments)}` |'
    r = have['result']
    low, high = r['wilson95']
    old = '' if current(have, f) else ' (of an earlier model or cell)'
    lost = ', '.join(f'{k} {v}' for k, v in sorted(r['failures'].items(), key=lambda i: -i[1])) or 'none'
    won = f'{percent(r["rate"])} of {r["episodes"]}'
    interval = f'{percent(low)} to {percent(high)}'
    return f'| {f.what}{old} | {won} | {interval} | {bound} | {lost} | `{have["command"]}` |'


def derived() -> list[str]:
    """Figures that are computed from others."""
    found = {f: kept(f) for f in FIGURES}
    runs = {f.name: have for f, have in found.items() if current(have, f)}
    have = {name: k['result'] for name, k in runs.items()}
    lines: list[str] = []

    def compare(what: str, one: str, other: str, bound: str = '') -> None:
        if {one, other} <= runs.keys():
            lines.append(f'- {what}: {gain(runs[one], runs[other])}{bound}.')

    for f in FIGURES:
        if f.name in ('unseen', 'fresh', 'seen', 'alike', 'alike-fresh', 'household', 'phrases') and f.name in have:
            wrong = have[f.name]['wrongObject']
            of = f'{wrong["episodes"]} of {have[f.name]["episodes"]}'
            lines.append(f'- Wrong object lifted, {f.what}: {of}, {rate(wrong)}; bound 2 %, aim 0.5 %.')
    for name, which in (('unseen', ''), ('fresh', ', the episodes that no round was chosen by')):
        if name in have:
            fragile, stops = have[name]['fragile'], have[name]['stops']
            crushed = f'{fragile["crushed"]} of {fragile["episodes"]}'
            lines += [
                f'- Fragile objects crushed{which}: {crushed}, {rate(fragile)}; bound 3 %, aim 0.',
                f'- Motion later than 50 ms after "stop"{which}: {stops["moved"]} of {stops["episodes"]}; bound 0.',
            ]
    if 'fresh' in have:
        corrections = have['fresh']['corrections']
        of = f'{corrections["successes"]} of {corrections["episodes"]}'
        lines.append(f'- Won after a correction to another object, in the same episodes: {of}, {rate(corrections)}.')
    if {'gently', 'plainly'} <= have.keys():
        soft, plain = (have[name]['peakForce'] for name in ('gently', 'plainly'))
        p50, p99 = (f'{p} {soft[p]:.0f} N and {plain[p]:.0f} N' for p in ('p50', 'p99'))
        lines.append(f'- Largest force on the object with "gently" and without, the same things: {p50}, {p99}.')
    compare('INT8 against FP32', 'unseen', 'unseen-fp32', '; bound within 1, aim within 0.3')
    lines += map(speed, timings())
    for sense in SENSES:
        compare(f'{sense.capitalize()}, unseen objects', 'senses', f'no-{sense}')
    compare('Force after 2 s, unseen objects', 'senses', 'force-at-2s')
    compare('Force, with heavy, slippery and fragile objects', 'heavy', 'heavy-no-force')
    if {'single', 'single-voice'} <= have.keys() and have['single']['rate'] > 0:
        share = have['single-voice']['rate'] / have['single']['rate']
        lines.append(f'- Voice missing, of the full rate: {percent(share)}; bound 90 %, aim equal.')
    for sense in SENSES:
        for name, trained in (('zero', 'trained alike'), ('unprepared', 'with no sensor missing in its training')):
            what = f'Without {sense}, attention masks against zero-filling, {trained}'
            compare(what, f'whole-no-{sense}', f'{name}-no-{sense}', '; bound 15, aim 25')
    for name, part in PARTS.items():
        compare(f'{part[0].upper()}{part[1:]}', 'whole', name)
    compare('The force pyramid, with heavy, slippery and fragile objects', 'whole-heavy', 'no-pyramid-heavy')
    compare('Pre-training', 'pretrained', 'scratch')
    return lines


def paired(both: int, one: int, other: int, neither: int) -> tuple[float, float, float]:
    """The difference of the rates of two runs of the same episodes, and its 95 % interval.

    The episodes are counted by which run won them. Newcombe 1998, Statistics in Medicine 17:2635, method 10: from the
    intervals of Wilson and the correlation of the two runs.
    """
    n = both + one + other + neither
    p, q = (both + one) / n, (both + other) / n
    (low, high), (bottom, top) = wilson(both + one, n), wilson(both + other, n)
    margins = (both + one) * (other + neither) * (both + other) * (one + neither)
    lean: float = both * neither - one * other
    lean = max(lean - n / 2, 0) if lean > 0 else lean
    phi = lean / math.sqrt(margins) if margins else 0.0

    def width(a: float, b: float) -> float:
        return math.sqrt(max(a * a - 2 * phi * a * b + b * b, 0))

    return p - q, p - q - width(p - low, top - q), p - q + width(high - p, q - bottom)


def wilson(k: int, n: int, z: float = 1.959964) -> tuple[float, float]:
    """Wilson's score interval of k of n, at 95 %."""
    middle, half = k + z * z / 2, z * math.sqrt(k * (n - k) / n + z * z / 4)
    return (middle - half) / (n + z * z), (middle + half) / (n + z * z)


def gain(one: dict[str, Any], other: dict[str, Any]) -> str:
    """By how many points the first of two runs is better, over the episodes that both have."""
    pairs = list(zip(one['won'], other['won'], strict=False))
    points, least, most = (
        100 * x for x in paired(*(pairs.count(p) for p in (('1', '1'), ('1', '0'), ('0', '1'), ('0', '0'))))
    )
    return f'{points:+.1f} points ({least:+.1f} to {most:+.1f}) on the same {len(pairs)} episodes'


def wrapped(line: str) -> str:
    """A list item in lines of at most 118 characters."""
    return textwrap.fill(line, 118, subsequent_indent='  ', break_long_words=False, break_on_hyphens=False)


def write() -> None:
    """Writes the page."""
    lines = [
        '# Figures of the shipped policy',
        '',
        *ABOUT.splitlines(),
        '',
        '| what | won | interval | bound / aim | lost by | command |',
        '|---|---|---|---|---|---|',
        *(row(f) for f in FIGURES),
        '',
        *(wrapped(line) for line in derived()),
    ]
    PAGE.write_text('\n'.join(lines) + '\n')
    print(f'{PAGE.relative_to(ROOT)} written')


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument(
        '--only',
        nargs='*',
        choices=['precision', *(f.name for f in FIGURES)],
        help='measure these alone; none: write the page from what is there',
    )
    p.add_argument('--episodes', type=int, default=500)
    p.add_argument('--jobs', type=int, default=2)
    a = p.parse_args()
    for f in FIGURES:
        if a.only is None or f.name in a.only:
            measure(f, a.episodes, a.jobs)
    if a.only is None or 'precision' in a.only:
        time_precisions()
    write()


if __name__ == '__main__':
    main()
