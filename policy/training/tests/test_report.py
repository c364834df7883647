import unittest

import numpy as np

import sets  # noqa: F401 - it puts the folder of what is tested on the path

from intervals import gain, paired, wilson
from report import speed


class Intervals(unittest.TestCase):
    def test_wilson_equals_published_intervals(self) -> None:
        # Newcombe 1998, Statistics in Medicine 17:857, table I: 81 of 263 and 15 of 148.
        for k, n, low, high in ((81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605)):
            np.testing.assert_allclose(wilson(k, n), (low, high), atol=5e-5)

    def test_the_interval_of_a_difference_holds_it_in_19_of_20_draws(self) -> None:
        # Both runs win with probability 0.8, only the first with 0.08, only the second with 0.05.
        r = np.random.default_rng(0)
        counts = r.multinomial(200, (0.8, 0.08, 0.05, 0.07), 4000)
        inside = np.mean([low <= 0.03 <= high for _, low, high in (paired(*map(int, c)) for c in counts)])
        self.assertAlmostEqual(inside, 0.95, delta=0.015)
        # Without pairs the interval would be wider.
        point, low, high = paired(160, 16, 10, 14)
        self.assertAlmostEqual(point, 0.03)
        unpaired = 1.96 * np.sqrt(0.88 * 0.12 / 200 + 0.85 * 0.15 / 200)
        self.assertLess(high - low, 2 * unpaired * 0.9)

    def test_runs_are_compared_on_the_episodes_that_both_have(self) -> None:
        self.assertEqual(gain({'won': '1111'}, {'won': '11'}).split(' points')[0], '+0.0')
        self.assertIn('on the same 2 episodes', gain({'won': '1111'}, {'won': '11'}))
        self.assertTrue(gain({'won': '1110'}, {'won': '1000'}).startswith('+50.0 points ('))

    def test_a_speed_is_the_median_of_its_runs_beside_their_range(self) -> None:
        runs = [{'int8_ms': 4.0, 'fp32_ms': 4.0 * ratio} for ratio in (1.0, 2.0, 2.5)]
        said = speed(
            {
                'has': ['avx2'],
                'processor': 'some',
                'in_rows': runs,
                'by_turns': runs[1:],
                'megabytes': {'int8': 1, 'fp32': 4},
                'command': 'this',
            }
        )
        for part in (
            'median of 3 runs',
            'in rows of 20 2.00 (1.00 to 2.50) times',
            '(4.0 ms against 8.0 ms)',
            'by turns 2.25 (2.00 to 2.50)',
            '75.0 % smaller',
        ):
            self.assertIn(part, said)


if __name__ == '__main__':
    unittest.main()
