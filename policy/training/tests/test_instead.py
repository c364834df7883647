import json
import unittest
from pathlib import Path

import numpy as np
import torch

import sets

from augmentation import instead
from data import Dataset
from loader import Loader


class Instead(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = sets.temporary(self)

    def made(self, name: str) -> Path:
        """A data set in which every other row has an answer to another command."""
        folder = sets.write(self.folder / name, 8, side=16)
        rows = len(np.load(folder / 'aux.npy'))
        other = np.arange(rows) % 2
        tokens = np.zeros((rows, 8), np.int64)
        tokens[:, :4] = [sets.WORDS.index(w) for w in ('take', 'the', 'plum', 'pill')]
        np.save(folder / 'instead_tokens.npy', tokens * other[:, None])
        np.save(
            folder / 'instead_chunk.npy',
            np.full((rows, 10, 6), 7, np.float32) * other[:, None, None].astype(np.float32),
        )
        np.save(
            folder / 'instead_aux.npy',
            np.tile(np.array([0.1, 0, 0.2, 0, 1, 0], np.float32), (rows, 1)) * other[:, None].astype(np.float32),
        )
        return folder

    def test_a_row_with_another_command_is_told_it_and_gets_its_answer(self) -> None:
        data = Dataset([str(self.made('a'))])
        rows = np.arange(12)
        told, before = data.batch(rows), data.batch(rows)
        told['voice_age'][3] = -1
        instead(told, 1, np.random.default_rng(0))
        for row in range(12):
            other = row % 2 == 1 and row != 3
            words = [sets.WORDS[t] for t in told['voice_tokens'][row, :8] if t]
            self.assertEqual(words == ['take', 'the', 'plum', 'pill'], other)
            self.assertEqual(bool((told['action_chunk'][row] == 7).all()), other)
            self.assertEqual(bool((told['aux'][row] == before['aux'][row]).all()), not other)
            torch.testing.assert_close(told['instead_aux'][row], before['aux' if other else 'instead_aux'][row])
        torch.testing.assert_close(told['rgbd'], before['rgbd'])

    def test_nouns_of_both_things_are_kept_where_nouns_say_what_a_thing_is(self) -> None:
        for objects, tell in (('twins', True), ('practice', False)):
            folder = self.made(objects)
            (folder / 'scene.json').write_text(json.dumps({'objects': objects}))
            data = Dataset([str(folder)])
            before, told = data.batch(np.arange(12)), data.batch(np.arange(12))
            instead(told, 1, np.random.default_rng(0))
            for row in range(12):
                words = [sets.WORDS[t] for t in before['voice_tokens'][row, :8] if t]
                nouns = [sets.WORDS.index(words[-1]), row % 2 * sets.WORDS.index('pill')] if tell else [0, 0]
                self.assertEqual(before['nouns'][row].tolist(), nouns)
                self.assertEqual(told['nouns'][row].tolist(), nouns[::-1] if row % 2 else nouns)

    def test_a_vague_noun_counts_as_no_noun(self) -> None:
        folder = self.made('vague')
        (folder / 'scene.json').write_text(json.dumps({'objects': 'twins'}))
        tokens = np.load(folder / 'voice_tokens.npy')
        tokens[2, :4] = [sets.WORDS.index(w) for w in ('pick', 'the', 'red', 'thing')]
        np.save(folder / 'voice_tokens.npy', tokens)
        nouns = Dataset([str(folder)]).column('nouns')[:, 0]
        self.assertEqual(np.flatnonzero(nouns == 0).tolist(), [2])

    def test_the_share_counts_only_rows_with_another_command(self) -> None:
        data = Dataset([str(self.made('b'))])
        loader = Loader(data, 64, 3, 0, 0, 0, sets.WORDS, 0, others=0.5)
        told = torch.cat([(next(loader)['action_chunk'] == 7).all((1, 2)) for _ in range(20)]).float().mean()
        loader.close()
        self.assertAlmostEqual(float(told), 0.25, delta=0.05)

    def test_sets_without_other_commands_stay_as_they_are(self) -> None:
        data = Dataset([str(sets.write(self.folder / 'c', 8, side=16))])
        told, before = data.batch(np.arange(8)), data.batch(np.arange(8))
        instead(told, 1, np.random.default_rng(0))
        for name, value in before.items():
            torch.testing.assert_close(told[name], value)

    def test_words_of_commands_that_were_not_given_count_as_heard_where_they_are_used(self) -> None:
        data = Dataset([str(self.made('d'))])
        plum = sets.WORDS.index('plum')
        self.assertNotIn(plum, data.words())
        self.assertIn(plum, data.words(instead=True))

    def test_another_thing_that_is_not_in_sight_has_no_answer(self) -> None:
        folder = self.made('e')
        camera = json.loads((Path(__file__).parents[2] / 'cell-camera.json').read_text())
        aux = np.load(folder / 'instead_aux.npy')
        aux[1, :3] = 0.5, 0, 0.1
        np.save(folder / 'instead_aux.npy', aux)
        ahead = np.array(camera['tool_T_camera']) @ [0, 0, 0.3, 1]
        aim = np.load(folder / 'aux.npy')
        aim[:, :3] = ahead[:3]
        np.save(folder / 'aux.npy', aim)
        aux[3, :3] = ahead[:3]
        np.save(folder / 'instead_aux.npy', aux)
        there = Dataset([str(folder)], camera=camera).column('instead_aux')[:, 4]
        self.assertEqual([there[1], there[3]], [0, 1])
