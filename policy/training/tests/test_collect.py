import argparse
import contextlib
import dataclasses
import io
import json
import os
import unittest
import unittest.mock
from typing import Any

import sets

import collect
from recording import ROOT, Recording


class Collecting(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = sets.temporary(self)

    def ended(self, *arguments: str) -> tuple[object, str]:
        """Exit code and last line of what it says."""
        said = io.StringIO()
        with (
            unittest.mock.patch('sys.argv', ['collect.py', '--out', str(self.folder / 'data'), *arguments]),
            contextlib.redirect_stdout(said),
            contextlib.redirect_stderr(said),
            self.assertRaises(SystemExit) as end,
        ):
            collect.main()
        return end.exception.code, said.getvalue().splitlines()[-1]

    def made(self, name: str, scene: dict[str, Any] | None) -> None:
        folder = self.folder / 'data' / name
        folder.mkdir(parents=True)
        (folder / 'dataset.json').write_text('{}')
        if scene is not None:
            (folder / 'scene.json').write_text(json.dumps(scene))

    def test_an_existing_set_is_not_made_again_and_one_with_other_options_is_refused(self) -> None:
        scene = {'objects': 'seen', 'count': 0, 'policy': 'expert', 'perturb': 0.0, 'episodes': 5, 'robot': 'cell'}
        self.made('s7-p0', scene)
        given = ('--seed', '7', '--episodes', '5', '--per-job', '5')
        code, line = self.ended(*given)
        self.assertEqual([code, json.loads(line)['recordings']], [0, 1])
        for more, what in (
            (('--policy', 'other.onnx'), r'--policy \(expert\)'),
            (('--objects', 'practice'), r'--objects \(seen\)'),
            (('--count', '1'), r'--count \(0\)'),
            (('--per-job', '6'), r'--per-job \(5\)'),
            (('--robot', 'mine.yaml'), r'--robot \(cell\)'),
            (('--at-most', '200 ms'), r'--at-most \(none\)'),
        ):
            code, line = self.ended(*given, *more)
            self.assertEqual(code, 2)
            self.assertRegex(line, f'^collect.py: .*s7-p0: was made with another {what}')
        self.made('s8-p0', None)
        self.assertRegex(self.ended(*given, '--seed', '8')[1], '^collect.py: .*s8-p0: has no scene.json')

    def test_a_model_is_identified_by_its_content_and_not_by_its_path(self) -> None:
        models = [self.folder / name for name in ('one.onnx', 'same.onnx', 'other.onnx')]
        for model, content in zip(models, (b'one', b'one', b'other'), strict=True):
            model.write_bytes(content)
        given = ('--seed', '7', '--episodes', '5', '--per-job', '5')
        mine = Recording('s7-p0', 7, 0.0, 5, str(models[0]), 'seen', 'seen', 0, 'cell')
        self.made('s7-p0', json.loads(mine.scene))
        self.assertEqual(self.ended(*given, '--policy', str(models[1]))[0], 0)
        code, line = self.ended(*given, '--policy', str(models[2]))
        self.assertEqual(code, 2)
        self.assertIn('another --policy', line)

    def test_a_glimpse_is_recorded_with_its_time_limit(self) -> None:
        whole = Recording('s7-p0', 7, 0.0, 5, 'expert', 'seen', 'seen', 0, 'cell')
        glimpse = dataclasses.replace(whole, at_most='150 ms')
        run = glimpse.commands('bag', 'out')[0]
        self.assertEqual(run[run.index('--at-most') + 1], '150 ms')
        self.assertNotIn('--at-most', whole.commands('bag', 'out')[0])
        self.assertEqual([collect.duration(text) for text in ('150 ms', '0.15 s', '150ms')], ['150 ms'] * 3)
        for text in ('150', '0 s', '-1 s', 'soon'):
            self.assertIn('argument --at-most: ', self.ended('--at-most', text)[1])

    def test_a_set_is_moved_to_its_place_once_it_is_complete(self) -> None:
        mine = Recording('s7-p0', 7, 0.0, 5, 'expert', 'seen', 'seen', 0, 'cell')
        (mine.part(self.folder) / 's7-p0').mkdir(parents=True)
        (mine.part(self.folder) / 's7-p0' / 'dataset.json').write_text('{}')
        (self.folder / 's7-p0').mkdir()
        mine.land(self.folder)
        self.assertEqual([path.name for path in self.folder.iterdir()], ['s7-p0'])
        mine.check(self.folder / 's7-p0')

    def test_an_older_set_whose_scene_says_less_still_counts(self) -> None:
        self.made('s7-p0', {'objects': 'seen', 'count': 0, 'policy': 'expert', 'perturb': 0.0})
        self.assertEqual(self.ended('--seed', '7', '--episodes', '20')[0], 0)

    def test_a_recording_that_was_cut_off_is_no_data_set(self) -> None:
        asked = []

        def call(command: str, *_more: str) -> dict[str, Any]:
            asked.append(command)
            return {'episodes': 3, 'successes': 2, 'observations': 100}

        with unittest.mock.patch.object(collect, 'call', call):
            code, line = self.ended('--episodes', '20', '--objects', 'seen')
        self.assertEqual([code, json.loads(line)['failed'], asked], [1, 1, ['run']])
        self.assertEqual(list((self.folder / 'data').iterdir()), [])

    def test_object_sets_that_judge_are_never_trained_on(self) -> None:
        beside = os.path.relpath(ROOT / 'sim/objects/heavy.yaml')
        more = (str(ROOT / 'policy' / name) for name in ('alike.yaml', 'household.yaml'))
        for objects in ('unseen', str(ROOT / 'sim/objects/unseen.yaml'), beside, *more):
            code, line = self.ended('--objects', 'seen', objects)
            self.assertEqual(code, 2)
            self.assertIn('never trained on', line)
        self.assertFalse((self.folder / 'data').exists())

    def test_values_that_no_recording_uses_are_named(self) -> None:
        given = argparse.Namespace(objects=['practice', 'practice', 'seen'], perturb=[0, 0.01], count=[0, 0, 0, 1])
        self.assertEqual(collect.unreached(given, 18), ['--count 1'])
        self.assertEqual(collect.unreached(given, 19), [])
        self.assertEqual(collect.unreached(given, 2), ['--objects seen', '--perturb 0.01', '--count 1'])

    def test_numbers_out_of_range_are_refused(self) -> None:
        for option, text in (
            ('--per-job', '0'),
            ('--jobs', '0'),
            ('--episodes', '0'),
            ('--count', '-1'),
            ('--episodes', 'many'),
        ):
            code, line = self.ended(option, text)
            self.assertEqual(code, 2)
            self.assertIn(f'argument {option}: ', line)


if __name__ == '__main__':
    unittest.main()
