"""Writes the model card from results: `python policy/training/card.py --offline FILE --eval FILE...`."""

from __future__ import annotations

import argparse
import json
import re
import textwrap
from pathlib import Path
from typing import Any

from options import read_json

POLICY = Path(__file__).parents[1]
NONE = 'not measured'


def number(value: object, digits: int = 3) -> str:
    """A value as the card shows it."""
    if isinstance(value, bool) or value is None:
        return NONE if value is None else str(value)
    if isinstance(value, int):
        return f'{value:,}'
    return f'{value:.{digits}g}' if isinstance(value, float) else str(value)


def table(rows: list[dict[str, Any]], columns: dict[str, str]) -> str:
    """A table in Markdown; `columns`: heading by key."""
    if not rows:
        return NONE
    lines = ['| ' + ' | '.join(columns.values()) + ' |', '|' + '---|' * len(columns)]
    lines += ['| ' + ' | '.join(number(r.get(c)) for c in columns) + ' |' for r in rows]
    return '\n'.join(lines)


def evaluation(file: str) -> dict[str, Any]:
    """The result that `report.py` kept, or the last line that `prehend eval --json` printed."""
    try:
        text = Path(file).read_text().strip()
        try:
            return json.loads(text)['result']
        except (ValueError, KeyError):
            return json.loads(text.splitlines()[-1])
    except (OSError, ValueError, IndexError) as error:
        raise SystemExit(f'--eval {file}: is no result of report.py or of prehend eval --json: {error}') from None


def evaluations(files: list[str]) -> list[dict[str, Any]]:
    """A row for each file, with words for the options that were not given."""
    rows = []
    for f in files:
        r = evaluation(f)
        interval = r.get('wilson95') or [None, None]
        failures = ', '.join(f'{k} {v}' for k, v in (r.get('failures') or {}).items()) or 'none'
        said = {
            'count': r.get('count') or '2 to 5',
            'without': r.get('without') or 'nothing',
            'phrases': 'others' if r.get('phrases') else 'usual',
        }
        rows.append({**r, **said, 'low': interval[0], 'high': interval[1], 'failed': failures})
    return rows


def by_object(runs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A row for each object of each of the `evaluations`, with the options of that run."""
    return [{**run, 'object': name, **counts} for run in runs for name, counts in sorted(run['byObject'].items())]


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument(
        '--model', default=str(POLICY / 'model' / 'grasp.json'), help='what export.py wrote beside the model'
    )
    p.add_argument('--offline', help='what evaluate_offline.py wrote')
    p.add_argument(
        '--eval', nargs='*', default=[], help='what report.py kept, or `prehend eval --json` printed, one file a run'
    )
    p.add_argument('--template', default=str(POLICY / 'MODEL_CARD.template.md'))
    p.add_argument('--out', default=str(POLICY / 'MODEL_CARD.md'))
    a = p.parse_args()
    model = read_json(a.model)
    offline = read_json(a.offline) if a.offline else {}
    int8 = Path(a.model).with_name(f'{Path(a.model).stem}.int8.json')
    known: dict[str, Any] = {'model': model, 'int8': read_json(int8) if int8.exists() else {}, 'offline': offline}
    for file in (known['model'], known['int8']):
        file['megabytes'] = file['bytes'] / 1e6 if 'bytes' in file else None
    unused = () if model['options'].get('teacher') else ('alpha', 'temperature')
    options = (f'{k} {v}' for k, v in model['options'].items() if v not in (None, False, []) and k not in unused)
    known['options'] = textwrap.fill(', '.join(options), 118, break_long_words=False, break_on_hyphens=False)
    known['colours'] = len(json.loads((POLICY / 'colours.json').read_text()))
    known['mega_macs'] = model['macs'] / 1e6
    fusion = model.get('fusion_macs', {'learned_queries': 0, 'full_attention': 0})
    known['mega_fusion'], known['mega_full'] = (fusion[k] / 1e6 for k in ('learned_queries', 'full_attention'))
    known['fewer'] = fusion['full_attention'] / max(1, fusion['learned_queries'])
    known['minutes'] = model['training']['seconds'] / 60
    known['by_distance'] = table(
        offline.get('byDistance', []),
        {
            'from_m': 'from (m)',
            'to_m': 'to (m)',
            'count': 'observations',
            'dx_mm': 'dx (mm)',
            'dy_mm': 'dy (mm)',
            'dz_mm': 'dz (mm)',
            'dyaw_rad': 'dyaw (rad)',
            'width_mm': 'width (mm)',
            'effort_N': 'effort (N)',
        },
    )
    runs = evaluations(a.eval)
    known['evaluations'] = table(
        runs,
        {
            'precision': 'precision',
            'objects': 'objects',
            'count': 'on the table',
            'without': 'without',
            'phrases': 'phrases',
            'seed': 'seed',
            'episodes': 'episodes',
            'successes': 'successes',
            'rate': 'rate',
            'low': '95 % from',
            'high': 'to',
            'failed': 'failures',
        },
    )

    known['by_object'] = table(
        by_object(runs),
        {
            'precision': 'precision',
            'objects': 'objects',
            'without': 'without',
            'phrases': 'phrases',
            'seed': 'seed',
            'object': 'object',
            'successes': 'successes',
            'episodes': 'episodes',
        },
    )

    def fill(match: re.Match[str]) -> str:
        value: object = known
        for key in match.group(1).split('.'):
            value = value.get(key) if isinstance(value, dict) else None
        return number(value)

    Path(a.out).write_text(re.sub(r'\{\{([\w.]+)\}\}', fill, Path(a.template).read_text()))
    print(f'{a.out} written')


if __name__ == '__main__':
    main()
