"""Intervals at 95 % of a rate, and of the difference of two rates over the same episodes."""

from __future__ import annotations

import math
from typing import Any


def paired(both: int, one: int, other: int, neither: int) -> tuple[float, float, float]:
    """The difference of the rates of two runs of the same episodes, and its 95 % interval.

    The episodes are counted by which run won them. Newcombe 1998, Statistics in Medicine 17:2635, method 10: from the
    intervals of Wilson and the correlation of the two runs.
    """
    n = both + one + other + neither
    p, q = (both + one) / n, (both + other) / n
    (low, high), (bottom, top) = wilson(both + one, n), wilson(both + other, n)
    margins = (both + one) * (other + neither) * (both + other) * (one + neither)
    lean: float = both * neither - one * other
    lean = max(lean - n / 2, 0) if lean > 0 else lean
    phi = lean / math.sqrt(margins) if margins else 0.0

    def width(a: float, b: float) -> float:
        return math.sqrt(max(a * a - 2 * phi * a * b + b * b, 0))

    return p - q, p - q - width(p - low, top - q), p - q + width(high - p, q - bottom)


def wilson(k: int, n: int, z: float = 1.959964) -> tuple[float, float]:
    """Wilson's score interval of k of n, at 95 %."""
    middle, half = k + z * z / 2, z * math.sqrt(k * (n - k) / n + z * z / 4)
    return (middle - half) / (n + z * z), (middle + half) / (n + z * z)


def gain(one: dict[str, Any], other: dict[str, Any]) -> str:
    """By how many points the first of two runs is better, over the episodes that both have."""
    pairs = list(zip(one['won'], other['won'], strict=False))
    points, least, most = (
        100 * x for x in paired(*(pairs.count(p) for p in (('1', '1'), ('1', '0'), ('0', '1'), ('0', '0'))))
    )
    return f'{points:+.1f} points ({least:+.1f} to {most:+.1f}) on the same {len(pairs)} episodes'
