"""The observation lines of `prehend replay --observations`, computed from the definitions in the docs alone.

The code is plain and slow.

    python reference_observations.py BAG [--tare-ms N] > lines.jsonl

The robot is the one that prehend recognises without a robot file: ticks come from the colour image, depth and the tool
pose are interpolated, the wrench has a window and a pyramid, and the last four voice events are kept. Colour frames
must arrive in the order of their stamps.
"""

import argparse
import hashlib
import json
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rosbags.highlevel import AnyReader
from rosbags.typesys import Stores, get_typestore

MS = 1_000_000
MAX_WAIT, MAX_SILENCE, MAX_GAP, MAX_HOLD = 40 * MS, 250 * MS, 100 * MS, 50 * MS
MEAN_WINDOW = 33_333_333
PYRAMID = [w * MS for w in (8, 16, 32, 64, 128, 256)]
EVENTS = 4
# The number of the message in the recording, its receive time and stamp (ns), and its value.
Sample = tuple[int, int, int, Any]


def stamp_of(header: Any) -> int:
    return header.stamp.sec * 1_000_000_000 + header.stamp.nanosec


def colour(msg: Any) -> NDArray[np.uint8]:
    """[H, W, 3], red first."""
    assert msg.encoding in ('rgb8', 'bgr8'), msg.encoding
    rows = (
        np.asarray(msg.data, np.uint8)
        .reshape(msg.height, msg.step)[:, : msg.width * 3]
        .reshape(msg.height, msg.width, 3)
    )
    return rows[:, :, ::-1] if msg.encoding == 'bgr8' else rows


def depth_mm(msg: Any) -> NDArray[np.float64]:
    """[H, W] in mm, NaN where it is invalid."""
    kind = np.dtype({'16UC1': 'u2', '32FC1': 'f4'}[msg.encoding])
    bytes_a_pixel = kind.itemsize
    rows = np.asarray(msg.data, np.uint8).reshape(msg.height, msg.step)[:, : msg.width * bytes_a_pixel]
    raw = (
        np.frombuffer(rows.tobytes(), kind.newbyteorder('>' if msg.is_bigendian else '<'))
        .reshape(msg.height, msg.width)
        .astype(np.float64)
    )
    mm = raw * (1 if msg.encoding == '16UC1' else 1000)
    return np.where((mm > 0) & (mm <= 65535), mm, np.nan)


def whole_mm(mm: NDArray[np.float64]) -> NDArray[np.uint16]:
    return np.where(np.isnan(mm), 0, np.floor(mm + 0.5)).astype('<u2')


def blend(a: NDArray[np.float64], b: NDArray[np.float64], earlier: int, later: int, tick: int) -> NDArray[np.float64]:
    """Depth at a tick, between two pictures with the stamps `earlier` and `later`."""
    w = (tick - earlier) / (later - earlier)
    nearer = a if tick - earlier <= later - tick else b
    out = np.empty_like(a)
    for at in np.ndindex(a.shape):
        p, q = a[at], b[at]
        if math.isnan(p) or math.isnan(q):
            out[at] = q if math.isnan(p) else p
        elif abs(p - q) > max(30, 0.05 * min(p, q)):
            out[at] = nearer[at]
        else:
            out[at] = p + (q - p) * w
    return out


class Stream:
    """The samples of a stream in the order of their arrival."""

    def __init__(self) -> None:
        self.samples: list[Sample] = []

    def add(self, index: int, receive: int, stamp: int, value: Any) -> None:
        """Keeps a sample, unless it has no stamp or the stamp of another one."""
        if stamp > 0 and all(stamp != s[2] for s in self.samples):
            self.samples.append((index, receive, stamp, value))

    def arrived(self, upto: int) -> list[Sample]:
        """The samples up to a message, in the order of their stamps."""
        return sorted((s for s in self.samples if s[0] <= upto), key=lambda s: s[2])


def read(
    path: str, tare_ns: int
) -> tuple[dict[str, Stream], list[tuple[int, int, str]], list[int], NDArray[np.float64], Callable[[int], bool]]:
    """The streams, voice events, all receive times, the tare, and whether it is still measured at a message."""
    streams = {name: Stream() for name in ('rgb', 'depth', 'wrench', 'tool')}
    events: list[tuple[int, int, str]] = []
    receives: list[int] = []
    zero: dict[int, NDArray[np.float64]] = {}
    tare_end: int | None = None
    tare_known: int | None = None
    with AnyReader([Path(path)], default_typestore=get_typestore(Stores.ROS2_JAZZY)) as reader:
        messages = sorted(reader.messages(), key=lambda m: m[1])
        for index, (connection, receive, data) in enumerate(messages):
            receives.append(receive)
            msg: Any = reader.deserialize(data, connection.msgtype)
            kind = connection.msgtype
            if kind == 'sensor_msgs/msg/Image':
                name = 'depth' if 'depth' in connection.topic else 'rgb'
                streams[name].add(index, receive, stamp_of(msg.header), msg)
            elif kind == 'geometry_msgs/msg/WrenchStamped':
                f, t = msg.wrench.force, msg.wrench.torque
                value, stamp = np.array([f.x, f.y, f.z, t.x, t.y, t.z]), stamp_of(msg.header)
                if not np.isfinite(value).all():
                    continue
                if tare_ns:
                    tare_end = tare_end or stamp + tare_ns
                    if stamp < tare_end:
                        if tare_known is None:
                            zero.setdefault(stamp, value)
                        continue
                    tare_known = index if tare_known is None else tare_known
                streams['wrench'].add(index, receive, stamp, value)
            elif kind == 'geometry_msgs/msg/PoseStamped':
                streams['tool'].add(index, receive, stamp_of(msg.header), None)
            elif kind == 'std_msgs/msg/String':
                events.append((index, receive, msg.data))
    bias = np.mean(list(zero.values()), axis=0) if zero else np.zeros(6)

    def taring(index: int) -> bool:
        return tare_ns > 0 and (tare_known is None or index < tare_known)

    return streams, events, receives, bias, taring


def seen_by(
    tick: Sample, streams: dict[str, Stream], receives: list[int], taring: Callable[[int], bool], earlier: int
) -> int:
    """The number of the last message that has arrived when the observation of a tick is made.

    It is made when no stream is waited for any more, or when the time to wait is over.
    """
    index, arrival, stamp, _ = tick
    last = index
    while True:
        if last >= earlier:
            waited_for = []
            for name, stream in streams.items():
                heard = [s for s in stream.samples if s[0] <= last]
                newest = max([receives[0]] + [s[1] for s in heard])
                if newest >= arrival - MAX_SILENCE and not (name == 'wrench' and taring(last)):
                    waited_for.append(any(s[2] >= stamp for s in heard))
            if all(waited_for):
                return last
        if last + 1 >= len(receives) or receives[last + 1] > arrival + MAX_WAIT:
            return last
        last += 1


def around(samples: list[Sample], tick: int) -> tuple[Sample, Sample | None] | None:
    """The samples before and after a tick by the rules of interpolation.

    One alone where it is at the tick or is held. None where the stream is missing.
    """
    before = [s for s in samples if s[2] <= tick]
    after = [s for s in samples if s[2] > tick]
    if not before:
        return None
    if before[-1][2] == tick:
        return before[-1], None
    if not after:
        return (before[-1], None) if tick - before[-1][2] <= MAX_HOLD else None
    return (before[-1], after[0]) if after[0][2] - before[-1][2] <= MAX_GAP else None


def statistics(stamps: NDArray[np.int64], values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean, deviation, peak and slope [6, 4] of values [n, 6]."""
    if len(values) == 0:
        return np.zeros((6, 4))
    mean = values.mean(axis=0)
    slope = np.zeros(6)
    if len(values) > 1:
        t = (stamps - stamps[0]) / 1e9
        t = t - t.mean()
        slope = (t[:, None] * (values - mean)).sum(axis=0) / (t * t).sum()
    return np.stack([mean, np.sqrt(((values - mean) ** 2).mean(axis=0)), np.abs(values).max(axis=0), slope], axis=1)


def window(stamps: NDArray[np.int64], end: int, length: int) -> NDArray[np.bool_]:
    """Which stamps are in the window (end - length, end]."""
    return (stamps > end - length) & (stamps <= end)


def lines(path: str, tare_ns: int) -> Iterator[dict[str, Any]]:
    """The observation lines of a recording."""
    streams, events, receives, bias, taring = read(path, tare_ns)
    ticks = streams['rgb'].samples
    assert [t[2] for t in ticks] == sorted(t[2] for t in ticks), 'colour frames out of order'
    live = {name: s for name, s in streams.items() if s.samples or name == 'rgb'}
    has_tool = bool(streams['tool'].samples)
    earlier = -1
    for tick in ticks:
        stamp = tick[2]
        earlier = last = seen_by(tick, live, receives, taring, earlier)
        pair = around(streams['depth'].arrived(last), stamp)
        depth = None
        if pair is not None:
            a, b = pair
            mm = depth_mm(a[3])
            depth = whole_mm(mm if b is None else blend(mm, depth_mm(b[3]), a[2], b[2], stamp))
        wrench = streams['wrench'].arrived(last)
        stamps = np.array([s[2] for s in wrench], np.int64)
        values = np.array([s[3] - bias for s in wrench]).reshape(-1, 6)

        mean = window(stamps, stamp, MEAN_WINDOW)
        inside = [window(stamps, stamp, length) for length in PYRAMID]
        pyramid = np.concatenate([statistics(stamps[rows], values[rows]) for rows in inside], axis=1)
        said = [e for e in events if e[0] <= last and e[1] <= stamp][-EVENTS:]
        yield {
            'stamp': f'{stamp // 10**9}.{stamp % 10**9:09d}',
            'mask': {
                'rgb': 1,
                'depth': int(depth is not None),
                'force': int(mean.any()),
                'voice': int(bool(said)),
                'proprioception': int(has_tool and around(streams['tool'].arrived(last), stamp) is not None),
            },
            'wrenchMean': (values[mean].mean(axis=0) if mean.any() else np.zeros(6)).tolist(),
            'wrenchCount': int(mean.sum()),
            'forcePyramid': pyramid.tolist(),
            'voice': [{'text': text, 'ageS': (stamp - at) / 1e9, 'confidence': 1} for _, at, text in said],
            'rgbSha256': hashlib.sha256(colour(tick[3]).tobytes()).hexdigest(),
            'depthSha256': None if depth is None else hashlib.sha256(depth.tobytes()).hexdigest(),
        }


if __name__ == '__main__':
    parser = argparse.ArgumentParser()
    parser.add_argument('bag')
    parser.add_argument('--tare-ms', type=int, default=0)
    args = parser.parse_args()
    for line in lines(args.bag, args.tare_ms * MS):
        print(json.dumps(line))
