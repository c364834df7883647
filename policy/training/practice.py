"""Draws objects to practise on from a seed: `python policy/training/practice.py --seed 5 [--twins] --out objects.yaml`.

Shapes, sizes, colours, masses, frictions and crush limits are random, so that a policy learns what to do with an object
and not which object it is. Nothing is taken from the set that judges (`unseen`), neither shapes nor names. For most
objects the colour tells which one is meant. `--twins` has few colours in several shapes, so that only colour and shape
together tell; one more thing has a colour of its own.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np

from options import whole

POLICY = Path(__file__).parents[1]
COLOURS: dict[str, list[float]] = json.loads((POLICY / 'colours.json').read_text())
#: The colours that an objects file knows by name. Other colours are given as #rrggbb.
NAMED = [
    *('red', 'green', 'blue', 'yellow', 'orange', 'purple', 'pink', 'white', 'black', 'grey'),
    *('brown', 'cyan', 'teal', 'magenta', 'lime', 'navy', 'olive', 'beige', 'turquoise', 'maroon'),
]
#: Nouns that say what a plain shape is, and below VAGUE: nouns that say nothing, some of them in no vocabulary.
NOUNS = {
    'box': ('box', 'block', 'brick'),
    'cube': ('cube', 'box', 'block', 'die'),
    'cylinder': ('cylinder', 'can', 'tin', 'tube'),
    'disc': ('disc', 'puck', 'cylinder'),
    'sphere': ('ball', 'sphere'),
    'capsule': ('capsule', 'pill'),
    'ellipsoid': ('egg', 'pebble', 'stone'),
}
#: Kinds that can be told apart by their noun and by a look from above. One of each group is a twin of the others.
APART = (('box', 'cube'), ('cylinder', 'disc'), ('sphere', 'ellipsoid'), ('capsule',))
VAGUE = (
    'thing',
    'object',
    'piece',
    'one',
    'gizmo',
    'widget',
    'blick',
    'tove',
    'dax',
    'wug',
    'fitting',
    'toy',
    'knob',
    'stopper',
)


def plain(r: np.random.Generator, kind: str | None = None) -> tuple[str, list[dict[str, Any]]]:
    """One primitive that stands on the table and fits between the fingers (85 mm) in some direction."""
    u = r.uniform
    kind = kind or r.choice(
        ['box', 'cube', 'cylinder', 'disc', 'sphere', 'capsule', 'ellipsoid'], p=[0.3, 0.12, 0.2, 0.08, 0.12, 0.1, 0.08]
    )
    if kind == 'box':
        return kind, [{'shape': 'box', 'size': [u(0.011, 0.03), u(0.016, 0.042), u(0.014, 0.045)]}]
    if kind == 'cube':
        a = u(0.016, 0.03)
        return kind, [{'shape': 'box', 'size': [a, a * u(0.95, 1.05), a * u(0.9, 1.1)]}]
    if kind == 'cylinder':
        return kind, [{'shape': 'cylinder', 'size': [u(0.013, 0.03), u(0.022, 0.05)]}]
    if kind == 'disc':
        return kind, [{'shape': 'cylinder', 'size': [u(0.022, 0.033), u(0.011, 0.02)]}]
    if kind == 'sphere':
        return kind, [{'shape': 'sphere', 'size': [u(0.019, 0.032)]}]
    if kind == 'capsule':
        a = u(0.014, 0.026)
        foot = {'shape': 'box', 'size': [0.016, 0.7 * a, 0.5 * a], 'pos': [0, 0, -0.52 * a]}
        return kind, [{'shape': 'capsule', 'size': [a, u(0.014, 0.034)], 'euler': [0, 90, 0]}, foot]
    a, c = u(0.016, 0.028), u(0.018, 0.034)
    return kind, [
        {'shape': 'ellipsoid', 'size': [a, a * u(0.8, 1.2), c]},
        {'shape': 'cylinder', 'size': [0.55 * a, 0.003], 'pos': [0, 0, -0.88 * c]},
    ]


def built(r: np.random.Generator) -> tuple[str, list[dict[str, Any]]]:
    """Two to four primitives: storeys on a base, and parts at its sides."""
    u = r.uniform
    parts: list[dict[str, Any]] = []
    top = 0.0
    wide = 0.0
    for storey in range(r.integers(1, 4)):
        h = u(0.007, 0.026)
        if r.random() < 0.5:
            size = [u(0.009, 0.032), u(0.009, 0.032), h]
            part: dict[str, Any] = {
                'shape': 'box',
                'size': size,
                'euler': [0, 0, u(0, 180) if storey and r.random() < 0.3 else 0],
            }
            reach = size[0]
        else:
            reach = u(0.008, 0.032)
            part = {'shape': 'cylinder', 'size': [reach, h]}
        if storey == 0:
            wide = reach
        part['pos'] = [u(-0.3, 0.3) * wide if storey and r.random() < 0.4 else 0, 0, top + h]
        top += 2 * h
        parts.append(part)
        if top > 0.075:
            break
    if r.random() < 0.35:
        a = u(0.008, 0.018)
        parts.append({'shape': str(r.choice(['sphere', 'capsule'])), 'size': [a], 'pos': [0, 0, top + 0.6 * a]})
        if parts[-1]['shape'] == 'capsule':
            parts[-1].update(size=[a * 0.7, u(0.006, 0.016)], euler=[0, 90, 0])
    if len(parts) < 2 or r.random() < 0.35:
        size = [u(0.006, 0.016), u(0.005, 0.02), u(0.006, 0.02)]
        angle = u(-np.pi, np.pi) if r.random() < 0.4 else r.choice([0, np.pi / 2, np.pi, -np.pi / 2])
        out = wide + 0.6 * size[0]
        parts.append(
            {
                'shape': 'box',
                'size': size,
                'pos': [out * np.cos(angle), out * np.sin(angle), size[2]],
                'euler': [0, 0, np.degrees(angle)],
            }
        )
        if r.random() < 0.3:
            parts.append({**parts[-1], 'pos': [-out * np.cos(angle), -out * np.sin(angle), size[2]]})
    middle = top / 2
    for part in parts:
        part['pos'] = [part['pos'][0], part['pos'][1], part['pos'][2] - middle]
    return 'built', parts


def row(r: np.random.Generator) -> tuple[str, list[dict[str, Any]]]:
    """Two or three boxes or standing cylinders side by side, of different width and height."""
    u = r.uniform
    parts: list[dict[str, Any]] = []
    at = 0.0
    for _ in range(r.integers(2, 4)):
        half = u(0.008, 0.024)
        if r.random() < 0.75:
            part: dict[str, Any] = {'shape': 'box', 'size': [half, u(0.009, 0.03), u(0.01, 0.032)]}
        else:
            part = {'shape': 'cylinder', 'size': [half, u(0.01, 0.032)]}
        low = u(0, 0.012) if parts and r.random() < 0.3 else 0
        part['pos'] = [at + half, 0, part['size'][-1] + low]
        at += 2 * half * u(0.85, 1)
        parts.append(part)
    for part in parts:
        part['pos'][0] -= at / 2
        part['pos'][2] -= 0.02
    return 'built', parts


def paint(r: np.random.Generator, rgb: list[float]) -> str:
    """A paint near a colour, because one word names many paints."""
    light = r.uniform(0.9, 1.1)
    return '#' + ''.join(f'{round(255 * min(1, max(0, c * light + r.normal(0, 0.015)))):02x}' for c in rgb)


def draw(seed: int, count: int = 24) -> list[dict[str, Any]]:
    """The list of an objects file. It depends on the seed alone."""
    r = np.random.default_rng((seed, 11))
    words = list(r.permutation(NAMED)[: round(0.7 * count)])
    words += list(r.permutation([c for c in COLOURS if c not in NAMED])[: count - len(words) - 3])
    words += list(r.choice(words, 3, replace=False))
    objects: list[dict[str, Any]] = []
    names: set[str] = set()
    said: dict[str, str] = {}
    for word in words:
        # Two objects of one colour are both plain and named by their shape, because otherwise nobody could tell them
        # apart.
        twice = words.count(word) > 1
        while True:
            how = 0.0 if twice else r.random()
            kind, parts = plain(r) if how < 0.4 else built(r) if how < 0.75 else row(r)
            clear = kind in NOUNS and (twice or r.random() < 0.7)
            noun = str(r.choice(NOUNS[kind] if clear else VAGUE))
            if f'{word} {noun}' not in names and said.get(word) != kind:
                break
        names.add(f'{word} {noun}')
        said[word] = kind
        objects.append(thing(r, word, noun, parts))
    return objects


def draw_twins(seed: int) -> list[dict[str, Any]]:
    """Two or three distinct colours, each in all shapes that can be told apart, and one thing of another colour.

    The name of that thing may say nothing. The list depends on the seed alone.
    """
    r = np.random.default_rng((seed, 12))
    words: list[str] = []
    for word in r.permutation(list(COLOURS)):
        if all(np.linalg.norm(np.subtract(COLOURS[word], COLOURS[other])) > 0.3 for other in words):
            words.append(str(word))
    objects: list[dict[str, Any]] = []
    shared = int(r.integers(2, 4))
    for word in words[:shared]:
        for group in APART:
            kind, parts = plain(r, str(r.choice(group)))
            objects.append(thing(r, word, str(r.choice(NOUNS[kind])), parts))
    objects.append(thing(r, words[shared], str(r.choice(VAGUE)), built(r)[1]))
    return objects


def thing(r: np.random.Generator, word: str, noun: str, parts: list[dict[str, Any]]) -> dict[str, Any]:
    """An entry of an objects file: paint, mass, friction and crush limit for parts of one colour."""
    fragile = r.random() < 0.3
    low = float(r.uniform(0.05, 0.2 if fragile else 0.6))
    crush = [36, 60] if fragile else [80, 220]
    grip = float(r.uniform(0.4, 0.7) if fragile else r.uniform(0.1, 0.5))
    hexed = paint(r, COLOURS[word])
    return {
        'name': f'{word} {noun}',
        'colour': word if word in NAMED else hexed,
        'mass': [round(low, 3), round(low + (0.1 if fragile else 0.9), 3)],
        'friction': [round(grip, 3), round(grip + 0.3, 3)],
        'crush': crush,
        'parts': [
            {
                k: [round(float(v), 4) for v in part[k]] if k != 'shape' else part[k]
                for k in ('shape', 'size', 'pos', 'euler')
                if k in part
            }
            | {'colour': hexed}
            for part in parts
        ],
    }


#: The functions that draw objects, by the name of the set in collect.py.
KINDS = {'practice': draw, 'twins': draw_twins}


def write(seed: int, path: Path, kind: str = 'practice') -> None:
    """Writes JSON, which is YAML. The file is complete or does not exist."""
    part = path.with_suffix('.part')
    part.write_text('[\n' + ',\n'.join('  ' + json.dumps(o) for o in KINDS[kind](seed)) + '\n]\n')
    part.rename(path)


if __name__ == '__main__':
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('--seed', type=whole(0), required=True)
    p.add_argument(
        '--twins', action='store_true', help='few colours in several shapes, and one thing of another colour'
    )
    p.add_argument('--out', type=Path, required=True)
    a = p.parse_args()
    try:
        write(a.seed, a.out, 'twins' if a.twins else 'practice')
    except OSError as error:
        raise SystemExit(f'--out {a.out}: {error.strerror}') from None
