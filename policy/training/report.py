"""Measures the figures that judge the policy: `python policy/training/report.py [--only NAME...] [--episodes 500]`.

A figure is kept in `results/NAME.json` with its command, and with the sha256 of the model and of the cell. A figure of
another model or cell, or of fewer episodes than asked for, is measured again. `docs/reference/policy.md` is written
from the kept figures; it says where one is missing.
"""

from __future__ import annotations

import argparse
import textwrap
from statistics import median
from typing import Any

from figures import FIGURES, PARTS, SENSES, Figure
from intervals import gain
from measurements import ROOT, current, kept, measure, time_precisions, timings

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
