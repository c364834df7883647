import json
import unittest
from pathlib import Path

import numpy as np

from sets import WORDS, temporary, write

from data import Dataset, camera_file
from geometry import Geometry
from loader import Loader


class Folders(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = temporary(self)

    def held(self, data: Dataset) -> set[tuple[str, int]]:
        return {(data.folders[e >> 20], e & 0xFFFFF) for e in data.episode[data.held_out].tolist()}

    def test_a_later_round_holds_out_what_an_earlier_one_held_out(self) -> None:
        for i in range(3):
            write(self.folder / f'a{i}', 40, rows=2, seed=i, side=16)
        one, all_three = Dataset([str(self.folder / 'a1')]), Dataset([str(self.folder)])
        self.assertEqual(self.held(one), {e for e in self.held(all_three) if e[0] == 'a1'})
        # One of 20 on average, of 120 episodes: within 5 standard deviations.
        self.assertLess(abs(len(self.held(all_three)) - 6), 5 * 2.4)
        self.assertEqual(len(all_three.train) + len(all_three.held_out), len(all_three))
        self.assertFalse(set(all_three.train) & set(all_three.held_out))

    def test_two_episodes_still_hold_one_out_and_one_is_refused(self) -> None:
        write(self.folder / 'b', 2, side=16)
        self.assertEqual(len(self.held(Dataset([str(self.folder)]))), 1)
        write(self.folder / 'c/c', 1, side=16)
        with self.assertRaisesRegex(SystemExit, 'nothing is left to train on'):
            Dataset([str(self.folder / 'c')])

    def test_rows_after_the_last_result_belong_to_no_episode(self) -> None:
        for name, number in (('f', -1), ('g', 5)):
            episode = np.load(write(self.folder / name / name, 6, rows=4, side=16) / 'episode.npy')
            episode[-4:] = number
            np.save(self.folder / name / name / 'episode.npy', episode)
        cut, complete = Dataset([str(self.folder / 'f')]), Dataset([str(self.folder / 'g')])
        self.assertEqual([(d.episodes, len(d)) for d in (cut, complete)], [(5, 20), (6, 24)])
        self.assertEqual(len(cut.batch(np.arange(20))['aux']), 20)
        # Pictures stay on disk.
        self.assertIsInstance(Dataset([str(self.folder / 'f')], in_memory=False).parts[0]['rgb'], np.memmap)
        # A recording without results is one episode.
        np.save(self.folder / 'g/g/episode.npy', np.full(24, -1))
        np.save(self.folder / 'f/f/episode.npy', np.full(24, -1))
        self.assertEqual(Dataset([str(self.folder / 'f'), str(self.folder / 'g')]).episodes, 2)

    def test_the_digest_depends_on_every_folder(self) -> None:
        for i in range(2):
            write(self.folder / f'd{i}', 3, seed=i, side=16)
        before = Dataset([str(self.folder)]).sha256()
        chunk = np.load(self.folder / 'd1/action_chunk.npy')
        chunk[-1, -1, -1] += 1
        np.save(self.folder / 'd1/action_chunk.npy', chunk)
        self.assertNotEqual(Dataset([str(self.folder)]).sha256(), before)

    def test_bad_folders_are_refused_with_one_line(self) -> None:
        good = write(self.folder / 'e0', 3, side=16)
        with self.assertRaisesRegex(SystemExit, 'no dataset.json under .*nowhere'):
            Dataset([str(self.folder / 'nowhere')])
        with self.assertRaisesRegex(SystemExit, '--stride 0'):
            Dataset([str(good)], stride=0)
        (good / 'aux.npy').write_bytes(b'no numpy')
        with self.assertRaisesRegex(SystemExit, 'aux.npy: no array of a data set'):
            Dataset([str(good)])
        (good / 'aux.npy').unlink()
        with self.assertRaisesRegex(SystemExit, 'aux.npy: no array of a data set'):
            Dataset([str(good)])
        other = write(self.folder / 'e1', 3, side=16)
        meta = json.loads((other / 'dataset.json').read_text())
        meta['contract']['robot']['sha256'] = '11'
        (other / 'dataset.json').write_text(json.dumps(meta))
        write(self.folder / 'e2', 3, side=16)
        with self.assertRaisesRegex(SystemExit, 'made under another translation'):
            Dataset([str(other), str(self.folder / 'e2')])

    def test_a_file_without_a_camera_is_refused_with_one_line(self) -> None:
        self.assertIsNone(camera_file(None))
        for text in (None, 'no json', '[]', '{"fovy_deg": 60}', '{"fovy_deg": 60, "tool_T_camera": [[1, 0], [0, 1]]}'):
            path = self.folder / 'camera.json'
            if text is not None:
                path.write_text(text)
            with self.assertRaisesRegex(SystemExit, 'camera.json: no camera'):
                camera_file(str(path))

    def test_the_nth_batch_depends_on_seed_and_n_alone(self) -> None:
        data = Dataset([str(write(self.folder / 'f', 8, side=16))])
        first = [next(loader) for loader in [Loader(data, 4, 3, 0, 0.5, 0.2, WORDS, 0.6)] for _ in range(4)]
        later = next(Loader(data, 4, 3, 3, 0.5, 0.2, WORDS, 0.6))
        for name, value in first[3].items():
            self.assertTrue(value.equal(later[name]), name)
        self.assertFalse(first[2]['rgbd'].equal(later['rgbd']))

    def test_a_noun_that_decides_is_never_reworded_or_forgotten(self) -> None:
        nouns = {WORDS.index(w) for w in ('box', 'ball')}
        unsaid = {}
        for objects in ('twins', 'practice'):
            folder = write(self.folder / objects, 8, side=16)
            (folder / 'scene.json').write_text(json.dumps({'objects': objects}))
            loader = Loader(Dataset([str(folder)]), 64, 3, 0, 0.5, 0, WORDS, 1)
            events = np.concatenate([next(loader)['voice_tokens'].numpy()[:, :8] for _ in range(10)])
            loader.close()
            unsaid[objects] = sum(not nouns & set(event.tolist()) for event in events)
        self.assertEqual(unsaid['twins'], 0)
        self.assertGreater(unsaid['practice'], 10)

    def test_an_error_in_the_thread_is_raised_where_the_batch_is_asked_for(self) -> None:
        data = Dataset([str(write(self.folder / 'g', 4, side=16))])
        loader = Loader(data, 4, 0, 0, 0.5, 0.2, WORDS, 0)
        for _ in range(5):
            next(loader)
        # Only the thread reads this.
        data.parts[0].pop('voice_age')
        with self.assertRaises(KeyError):
            for _ in range(10):
                next(loader)

    def test_a_camera_that_does_not_see_the_targets_is_refused(self) -> None:
        folder = write(self.folder / 'i', 20, side=16)
        camera = json.loads((Path(__file__).parents[2] / 'cell-camera.json').read_text())
        geometry = Geometry(16, 16, camera)
        r = np.random.default_rng(0)
        aux = np.load(folder / 'aux.npy')
        rays = np.stack(
            [r.uniform(-0.4, 0.4, len(aux)), r.uniform(-0.4, 0.4, len(aux)), np.ones(len(aux))], 1
        ) * r.uniform(0.1, 0.4, (len(aux), 1))
        aux[:, :3] = rays @ geometry.pose[:3, :3].numpy().T + geometry.pose[:3, 3].numpy()
        np.save(folder / 'aux.npy', aux)
        self.assertEqual(Dataset([str(folder)], camera=camera).check['targets_inside'], 1)
        # This is a body frame of ROS: x forward, z up.
        pose = np.array(camera['tool_T_camera'])
        flipped = {**camera, 'tool_T_camera': (pose @ np.diag([1, -1, -1, 1])).tolist()}
        with self.assertRaisesRegex(SystemExit, 'optical frame'):
            Dataset([str(folder)], camera=flipped)

    def test_rare_phases_and_objects_are_drawn_more_often(self) -> None:
        data = Dataset([str(write(self.folder / 'h', 20, side=16))])
        column = data.column('aux')
        column[:, :3] = [0.2, 0, 0]
        column[::10, :3] = [0.01, 0, 0]
        data.parts[0]['aux'] = column
        data.parts[0]['success'][:] = 1
        tokens = data.column('voice_tokens')[data.train]
        near = np.linalg.norm(column[data.train, :3], axis=1) < 0.1
        red = tokens[:, 2] == WORDS.index('red')
        w = data.sampling_weights(WORDS, 1)
        # From the definition: one over the count of the phase, times one over the count of the object.
        slow = np.array([1 / (near == a).sum() / (red == b).sum() for a, b in zip(near, red, strict=True)])
        np.testing.assert_allclose(w, slow / slow.sum(), rtol=1e-9)
        np.testing.assert_allclose(data.sampling_weights(WORDS, 0), np.full(len(near), 1 / len(near)))
        # In hand the effort decides about the phase.
        column[:, 4:6] = 1
        data.parts[0]['aux'] = column
        data.parts[0]['action_chunk'][:, 0, 5] = 30
        data.parts[0]['action_chunk'][::10, 0, 5] = 60
        tight = data.column('action_chunk')[data.train, 0, 5] > 35
        slow = np.array([1 / (tight == a).sum() / (red == b).sum() for a, b in zip(tight, red, strict=True)])
        np.testing.assert_allclose(data.sampling_weights(WORDS, 1), slow / slow.sum(), rtol=1e-9)

    def test_a_share_of_the_rows_comes_from_glimpses_whose_success_does_not_count(self) -> None:
        whole, glimpse = write(self.folder / 'j', 20, side=16), write(self.folder / 'k', 20, side=16, seed=1)
        (glimpse / 'scene.json').write_text(json.dumps({'at_most': '150 ms'}))
        np.save(glimpse / 'success.npy', np.zeros(120, np.uint8))
        data = Dataset([str(whole), str(glimpse)])
        judged = data.column('judged')[data.train]
        self.assertEqual(judged.sum(), np.isin(data.train, range(120)).sum())
        plain, shared = (data.sampling_weights(WORDS, 0, share) for share in (None, 0.8))
        won = data.column('success')[data.train] > 0
        np.testing.assert_allclose(plain[judged == 0], plain[won][0])
        self.assertAlmostEqual(shared[judged == 0].sum(), 0.8)
        np.testing.assert_allclose(shared[judged == 1] / plain[judged == 1], 0.2 / plain[judged == 1].sum())
        # Where all rows or none are glimpses, the share does not apply.
        for folder, share in ((whole, 1), (glimpse, 0)):
            only = Dataset([str(folder)])
            np.testing.assert_allclose(only.sampling_weights(WORDS, 0.5, share), only.sampling_weights(WORDS, 0.5))
        loader = Loader(data, 4, 0, 0, 0, 0, WORDS, 0, glimpses=0.8)
        loader.close()
        np.testing.assert_allclose(loader.cumulative, np.cumsum(shared))


if __name__ == '__main__':
    unittest.main()
