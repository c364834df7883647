import contextlib
import io
import json
import unittest
import unittest.mock
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import torch
from numpy.typing import NDArray

from sets import temporary

import checkpoint
import export
import train
from groups.data import GroupData, statistics
from groups.export import policy_of
from groups.layout import Layout, layout_of
from groups.model import example

JOINTS = [f'j{i}' for i in range(6)]
WORDS = ['<pad>', '<unk>', 'put', 'the', 'red', 'blue', 'cube', 'left', 'right', 'bin']
#: The place of each colour in the pictures (pixels) and in space (m), for the camera below: straight down from 0.5 m.
SIDE = 32


def contract() -> dict[str, Any]:
    return {
        'version': 2,
        'name': 'to be trained',
        'robot': {'name': 'arm', 'sha256': '0' * 64, 'canonical': ''},
        'inputs': {
            'top': {'as': 'rgbd', 'from': ['rgb', 'depth'], 'dtype': 'float32', 'shape': [1, 4, SIDE, SIDE]},
            'hand': {'as': 'image', 'from': ['wrist'], 'dtype': 'float32', 'shape': [1, 3, SIDE, SIDE]},
            'observation.state': {'as': 'vector', 'from': ['joints'], 'dtype': 'float32', 'shape': [1, 6]},
            'load': {'as': 'pyramid', 'from': ['loads'], 'dtype': 'float32', 'shape': [1, 6, 8]},
            'words': {'as': 'tokens', 'from': ['voice'], 'dtype': 'int64', 'shape': [1, 16], 'per_event': 8},
            'ages': {'as': 'ages', 'from': ['voice'], 'dtype': 'float32', 'shape': [1, 2]},
            'there': {'as': 'mask', 'from': ['rgb', 'joints'], 'dtype': 'float32', 'shape': [1, 2]},
        },
        'outputs': {
            'action_chunk': {
                'dtype': 'float32',
                'shape': [1, 4, 6],
                'rate': 30,
                'groups': [{'name': 'arm', 'kind': 'joint_position', 'joints': JOINTS}],
            }
        },
        'vocabulary': WORDS,
    }


def write(folder: Path, episodes: int = 12, rows: int = 16, seed: int = 0) -> Path:
    """A set in which the arm goes to the cube whose colour is said. A red and a blue one lie anywhere."""
    r = np.random.default_rng(seed)
    n = episodes * rows
    folder.mkdir(parents=True)
    joints = r.normal(0, 0.5, (n, 6)).astype(np.float32)
    rgb = np.full((n, SIDE, SIDE, 3), 110, np.uint8)
    cells = np.stack([r.permutation(36)[:2] for _ in range(n)])
    at = 4 + 4 * np.stack([cells // 6, cells % 6], -1)
    for row in range(n):
        for colour, (v, u) in zip(((220, 20, 20), (20, 20, 220)), at[row], strict=True):
            rgb[row, v : v + 4, u : u + 4] = colour
    said = r.integers(0, 2, n)
    tokens = np.zeros((n, 16), np.int64)
    tokens[:, :4] = [WORDS.index(w) for w in ('put', 'the', 'red', 'cube')]
    tokens[:, 2] = np.where(said == 0, WORDS.index('red'), WORDS.index('blue'))
    v, u = (at[np.arange(n), said, k] + 2 for k in (0, 1))
    half = np.tan(np.radians(30))
    place = np.stack(
        [(u - SIDE / 2) / (SIDE / 2) * half * 0.5, (v - SIDE / 2) / (SIDE / 2) * half * 0.5, v * 0 + 0.5], 1
    )
    chunk = np.repeat(joints[:, None], 4, 1)
    chunk[:, :, :2] += np.linspace(0.25, 1, 4)[None, :, None] * place[:, None, :2]
    arrays: dict[str, NDArray[Any]] = {
        'top.rgb': rgb,
        'top.depth': np.full((n, SIDE, SIDE), 500, np.uint16),
        'hand': r.integers(0, 256, (n, 3, SIDE, SIDE), dtype=np.uint8),
        'observation.state': joints,
        'load': r.normal(0, 1, (n, 6, 8)).astype(np.float32),
        'words': tokens,
        'ages': np.tile(np.array([0.5, -1], np.float32), (n, 1)),
        'there': np.ones((n, 2), np.float32),
        'action_chunk': chunk.astype(np.float32),
        'aux': np.concatenate([place, np.ones((n, 1))], 1).astype(np.float32),
        'episode': np.repeat(np.arange(episodes), rows).astype(np.int32),
        'success': np.ones(n, np.uint8),
    }
    for name, values in arrays.items():
        np.save(folder / f'{name}.npy', values)
    (folder / 'dataset.json').write_text(
        json.dumps({'contract': contract(), 'aux': ['x', 'y', 'z', 'has_target'], 'rows': n, 'episodes': episodes})
    )
    return folder


class Groups(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = temporary(self)
        self.data = write(self.folder / 'data/s1')
        self.cameras = self.folder / 'cameras.json'
        self.cameras.write_text(json.dumps({'top': {'fovy_deg': 60, 'tool_T_camera': np.eye(4).tolist()}}))

    def train(self, out: str, *more: str, data: Path | None = None) -> dict[str, Any]:
        with contextlib.redirect_stdout(io.StringIO()) as said:
            train.main(
                [
                    '--data',
                    str(data or self.data),
                    '--out',
                    str(self.folder / out),
                    '--width',
                    '32',
                    '--threads',
                    '1',
                    *more,
                ]
            )
        return dict(json.loads(said.getvalue().splitlines()[-1]))

    def test_the_guess_is_the_regression(self) -> None:
        data = GroupData([str(self.data)])
        stats = statistics(data)
        x, y = (data.column(n)[data.train].astype(np.float64) for n in ('observation.state', 'action_chunk'))
        design = np.concatenate([x, np.ones((len(x), 1))], 1)
        expected = design @ np.linalg.lstsq(design, y.reshape(len(y), -1), rcond=None)[0]
        guess = (x - stats['vector_mean']) @ np.array(stats['guess']) + np.array(stats['guess_bias'])
        np.testing.assert_allclose(guess, expected, atol=5e-3)

    def test_learns_where_the_word_points(self) -> None:
        write(self.folder / 'more/s2', episodes=60, seed=1)
        answer = self.train(
            'run',
            '--steps',
            '300',
            '--batch',
            '24',
            '--cameras',
            str(self.cameras),
            '--ema',
            '0.9',
            data=self.folder / 'more',
        )
        # Where it does not know which of both cubes is meant, the mean distance is over 80 mm.
        self.assertLess(answer['val_place_mm'], 25)

    def test_continues_as_if_it_had_not_been_interrupted(self) -> None:
        whole = self.train('whole', '--steps', '6')
        self.train('part', '--steps', '3')
        state = checkpoint.read(self.folder / 'part/checkpoint.pt', '')
        self.assertEqual(state['step'], 3)
        again = self.train('part', '--steps', '6', '--resume')
        self.assertEqual(again['steps'], whole['steps'])
        with self.assertRaisesRegex(SystemExit, 'another --seed'):
            self.train('part', '--steps', '6', '--resume', '--seed', '5')

    def test_exports_with_its_contract(self) -> None:
        self.train('run', '--steps', '2')
        out = self.folder / 'arm.onnx'
        with contextlib.redirect_stdout(io.StringIO()):
            self.export(out)
        session = onnxruntime.InferenceSession(str(out), providers=['CPUExecutionProvider'])
        kept = json.loads(session.get_modelmeta().custom_metadata_map['prehend.contract'])
        self.assertEqual(kept['inputs'], contract()['inputs'])
        self.assertEqual(kept['training']['steps'], 2)
        self.assertEqual([i.name for i in session.get_inputs()], list(contract()['inputs']))
        state = checkpoint.read(self.folder / 'run/checkpoint.pt', '')
        policy = policy_of(state)
        feed = example(policy.layout, len(WORDS), seed=3)
        with torch.no_grad():
            expected = policy(feed)['action_chunk'].numpy()
        (got,) = session.run(None, {k: v.numpy() for k, v in feed.items()})
        np.testing.assert_allclose(got, expected, atol=1e-4)

    def export(self, out: Path) -> None:
        with unittest.mock.patch('sys.argv', ['export.py', '--run', str(self.folder / 'run'), '--out', str(out)]):
            export.main()

    def test_refuses_what_it_cannot_make(self) -> None:
        for change, text in (
            ({'history': {'ticks': 2}}, 'observation.state'),
            ({'as': 'state'}, 'observation.state \\(state\\)'),
        ):
            other = contract()
            other['inputs']['observation.state'].update(change)
            with self.assertRaisesRegex(SystemExit, text):
                layout_of(other)
        changes: tuple[tuple[Callable[[dict[str, Any]], Any], str], ...] = (
            (lambda c: c['inputs']['hand'].update(dtype='uint8'), 'hand is uint8'),
            (lambda c: c['inputs']['words'].update(dtype='int32'), 'words is int32'),
            (lambda c: c['inputs']['observation.state'].update(shape=[1, 2, 3]), 'has the shape'),
            (lambda c: c['inputs'].pop('observation.state'), 'no vector'),
            (lambda c: c['outputs']['action_chunk'].update(shape=[1, 6]), 'rows, columns'),
            (lambda c: c['outputs']['action_chunk'].update(tensor='act'), 'without "tensor"'),
            (lambda c: c['outputs'].update(gate={}), 'has no gate'),
        )
        for change_it, text in changes:
            other = contract()
            change_it(other)
            with self.assertRaisesRegex(SystemExit, text):
                layout_of(other)
        (self.folder / 'strange.json').write_text('{"side": {"fovy_deg": 60}}')
        with self.assertRaisesRegex(SystemExit, 'side is no picture'):
            self.train('run', '--steps', '2', '--cameras', str(self.folder / 'strange.json'))
        (self.data / 'load.npy').write_bytes(b'')
        with self.assertRaisesRegex(SystemExit, 'load.npy: no array'):
            self.train('run', '--steps', '2')

    def test_the_layout_survives_its_file(self) -> None:
        layout = layout_of(contract())
        self.assertEqual(Layout.of_dict(json.loads(json.dumps(layout.to_dict()))), layout)


if __name__ == '__main__':
    unittest.main()
