"""What cleaning does to the messages of a topic, from their stamps and receive times alone.

The rules are in clean.py. All times are in ns.
"""

from __future__ import annotations

import math
from array import array
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

SECOND = 1_000_000_000
# A stamp further than this from the clock of its topic is wrong. A message is moved by at most this.
FAR = SECOND
# Where a topic has no rate, receive times must tell stamps to better than this. Narrower gaps are not filled.
LOOSE = 100_000_000
# The period of the fastest topic whose gaps are filled.
FASTEST = 10_000_000

# The counts of the report.
COUNTED = ('duplicates', 'conflicts', 'restamped', 'unsafe', 'moved', 'late', 'filled')

STATES = ('geometry_msgs/msg/PoseStamped', 'sensor_msgs/msg/JointState')
WRENCH = 'geometry_msgs/msg/WrenchStamped'


@dataclass
class Topic:
    """The messages of a topic in the order of their receive times."""

    name: str
    type: str
    # Whether the messages begin with a header.
    stamped: bool
    # Whether the topic commands the robot.
    command: bool
    receive: array[int] = field(default_factory=lambda: array('q'))
    # 0 where a message has no stamp.
    stamp: array[int] = field(default_factory=lambda: array('q'))
    # The number of the message in the recording.
    place: array[int] = field(default_factory=lambda: array('q'))

    def arrays(self) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
        """Receive times, stamps and places, each [N]."""
        receive, stamp, place = (np.frombuffer(a, np.int64) for a in (self.receive, self.stamp, self.place))
        return receive, stamp, place


class Clock:
    """How the stamps of a topic run.

    `steady`: they run with the receive time. They are then `delay` later (the median), and 90 % of them lie within
    `spread`. `period`: 0 where there is no rate. `jumps`: jumps back of a clock that is not steady.
    """

    def __init__(self, topic: Topic) -> None:
        receive, stamp, _ = topic.arrays()
        known = stamp != 0
        self.known = bool(known.any())
        self.steady, self.delay, self.spread, self.period, self.jumps = False, 0, 0, 0, 0
        if not self.known:
            return
        delays = (stamp - receive)[known]
        low, middle, high = (_quantile(delays, q) for q in (0.05, 0.5, 0.95))
        if high - low > FAR:
            self.jumps = int((np.diff(stamp[known]) < -FAR).sum())
            return
        self.steady, self.delay, self.spread = True, middle, high - low
        steps = np.diff(np.unique(stamp[known & (np.abs(stamp - receive - middle) <= FAR)]))
        step = _quantile(steps, 0.5) if len(steps) >= 2 else 0
        # There is a rate where at least half of the steps are about as long as the median step. Events have no rate.
        if step and (np.abs(steps - step) <= step / 4).mean() >= 0.5:
            self.period = step


class Plan:
    """What becomes of each message of a topic, as arrays over its messages.

    `receive_is_clock`: all stamps of the recording lie within 1 s of their receive times.
    """

    def __init__(self, topic: Topic, clock: Clock, *, receive_is_clock: bool, fill_up_to: int) -> None:
        receive, stamp, place = topic.arrays()
        self.counts = dict.fromkeys(COUNTED, 0)
        self.runs: list[dict[str, Any]] = []
        wrong = stamp == 0
        if clock.steady:
            wrong = wrong | (np.abs(stamp - receive - clock.delay) > FAR)
        safe = topic.stamped and self._arrival_tells(topic, clock, receive_is_clock)
        if topic.stamped:
            self.counts['restamped' if safe else 'unsafe'] = int(wrong.sum())
        # Which messages get another stamp, and for which messages the stamp is known. The others go by their receive
        # time.
        self.restamped = wrong & safe
        self.sure = ~wrong | safe
        self.stamp = np.where(self.sure, np.where(wrong, receive + clock.delay, stamp), receive)
        self.repeated = _repeated(self.stamp[self.sure]), _repeated(self.stamp[~self.sure])
        # Where a message is written: its receive time, and beside which message of the recording.
        self.receive, self.beside, self.moved = receive.copy(), place.copy(), np.zeros(len(stamp), bool)
        sure = np.flatnonzero(self.sure)
        first = np.sort(sure[np.unique(self.stamp[sure], return_index=True)[1]])
        if clock.steady:
            self._order(first)
        fillable = clock.steady and clock.period >= FASTEST and topic.type in STATES and not topic.command
        # Stamps and receive times of the copies, by the index of the message that is repeated.
        self.fills = self._fills(first, clock.period, fill_up_to) if fillable else {}

    @staticmethod
    def _arrival_tells(topic: Topic, clock: Clock, receive_is_clock: bool) -> bool:
        """Whether the receive time tells the stamp."""
        if not clock.known:
            return receive_is_clock and topic.type != WRENCH
        return clock.steady and clock.spread <= (clock.period / 2 if clock.period else LOOSE)

    def _order(self, first: NDArray[Any]) -> None:
        """Moves each first message with its stamp that came after a later one to before the first of those."""
        stamp = self.stamp[first]
        before = np.searchsorted(np.maximum.accumulate(stamp), stamp, side='right')
        behind = np.flatnonzero(before < np.arange(len(first)))
        i, j = first[behind], first[before[behind]]
        near = self.receive[i] - self.receive[j] <= FAR
        self.counts['late'] = int((~near).sum())
        self.counts['moved'] = int(near.sum())
        i, j = i[near], j[near]
        self.receive[i], self.beside[i], self.moved[i] = self.receive[j], self.beside[j], True

    def _fills(self, first: NDArray[Any], period: int, up_to: int) -> dict[int, list[tuple[int, int]]]:
        """Fills the gaps. Gives the stamps and receive times of the copies, by the index of the repeated message."""
        kept = first[np.argsort(self.stamp[first])]
        gaps = np.diff(self.stamp[kept])
        fills = {}
        for n in np.flatnonzero((gaps > LOOSE) & (gaps <= up_to)):
            left, right, gap = int(kept[n]), int(kept[n + 1]), int(gaps[n])
            count = math.ceil(gap / period - 0.5) - 1
            if count < 1:
                continue
            start, begin = int(self.stamp[left]), int(self.receive[left])
            since = max(0, int(self.receive[right] - self.receive[left]))
            fills[left] = [(start + k * period, begin + since * k // (count + 1)) for k in range(1, count + 1)]
            self.counts['filled'] += count
            self.runs.append(
                {'from': '{}.{:09d}'.format(*divmod(start, SECOND)), 'gapS': gap / SECOND, 'filled': count}
            )
        return fills


def _quantile(values: NDArray[Any], q: float) -> int:
    return int(np.quantile(values, q, method='inverted_cdf'))


def _repeated(keys: NDArray[Any]) -> set[int]:
    """The keys that occur more than once."""
    values, counts = np.unique(keys, return_counts=True)
    return set(values[counts > 1].tolist())
