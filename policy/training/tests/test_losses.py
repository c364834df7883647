import math
import tempfile
import unittest
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

import sets

from data import INPUTS, Dataset, camera_file
from losses import PLACE, alignment, calling, goals, info_nce, objective, soft_targets
from model import Policy
from model_config import Config


def slow_info_nce(a: Tensor, b: Tensor, same: Tensor, temperature: float = 0.07) -> float:
    """InfoNCE from its definition, in both directions.

    How much more likely the partner is than all rows that are neither the partner nor alike.
    """
    total = 0.0
    for x, y, alike in ((a, b, same), (b, a, same.T)):
        for i in range(len(x)):
            scores = [math.exp(float(x[i] @ row) / temperature) for row in y]
            others = sum(score for j, score in enumerate(scores) if j != i and not alike[i, j])
            total -= math.log(scores[i] / (scores[i] + others)) / (2 * len(x))
    return total


class Losses(unittest.TestCase):
    def setUp(self) -> None:
        self.g = torch.Generator().manual_seed(1)

    def unit(self, n: int) -> Tensor:
        return F.normalize(torch.randn(n, 8, generator=self.g), dim=-1)

    def test_info_nce_equals_its_definition(self) -> None:
        a, b = self.unit(6), self.unit(6)
        same = torch.eye(6, dtype=torch.bool)
        same[0, 3] = same[3, 0] = True
        self.assertAlmostEqual(float(info_nce(a, b, same)), slow_info_nce(a, b, same), places=4)
        self.assertLess(float(info_nce(a, a, same)), float(info_nce(a, b, same)))
        self.assertEqual(float(info_nce(a[:1], b[:1], same[:1, :1])), 0)
        self.assertEqual(float(info_nce(a[:0], b[:0], same[:0, :0])), 0)

    def test_only_rows_that_have_both_modalities_are_aligned(self) -> None:
        z = {m: self.unit(5) for m in ('vision', 'force', 'voice')}
        words = torch.tensor([[5, 6], [5, 6], [7, 0], [0, 0], [8, 0]])
        mask = torch.tensor([[1.0, 1, 1, 1], [0, 1, 1, 1], [0, 0, 1, 1], [1, 1, 1, 1], [1, 1, 0, 1]])
        same = torch.zeros(5, 5, dtype=torch.bool)
        same[0, 1] = same[1, 0] = True
        none = torch.zeros(5, 5, dtype=torch.bool)

        def slow(a: str, b: str, rows: list[int], s: Tensor) -> float:
            return slow_info_nce(z[a][rows], z[b][rows], s[rows][:, rows])

        expected = (
            slow('vision', 'voice', [0, 1, 4], same)
            + slow('vision', 'force', [0, 1, 3], none)
            + slow('force', 'voice', [0, 1, 2], same)
        )
        self.assertAlmostEqual(
            float(alignment(z, {'modality_mask': mask, 'voice_tokens': words})), expected / 3, places=4
        )

    def test_calling_equals_its_definition(self) -> None:
        torch.manual_seed(0)
        policy = Policy(
            Config(height=32, width=32, vocabulary=5),
            camera=camera_file(str(Path(__file__).parents[2] / 'cell-camera.json')),
        )
        geometry = policy.geometry

        def seen(u: float, v: float) -> Tensor:
            return geometry.pose[:3, :3] @ torch.tensor([0.3 * u, 0.3 * v, 0.3]) + geometry.pose[:3, 3]

        def thing(u: float, v: float, held: float = 0.0) -> Tensor:
            return torch.cat([seen(u, v), torch.tensor([0, 1, held])])

        # A thing in the picture, one beside it, one in the hand, and one without a noun.
        batch = {
            'aux': torch.stack([thing(0.1, 0), thing(5, 0), thing(0, 0.1, 1), thing(0, 0)]),
            'instead_aux': torch.stack([thing(-0.2, 0.1), thing(0, 0.2), torch.zeros(6), thing(0.1, 0.1)]),
            'nouns': torch.tensor([[2, 3], [4, 2], [3, 4], [0, 4]]),
        }
        fine = torch.randn(4, 64, 64, generator=self.g)
        terms = []
        for row, aux, noun in (
            (0, thing(0.1, 0), 2),
            (0, thing(-0.2, 0.1), 3),
            (1, thing(0, 0.2), 2),
            (3, thing(0.1, 0.1), 4),
        ):
            point = geometry.pose[:3, :3].T @ (aux[:3] - geometry.pose[:3, 3])
            cell = float(geometry.uv[1, 0] - geometry.uv[0, 0])
            share = [
                math.exp(
                    -((float(u) - float(point[0] / point[2])) ** 2 + (float(v) - float(point[1] / point[2])) ** 2)
                    / (2 * cell**2)
                )
                for u, v in geometry.uv
            ]
            feature = sum(s / sum(share) * fine[row, :, i] for i, s in enumerate(share))
            logits = policy.called.weight @ feature + policy.called.bias
            terms.append(float(logits.exp().sum().log() - logits[noun]))
        self.assertAlmostEqual(float(calling(policy, fine, batch)), sum(terms) / len(terms), places=5)
        nothing = calling(policy, fine, {**batch, 'nouns': torch.zeros(4, 2, dtype=torch.int64)})
        self.assertEqual(float(nothing), 0)

    def test_a_glimpse_does_not_count_for_success(self) -> None:
        torch.manual_seed(0)
        policy = Policy(Config(height=32, width=32, vocabulary=len(sets.WORDS)))
        with tempfile.TemporaryDirectory() as folder:
            data = Dataset([str(sets.write(Path(folder) / 'a', 4, side=32))])
            batch = data.batch(np.arange(8))
        out = policy(*(batch[n] for n in INPUTS))
        batch['judged'] = torch.tensor([1.0, 0] * 4)
        said = torch.where(batch['success'] > 0, out['grasp_success'], 1 - out['grasp_success']).log()
        self.assertAlmostEqual(float(objective(policy, out, batch)[1]['success']), -float(said[::2].mean()), places=5)
        batch['judged'][:] = 0
        self.assertEqual(float(objective(policy, out, batch)[1]['success']), 0)

    def test_rows_without_a_known_target_count_a_fifth(self) -> None:
        torch.manual_seed(0)
        policy = Policy(Config(height=32, width=32, vocabulary=len(sets.WORDS)))
        with tempfile.TemporaryDirectory() as folder:
            batch = Dataset([str(sets.write(Path(folder) / 'a', 4, side=32))]).batch(np.arange(8))
        out = policy(*(batch[n] for n in INPUTS))

        def term(voice: float, vision: float, alone: float, held: float) -> Tensor:
            return objective(
                policy,
                out,
                {
                    **batch,
                    'modality_mask': torch.tensor([vision, vision, 1.0, voice]).expand(8, 4),
                    'alone': torch.full((8,), alone),
                    'aux': torch.cat([batch['aux'][:, :5], torch.full((8, 1), held)], 1),
                },
            )[1]['chunk']

        whole = float(term(1.0, 1.0, 0.0, 0.0))
        for voice, vision, alone, held, part in (
            (0.0, 1.0, 0.0, 0.0, 0.2),
            (1.0, 0.0, 1.0, 0.0, 0.2),
            (0.0, 1.0, 1.0, 0.0, 1),
            (0.0, 1.0, 0.0, 1.0, 1),
            (0.0, 0.0, 0.0, 1.0, 1),
        ):
            self.assertAlmostEqual(float(term(voice, vision, alone, held)), part * whole, places=5)

    def test_soft_targets_are_the_divergence_times_the_square_of_the_temperature(self) -> None:
        s, t = torch.randn(3, 4, generator=self.g), torch.randn(3, 4, generator=self.g)
        expected = 0.0
        for student, teacher in zip(s, t, strict=True):
            p, q = [[math.exp(float(v) / 5) for v in row] for row in (teacher, student)]
            p, q = [x / sum(p) for x in p], [x / sum(q) for x in q]
            expected += sum(x * math.log(x / y) for x, y in zip(p, q, strict=True)) * 25 / 3
        self.assertAlmostEqual(float(soft_targets(s, t, 5)), expected, places=4)
        self.assertAlmostEqual(float(soft_targets(t, t, 5)), 0, places=6)

    def test_goals_are_given_where_something_is_meant_and_words_are_present(self) -> None:
        aux = torch.tensor([[0.1, 0.05, 0, 0.3, 1, 0], [0.1, 0, 0, 0, 0, 0], [0.1, 0, 0, 0, 1, 0]])
        mask = torch.tensor([[1.0, 1, 1, 1], [1, 1, 1, 1], [1, 1, 1, 0]])
        batch = {'aux': aux, 'modality_mask': mask}
        self.assertEqual(goals(batch, 1, torch.Generator().manual_seed(0))[:, 4].tolist(), [1, 0, 0])
        self.assertEqual(goals(batch, 0, torch.Generator().manual_seed(0))[:, 4].tolist(), [0, 0, 0])
        many = {'aux': aux[:1].expand(4000, -1), 'modality_mask': mask[:1].expand(4000, -1)}
        told = goals(many, 0.8, torch.Generator().manual_seed(0))
        self.assertAlmostEqual(float(told[:, 4].mean()), 0.8, delta=0.03)
        apart = told[:, :4] - torch.tensor([0.1 / PLACE, 0.05 / PLACE, 0, 0.3])
        torch.testing.assert_close(apart.std(0), torch.tensor([0.002 / PLACE] * 3 + [0.05]), rtol=0.05, atol=0)


if __name__ == '__main__':
    unittest.main()
