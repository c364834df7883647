import unittest
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

import sets  # noqa: F401 - it puts the folder of what is tested on the path

from evaluate_words import off, tell_other
from losses import PLACE


def rows(n: int) -> dict[str, torch.Tensor]:
    tokens = torch.zeros(n, 32, dtype=torch.int64)
    tokens[:, :4], tokens[:, 8:12] = 7, 9
    age = torch.tensor([[0.5, 2.0, -1.0, -1.0]]).repeat(n, 1)
    instead = torch.full((n, 8), 3, dtype=torch.uint8)
    goals = {
        'aux': torch.zeros(n, 6),
        'instead_aux': torch.tensor([[0.1, 0.1, 0.1, 0.1, 1.0, 0.0]]).repeat(n, 1),
        'nouns': torch.zeros(n, 2, dtype=torch.int64),
    }
    chunks = {name: torch.zeros(n, 10, 6) for name in ('action_chunk', 'instead_chunk')}
    return {'voice_tokens': tokens, 'voice_age': age, 'instead_tokens': instead, **goals, **chunks}


class Told:
    """A data set whose rows are alike, and a network.

    The network answers 0.1 m (x, y and z) where word 3 is said, and else 0.
    """

    def batch(self, some: NDArray[Any]) -> dict[str, torch.Tensor]:
        return {
            **rows(len(some)),
            **{name: torch.zeros(len(some)) for name in ('rgbd', 'force_pyramid', 'proprioception', 'modality_mask')},
        }

    def __call__(
        self, _rgbd: torch.Tensor, _force: torch.Tensor, tokens: torch.Tensor, *_others: torch.Tensor
    ) -> dict[str, torch.Tensor]:
        place = 0.1 * (tokens[:, :1] == 3).float().repeat(1, 6)
        return {'auxiliary': place / PLACE}


class Words(unittest.TestCase):
    def test_the_other_command_replaces_all_that_was_said(self) -> None:
        batch = rows(2)
        tell_other(batch)
        self.assertEqual(batch['voice_tokens'][0].tolist(), [3] * 8 + [0] * 24)
        self.assertEqual(batch['voice_age'][0].tolist(), [0.5, -1, -1, -1])

    def test_a_place_counts_as_off_if_it_is_far_from_the_thing_that_the_command_means(self) -> None:
        told = Told()
        for other in (False, True):
            self.assertEqual(off(told, told, np.arange(300), other).tolist(), [False] * 300)

        def deaf(*inputs: torch.Tensor) -> dict[str, torch.Tensor]:
            return {'auxiliary': torch.zeros(len(inputs[0]), 6)}

        self.assertTrue(off(deaf, told, np.arange(5), True).all())
        self.assertFalse(off(deaf, told, np.arange(5), False).any())


if __name__ == '__main__':
    unittest.main()
