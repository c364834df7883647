import contextlib
import io
import json
import shutil
import types
import unittest
import unittest.mock
from typing import Any

import torch

from sets import temporary, write

import checkpoint
import export
import losses
import pretrain
import quantise
import schedule
import train
from model import Policy, example
from model_config import SIZES, Config
from progress import Progress
from schedule import Schedule

TINY = {'stem': 8, 'low': 16, 'high': 16, 'd': 32, 'text': 24, 'low_residuals': 1, 'residuals': 1, 'layers': 1}


class Training(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = temporary(self)
        self.data = write(self.folder / 'data/s1', 6)
        deep = {**TINY, 'low_residuals': 2, 'residuals': 3, 'layers': 2}
        sizes = unittest.mock.patch.dict(SIZES, {'small': TINY, 'large': deep})
        sizes.start()
        self.addCleanup(sizes.stop)

    def train(self, out: str, *more: str, data: str | None = None) -> dict[str, Any]:
        with contextlib.redirect_stdout(io.StringIO()):
            where = ['--data', data or str(self.data), '--out', str(self.folder / out)]
            train.main([*where, '--batch', '4', '--threads', '1', '--float32', *more])
        return torch.load(self.folder / out / 'checkpoint.pt', weights_only=True)

    def made(self, name: str, content: object) -> str:
        path = self.folder / name
        path.write_bytes(content) if isinstance(content, bytes) else torch.save(content, path)
        return str(path)

    def quiet(self, script: types.ModuleType, cut_off_at: int | None = None, *arguments: str) -> None:
        """Runs the main function of a script without its output. `cut_off_at`: ends it after so many steps."""
        whole = Schedule.fraction

        def cut(self: Schedule, step: int) -> float:
            return 1.0 if step == cut_off_at else whole(self, step)

        with contextlib.redirect_stdout(io.StringIO()), unittest.mock.patch.object(Schedule, 'fraction', cut):
            script.main(list(arguments))

    def test_a_seed_gives_the_same_run_and_resume_continues_it(self) -> None:
        whole, again = self.train('a', '--steps', '4'), self.train('b', '--steps', '4')
        for k, v in whole['ema'].items():
            self.assertTrue(v.equal(again['ema'][k]), k)
        self.assertEqual(whole['step'], 4)
        self.assertFalse(self.train('c', '--steps', '4', '--seed', '1')['ema']['cls'].equal(whole['ema']['cls']))
        # A run that was cut off after two of its four steps.
        with unittest.mock.patch.object(
            Schedule, 'fraction', lambda self, step: 1.0 if step >= 2 else step / self.steps
        ):
            self.assertEqual(self.train('d', '--steps', '4')['step'], 2)
        with self.assertRaisesRegex(SystemExit, 'give --resume'):
            self.train('d', '--steps', '4')
        with self.assertRaisesRegex(SystemExit, 'begun with another --lr'):
            self.train('d', '--steps', '4', '--resume', '--lr', '1e-3')
        (self.folder / 'e').mkdir()
        torch.save(
            {**torch.load(self.folder / 'd/checkpoint.pt', weights_only=True), 'camera': {'fovy_deg': 60}},
            self.folder / 'e/checkpoint.pt',
        )
        with self.assertRaisesRegex(SystemExit, 'begun with another camera'):
            self.train('e', '--steps', '4', '--resume')
        resumed = self.train('d', '--steps', '4', '--resume')
        self.assertEqual(resumed['step'], 4)
        for k, v in whole['ema'].items():
            torch.testing.assert_close(v, resumed['ema'][k], msg=k)

    def test_a_deeper_network_starts_as_the_one_whose_weights_it_takes(self) -> None:
        small = self.train('s', '--steps', '3')
        torch.manual_seed(9)
        deep = Policy(Config(**{**small['config'], **SIZES['large']}), small['stats'], small['camera']).eval()
        parent = checkpoint.begin_with(deep, str(self.folder / 's/checkpoint.pt'))
        self.assertLess(parent['taken'], parent['of'])
        policy = checkpoint.load(self.folder / 's')[0]
        # `load` changes words that were never heard. Only the unknown word is said here, which always counts as heard.
        x = list(example(policy.config, 2))
        x[2] = x[2] * 0 + 1
        deep.text.colours.copy_(policy.text.colours)
        with torch.no_grad():
            for name in ('action_chunk', 'gate', 'grasp_success'):
                torch.testing.assert_close(policy(*x)[name], deep(*x)[name], atol=1e-5, rtol=1e-4)
        run = self.train('l', '--steps', '1', '--size', 'large', '--init', str(self.folder / 's/checkpoint.pt'))['run']
        self.assertEqual([run['init']['sha256'], run['init']['steps']], [parent['sha256'], 3])

    def test_training_continues_from_the_weights_of_an_exported_model(self) -> None:
        self.train('s', '--steps', '3')
        policy = checkpoint.load(self.folder / 's')[0]
        export.keep_weights(policy, self.folder / 'grasp.npz')
        torch.manual_seed(9)
        state = checkpoint.read(self.folder / 's/checkpoint.pt', '')
        again = Policy(policy.config, state['stats'], state['camera'], policy.text.colours).eval()
        parent = checkpoint.begin_with(again, str(self.folder / 'grasp.npz'))
        self.assertEqual(parent['taken'], parent['of'])
        x = example(policy.config, 2)
        with torch.no_grad():
            torch.testing.assert_close(policy(*x)['action_chunk'], again(*x)['action_chunk'], atol=2e-3, rtol=0)
        with self.assertRaises(AssertionError):
            torch.testing.assert_close(
                policy(*x)['action_chunk'], Policy(policy.config).eval()(*x)['action_chunk'], atol=2e-3, rtol=0
            )

    def test_a_teacher_gets_the_same_goal_as_its_student(self) -> None:
        self.train('t', '--steps', '3')
        seen: list[float] = []
        whole = losses.distillation

        def spy(*given: Any) -> torch.Tensor:
            distance = whole(*given)
            seen.append(float(distance.detach()))
            return distance

        begin = ['--init', str(self.folder / 't/checkpoint.pt'), '--teacher', str(self.folder / 't')]
        with (
            unittest.mock.patch.object(train, 'distillation', spy),
            unittest.mock.patch.object(Policy, 'train', lambda self, *_: self),
            # Batch normalisation is in evaluation mode, so that the same weights give the same answers.
            unittest.mock.patch.object(train, 'Policy', lambda *a, **k: Policy(*a, **k).eval()),
        ):
            self.train('u', '--steps', '1', *begin, '--goal', '1', '--absent', '0')
        self.assertLess(seen[0], 1e-6)

    def test_a_continued_curve_drops_the_lines_after_the_checkpoint(self) -> None:
        path = self.folder / 'curve.csv'
        with contextlib.redirect_stdout(io.StringIO()):
            curve = Progress(path, ('step', 'seconds', 'loss'), 4, every=1)
            for _ in range(4):
                curve.add(loss=torch.tensor(1.0))
                curve.write(0)
            later = Progress(path, ('step', 'seconds', 'loss'), 4, step=2, every=1)
            later.add(loss=torch.tensor(2.0))
            later.write(0)
        self.assertEqual(
            [line.split(',')[0::2] for line in path.read_text().split()],
            [['step', 'loss'], ['1', '1'], ['2', '1'], ['3', '2']],
        )

    def test_a_teacher_teaches_and_pretrained_encoders_are_taken(self) -> None:
        self.train('t', '--steps', '1', '--size', 'large')
        taught, alone = (
            self.train('u', '--steps', '2', '--teacher', str(self.folder / 't')),
            self.train('w', '--steps', '2'),
        )
        self.assertFalse(taught['ema']['cls'].equal(alone['ema']['cls']))
        self.quiet(
            pretrain, None, '--data', str(self.data), '--out', str(self.folder / 'p'), '--steps', '2', '--batch', '4'
        )
        self.assertEqual(
            self.train('v', '--steps', '1', '--init', str(self.folder / 'p/checkpoint.pt'))['run']['init']['steps'], 2
        )
        with self.assertRaisesRegex(SystemExit, 'encoders alone'):
            checkpoint.load(self.folder / 'p')

    def test_pretraining_and_quantisation_continue_where_they_were_cut_off(self) -> None:
        given = ['--data', str(self.data), '--steps', '4', '--batch', '4', '--stride', '1']
        for name, cut in (('whole', None), ('cut', 2)):
            self.quiet(pretrain, cut, *given, '--out', str(self.folder / name))
        with self.assertRaisesRegex(SystemExit, 'give --resume'):
            self.quiet(pretrain, None, *given, '--out', str(self.folder / 'cut'))
        with self.assertRaisesRegex(SystemExit, r'begun with another --seed \(0\)'):
            self.quiet(pretrain, None, *given, '--out', str(self.folder / 'cut'), '--resume', '--seed', '1')
        self.quiet(pretrain, None, *given, '--out', str(self.folder / 'cut'), '--resume')
        whole, cut = (torch.load(self.folder / n / 'checkpoint.pt', weights_only=True) for n in ('whole', 'cut'))
        self.assertEqual(cut['step'], 4)
        for k, v in whole['ema'].items():
            torch.testing.assert_close(v, cut['ema'][k], msg=k)

        self.train('q', '--steps', '2')
        onnx = self.folder / 'q/grasp.int8.onnx'
        quantise_it = [*given, '--steps', '30', '--run', str(self.folder / 'q'), '--out', str(onnx)]
        with (
            unittest.mock.patch.object(schedule, 'SAVE_S', 0),
            unittest.mock.patch.object(quantise, 'integers', side_effect=KeyboardInterrupt),
            self.assertRaises(KeyboardInterrupt),
        ):
            self.quiet(quantise, 24, *quantise_it)
        self.assertFalse(onnx.exists())
        self.assertEqual(torch.load(self.folder / 'q/quantise.pt', weights_only=True)['step'], 24)
        with self.assertRaisesRegex(SystemExit, 'give --resume'):
            self.quiet(quantise, None, *quantise_it)
        with self.assertRaisesRegex(SystemExit, 'begun with another --lr'):
            self.quiet(quantise, None, *quantise_it, '--resume', '--lr', '1')
        weights = (self.folder / 'q/checkpoint.pt').read_bytes()
        self.train('r', '--steps', '1')
        shutil.copy(self.folder / 'r/checkpoint.pt', self.folder / 'q/checkpoint.pt')
        with self.assertRaisesRegex(SystemExit, 'quantise.pt: is of other weights than .*take it away'):
            self.quiet(quantise, None, *quantise_it, '--resume')
        (self.folder / 'q/checkpoint.pt').write_bytes(weights)
        self.quiet(quantise, None, *quantise_it, '--resume')
        numbers = json.loads(onnx.with_suffix('.json').read_text())
        self.assertEqual([numbers['quantised']['steps'], numbers['bytes']], [30, onnx.stat().st_size])
        self.assertFalse((self.folder / 'q/quantise.pt').exists())

    def test_bad_input_ends_with_one_line(self) -> None:
        for more, line in (
            (['--init', str(self.folder / 'none.pt')], 'none.pt: no checkpoint'),
            (['--init', str(self.folder / 'none.npz')], 'none.npz: no weights of an exported model'),
            (['--init', self.made('list.npz', [1, 2])], 'list.npz: no weights of an exported model'),
            (['--init', str(self.data / 'aux.npy')], 'aux.npy: no checkpoint'),
            (['--init', self.made('empty.pt', b'')], 'empty.pt: no checkpoint'),
            (['--init', self.made('list.pt', [1, 2])], 'list.pt: no checkpoint'),
            (
                ['--init', self.made('other.pt', {'step': 1, 'ema': {'low.0.weight': torch.zeros(3)}})],
                'of another size',
            ),
            (['--camera', str(self.folder / 'none.json')], 'none.json: no camera'),
            (['--teacher', str(self.folder / 'nobody')], 'train first'),
            (['--steps', '0'], 'above zero'),
            (['--minutes', '0'], 'above zero'),
        ):
            with self.assertRaisesRegex(SystemExit, line):
                self.train(f'x{len(line)}', '--steps', '1', *more)

    def test_a_learning_rate_rises_and_ends_low(self) -> None:
        s = Schedule(1e-3, 100, warmup=0.1)
        rates = [s.rate(s.fraction(i)) for i in range(101)]
        self.assertAlmostEqual(max(rates), 1e-3)
        self.assertEqual(rates.index(max(rates)), 10)
        self.assertAlmostEqual(rates[5], 5e-4)
        self.assertAlmostEqual(rates[100], 2e-5)
        self.assertAlmostEqual(rates[55], 1e-3 * (0.02 + 0.98 / 2))
        self.assertGreaterEqual(Schedule(1e-3, 100, 1, spent=30).fraction(0), 0.5)
        self.assertEqual(Schedule(1e-3, 100, 1, spent=90).fraction(0), 1)

    def test_a_run_records_its_options_and_data(self) -> None:
        self.train('r', '--steps', '1')
        run = json.loads((self.folder / 'r/run.json').read_text())
        self.assertEqual([run['steps'], run['seed'], run['episodes'], run['init']], [1, 0, 6, None])
        self.assertRegex(run['data'], '^[0-9a-f]{64}$')


if __name__ == '__main__':
    unittest.main()
