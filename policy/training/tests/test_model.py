import unittest
from typing import Any

import torch
import torch.nn.functional as F

import sets  # noqa: F401 - it puts the folder of what is tested on the path

from layers import Block, Residual, attend, by_head, off
from model import Policy, example
from model_config import PARTS, Config

SMALL: dict[str, Any] = {'height': 32, 'width': 32, 'stem': 8, 'low': 16, 'high': 16, 'd': 32, 'text': 24, 'heads': 4}


def woken(config: Config) -> Policy:
    """A policy without parameters that are all zero, because zeros would hide errors."""
    torch.manual_seed(0)
    policy = Policy(config).eval()
    for p in policy.parameters():
        if not p.detach().any():
            torch.nn.init.normal_(p, std=0.1)
    return policy


class Parts(unittest.TestCase):
    def test_attention_equals_that_of_torch(self) -> None:
        torch.manual_seed(0)
        x = torch.randn(3 * 7, 2 * 32)
        q, k = by_head(x, 3, 4, 2)
        v = torch.randn(3, 4, 7, 8)
        on = (torch.rand(3, 7) < 0.7).float()
        on[:, 0] = 1
        expected = F.scaled_dot_product_attention(q, k, v, attn_mask=(on > 0)[:, None, None])
        torch.testing.assert_close(
            attend(q, k, v, off(on)), expected.transpose(1, 2).reshape(21, 32), atol=1e-5, rtol=1e-4
        )
        # By head: the first D columns are q, with the heads side by side.
        torch.testing.assert_close(q[1, 2, 5], x[7 + 5, 16:24])
        torch.testing.assert_close(k[1, 2, 5], x[7 + 5, 32 + 16 : 32 + 24])

    def test_blocks_begin_as_the_identity(self) -> None:
        x = torch.randn(2 * 5, 32)
        torch.testing.assert_close(Block(32, 4)(x, torch.zeros(2, 1, 1, 5)), x)
        picture = torch.rand(2, 8, 6, 6)
        torch.testing.assert_close(Residual(8).eval()(picture), picture)

    def test_a_missing_modality_does_not_change_the_answer(self) -> None:
        policy = woken(Config(**SMALL))
        for at, inputs in enumerate(((0,), (0,), (1,), (2, 3))):
            x = list(example(policy.config, 2))
            x[5][:, at] = 0
            y = [v.clone() for v in x]
            for i in inputs:
                noise = torch.randint_like(y[i], 2, 90) if i == 2 else torch.rand_like(y[i])
                if i == 0:
                    noise[:, 3 if at == 0 else slice(0, 3)] = y[i][:, 3 if at == 0 else slice(0, 3)]
                y[i] = noise
            with torch.no_grad():
                a, b = policy(*x), policy(*y)
            for name in ('action_chunk', 'gate', 'grasp_success', 'latent'):
                self.assertTrue(a[name].equal(b[name]), (at, name))
            self.assertTrue((a['gate'][:, at] == 0).all())
            torch.testing.assert_close(a['gate'].sum(1), torch.ones(2))

    def test_the_answer_of_a_row_does_not_depend_on_other_rows(self) -> None:
        policy = woken(Config(**SMALL))
        x = example(policy.config, 3)
        with torch.no_grad():
            together, alone = policy(*x), [policy(*(v[i : i + 1] for v in x)) for i in range(3)]
        for name in ('action_chunk', 'gate', 'grasp_success', 'latent'):
            torch.testing.assert_close(together[name], torch.cat([o[name] for o in alone]), atol=1e-5, rtol=1e-4)

    def test_words_change_the_projections_of_other_modalities_by_colour_and_gate_alone(self) -> None:
        policy = woken(Config(**SMALL, without=('gate',)))
        x = list(example(policy.config, 2))
        # No word of this vocabulary has a colour, so words cannot mark the picture.
        with torch.no_grad():
            one = policy(*x)['projections']
            x[2] = torch.randint(0, policy.config.vocabulary, x[2].shape, generator=torch.Generator().manual_seed(5))
            other = policy(*x)['projections']
        for m in ('vision', 'force'):
            torch.testing.assert_close(one[m], other[m])
        self.assertGreater(float((one['voice'] - other['voice']).abs().max()), 0.01)

    def test_every_part_can_be_left_out(self) -> None:
        """The input of a part changes the answer of the whole network, and not that of the network without the part."""

        def other(name: str) -> list[torch.Tensor]:
            x = list(example(Config(**SMALL), 2))
            if name == 'pyramid':
                x[1][:, :, :8] += 5
            if name == 'ages':
                x[3] = x[3] * 3 + 1
            if name == 'masks':
                # Once missing, and once present with zeros.
                x[1] = x[1] * 0
                x[5][:, 2] = 0
            return x

        for part in PARTS:
            whole, without = woken(Config(**SMALL)), woken(Config(**SMALL, without=(part,)))
            x = list(example(whole.config, 2))
            if part == 'masks':
                x[1] = x[1] * 0
            for policy, moved in ((whole, True), (without, False)):
                with torch.no_grad():
                    before = policy(*x)['action_chunk']
                    if part == 'colours':
                        policy.text.colours[2:] = torch.tensor([1.0, 0, 0, 1])
                    if part == 'gate':
                        policy.gate[-1].bias += torch.tensor([2.0, 0, 0, 0])
                    if part == 'queries':
                        policy.queries += 1
                    if part == 'pointers':
                        policy.pointer_token.weight.neg_()
                    after = policy(*other(part))['action_chunk']
                self.assertTrue(before.isfinite().all(), part)
                self.assertEqual(not torch.allclose(before, after, atol=1e-6), moved, (part, moved))


if __name__ == '__main__':
    unittest.main()
