import itertools
import tempfile
import unittest
from pathlib import Path

import numpy as np

import sets  # noqa: F401 - it puts the folder of what is tested on the path

import practice


class Practice(unittest.TestCase):
    def test_the_same_seed_gives_the_same(self) -> None:
        for draw in practice.KINDS.values():
            self.assertEqual(draw(5), draw(5))
            self.assertNotEqual(draw(5), draw(6))

    def test_colour_and_shape_together_identify_a_twin_and_neither_does_alone(self) -> None:
        group = {noun: i for i, kinds in enumerate(practice.APART) for kind in kinds for noun in practice.NOUNS[kind]}
        for seed in range(50):
            *named, (own, vague) = [o['name'].split() for o in practice.draw_twins(seed)]
            colours = {colour for colour, _ in named}
            self.assertIn(len(colours), (2, 3))
            self.assertNotIn(own, colours)
            self.assertIn(vague, practice.VAGUE)
            for colour in colours:
                self.assertEqual(len({group[noun] for word, noun in named if word == colour}), len(practice.APART))
            self.assertLess(len({group[noun] for _, noun in named}), len(named))
            for one, other in itertools.combinations({*colours, own}, 2):
                self.assertGreater(np.linalg.norm(np.subtract(practice.COLOURS[one], practice.COLOURS[other])), 0.3)

    def test_a_file_is_complete(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / 'objects.yaml'
            practice.write(4, path, 'twins')
            self.assertEqual([p.name for p in Path(folder).iterdir()], ['objects.yaml'])
