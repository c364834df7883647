import json
import math
import unittest
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from sets import WORDS, temporary, write

from data import Dataset
from geometry import Geometry
from loader import Loader
from phrases import colour_table
from sight import OPEN, SINK, SPEED, TRANSIT, Absent, lookout, out_of_sight, retreat

HERE = Path(__file__).parents[2]
CAMERA = json.loads((HERE / 'cell-camera.json').read_text())
COLOURS = colour_table(WORDS)


def pose(x: float, y: float, z: float, yaw: float) -> NDArray[Any]:
    """A tool that looks down: half a turn about x, then `yaw` about its own z."""
    return np.array([[x, y, z, math.cos(yaw / 2), -math.sin(yaw / 2), 0, 0, 0.085]], np.float32)


class Sight(unittest.TestCase):
    def test_a_place_is_out_of_sight_where_the_camera_does_not_look(self) -> None:
        geometry = Geometry(64, 64, CAMERA)
        turn, at = geometry.pose[:3, :3].numpy(), geometry.pose[:3, 3].numpy()
        half = math.tan(math.radians(CAMERA['fovy_deg'] / 2))
        for across, down, z, hidden in (
            (0, 0, 0.3, False),
            (half, 0, 0.3, False),
            (0, half, 0.3, False),
            (1.2 * half, 0, 0.3, True),
            (0, -1.2 * half, 0.3, True),
            (0, 0, -0.3, True),
        ):
            place = turn @ np.array([across * z, down * z, z]) + at
            aux = np.array([[*place, 0, 1, 0]], np.float32)
            self.assertEqual(out_of_sight(aux, geometry).tolist(), [hidden], (across, down, z))
            # Nothing is out of sight where nothing is meant, or where it is in the hand.
            for flags in ([0, 0], [1, 1]):
                self.assertEqual(out_of_sight(np.array([[*place, 0, *flags]], np.float32), geometry).tolist(), [False])

    def test_the_retreat_ends_at_the_lookout_and_goes_up_first(self) -> None:
        to = np.array([0.02, -0.03, 0.28])
        for x, y, z, yaw in ((0.1, 0.1, 0.05, 0.7), (-0.2, 0.1, 0.2, -2.5), (0.02, -0.03, 0.28, 1.0), (0.1, 0, 0.4, 0)):
            p = pose(x, y, z, yaw)
            way = retreat(p, to, 90)[0]
            # Back into the base frame, for a tool that looks down.
            c, s = math.cos(yaw), math.sin(yaw)
            base = np.stack([x + way[:, 0] * c - way[:, 1] * s, y - way[:, 0] * s - way[:, 1] * c, z - way[:, 2]], 1)
            np.testing.assert_allclose(base[-1], to, atol=1e-4)
            steps = np.diff(np.vstack([[x, y, z], base]), axis=0) * 30
            self.assertLess(np.linalg.norm(steps[:, :2], axis=1).max(), SPEED + 1e-3)
            self.assertLess(np.abs(steps[:, 2]).max(), SINK + 1e-3)
            low = np.vstack([[x, y, z], base])[:-1, 2] < TRANSIT - 1e-6
            self.assertLess(np.abs(steps[low, :2]).max(initial=0), 1e-3)

    def test_a_target_out_of_sight_is_answered_with_the_retreat(self) -> None:
        folder = write(temporary(self) / 'a', 4)
        aux, chunk = np.load(folder / 'aux.npy'), np.load(folder / 'action_chunk.npy')
        aux[:, :3] = [0, 0, 0.1]
        away, held, other = 4, 9, 14
        aux[[away, held, other], :3] = [-0.6, 0, 0.05]
        aux[held, 5] = 1
        # Another thing is in the hand, and the expert puts it down.
        chunk[other, :3, 4] = 0
        np.save(folder / 'aux.npy', aux)
        np.save(folder / 'action_chunk.npy', chunk)
        data = Dataset([str(folder)], camera=CAMERA)
        np.testing.assert_allclose(
            data.lookout, lookout(np.load(folder / 'episode.npy'), np.load(folder / 'proprioception.npy'))
        )
        batch = data.batch(np.arange(len(data)))
        self.assertEqual(np.flatnonzero(batch['answered'].numpy() == 0).tolist(), [away])
        for name in ('aux', 'success', 'alone'):
            self.assertFalse(batch[name][away].any(), name)
        self.assertTrue(batch['judged'][away])
        rest = np.delete(np.arange(len(data)), away)
        np.testing.assert_array_equal(batch['action_chunk'][rest], chunk[rest])
        np.testing.assert_array_equal(batch['action_chunk'][away, :, 4], np.float32(OPEN))
        np.testing.assert_allclose(
            batch['action_chunk'][away, :, :3],
            retreat(np.load(folder / 'proprioception.npy')[[away]], data.lookout, 10)[0],
            atol=1e-6,
        )
        # Without a camera it is unknown what is in sight.
        self.assertTrue(Dataset([str(folder)]).batch(np.arange(3))['answered'].all())

    def test_only_colours_that_are_not_in_the_picture_are_asked_for(self) -> None:
        asking = Absent(COLOURS)

        def paint(word: str) -> torch.Tensor:
            return torch.from_numpy(COLOURS[WORDS.index(word), :3])

        picture = paint('grey')[:, None, None].expand(3, 64, 64).clone()
        picture[:, 10:30, 10:30] = paint('red')[:, None, None] * 0.7
        unseen = {WORDS[i] for i in asking.unseen(picture)}
        self.assertFalse({'red', 'grey', 'scarlet'} & unseen)
        self.assertTrue({'green', 'blue', 'yellow'} <= unseen)

    def test_a_command_for_an_absent_thing_is_answered_with_the_retreat(self) -> None:
        folder = write(temporary(self) / 'a', 8)
        data = Dataset([str(folder)])
        for part in data.parts:
            part['rgb'][:] = 120
        for absent, asked in ((0, 0), (1, 16)):
            batch = next(Loader(data, 16, 1, 0, 0.5, 0.0, WORDS, 0, absent))
            self.assertEqual(int((batch['answered'] == 0).sum()), asked)
        words = [[WORDS[t] for t in row[:8] if t] for row in batch['voice_tokens'].tolist()]
        for said in words:
            self.assertEqual(len(said), 4)
            self.assertGreater(COLOURS[WORDS.index(said[2]), 3], 0)
            self.assertNotIn(said[2], ('grey', 'white', 'black'))
        self.assertFalse(batch['aux'].any())

    def test_no_absent_colour_is_asked_for_without_colours_without_words_or_with_a_full_hand(self) -> None:
        folder = write(temporary(self) / 'a', 8)
        data = Dataset([str(folder)])
        rows = np.arange(24)
        batch = data.batch(rows)
        batch['rgbd'][:, :3] = 0.5
        batch['modality_mask'][0:6, 0] = 0
        batch['modality_mask'][6:12, 3] = 0
        batch['action_chunk'][12:18, 5:, 4] = 0
        said = batch['voice_tokens'].clone()
        Absent(COLOURS).ask(batch, 1, data.lookout, np.random.default_rng(0))
        self.assertEqual(batch['answered'].tolist(), [1] * 18 + [0] * 6)
        changed = (batch['voice_tokens'] != said).nonzero().tolist()
        # Only the colour changes. A changed noun would tell that the thing is absent.
        self.assertEqual(changed, [[row, 2] for row in range(18, 24)])


if __name__ == '__main__':
    unittest.main()
