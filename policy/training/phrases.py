"""The same command in other words.

Demonstrations use few phrases; people use many.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

PAD = 0
PLAIN = (
    'pick {}', 'pick up {}', 'take {}', 'grab {}', 'get {}', 'lift {}', 'fetch {}', 'grasp {}', 'hold {}', 'give me {}',
    'hand me {}', 'bring me {}', 'please get {}', 'please fetch {}', 'can you take {}', 'could you grab {}',
    'would you pick up {}', 'i want {}', 'i need {}', 'i would {}', 'now {}', '{} please', '{} now', 'go get {}',
    'reach {}', 'just take {}', 'now lift {}', 'let us take {}', 'you may pick {}', 'get hold of {}', '{}',
)  # fmt: skip
GENTLE = (
    'gently take {}', 'gently pick up {}', 'carefully lift {}', 'softly grab {}', 'please gently get {}',
    'take {} gently', 'pick {} carefully', 'be careful with {}', 'lift {} softly', 'gently gently {}',
    'carefully get {}', 'could you gently take {}',
)  # fmt: skip
CORRECTION = (
    'no {}', 'no no {}', 'not that {}', 'sorry {}', 'sorry i meant {}', 'i mean {}', 'wrong one {}', 'actually {}',
    'rather {}', '{} instead', 'no take {}', 'no i want {}', 'change to {}', 'wait {}', 'nope {}', 'no get {}',
    'not this one {}',
)  # fmt: skip
ARTICLES = ('the', 'the', 'the', 'that', 'a', 'this', '')


class Phrases:
    """Rewords events of token indices. `vocabulary`: words by index; the first two are padding and unknown."""

    def __init__(self, vocabulary: list[str]) -> None:
        index = {w: i for i, w in enumerate(vocabulary)}

        def code(text: str) -> list[int]:
            return [index.get(w, 1) for w in text.split()]

        def cut(templates: tuple[str, ...]) -> list[tuple[list[int], list[int]]]:
            halves = (template.split('{}') for template in templates)
            return [(code(before), code(after)) for before, after in halves]

        self.plain, self.gentle, self.correction = cut(PLAIN), cut(GENTLE), cut(CORRECTION)
        self.articles = [code(a) for a in ARTICLES]
        self.the, self.no, self.one = index['the'], index['no'], index['one']
        self.careful = {index[w] for w in ('gently', 'carefully', 'softly', 'careful')}

    @property
    def words(self) -> set[int]:
        """All words that rewording may say."""
        templates = (half for t in (*self.plain, *self.gentle, *self.correction) for half in t)
        return {w for said in (*templates, *self.articles, [self.one]) for w in said}

    def reword(self, event: NDArray[Any], r: np.random.Generator, noun: bool = False) -> None:
        """Rewords one event [words], in place. An event without "the", such as "stop", stays as it is.

        `noun`: the colour does not tell which thing is meant, so the noun is always said.
        """
        words = [int(t) for t in event if t != PAD]
        if self.the not in words:
            return
        at = words.index(self.the)
        meant = words[at + 1 :]
        if not meant:
            return
        if len(meant) == 2 and r.random() < 0.06 and not noun:
            meant = [meant[0], self.one]
        if words[0] == self.no:
            templates = self.correction
        elif self.careful & set(words):
            templates = self.gentle
        else:
            templates = self.plain
        before, after = templates[r.integers(len(templates))]
        said = [*before, *self.articles[r.integers(len(self.articles))], *meant, *after]
        event[:] = PAD
        event[: min(len(said), len(event))] = said[: len(event)]


def colour_table(vocabulary: list[str]) -> NDArray[Any]:
    """[V,4]: r, g, b of each word that is a colour (colours.json), and 1 there. Zeros elsewhere."""
    colours = json.loads((Path(__file__).parents[1] / 'colours.json').read_text())
    table = np.zeros((len(vocabulary), 4), np.float32)
    for i, word in enumerate(vocabulary):
        if word in colours:
            table[i] = [*colours[word], 1]
    return table
