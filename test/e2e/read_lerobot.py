"""Reads a LeRobotDataset v3.0 with pyarrow, pandas and PyAV, and the recording that it was made from with rosbags.

usage: read_lerobot.py SET RECORDING. It prints one JSON object.
"""

import hashlib
import io
import json
import sys
from pathlib import Path
from typing import Any

import av
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from numpy.typing import NDArray
from PIL import Image
from rosbags.highlevel import AnyReader
from rosbags.typesys import Stores, get_typestore

TARE_NS = 200_000_000
Floats = NDArray[np.float64]


def nanoseconds(stamp: Any) -> int:
    return stamp.sec * 1_000_000_000 + stamp.nanosec


def recorded(path: str) -> tuple[list[tuple[NDArray[np.int64], Floats]], dict[int, Floats]]:
    """What a recording holds.

    First for each episode the stamps and the tared values of all wrenches, then by stamp the first row of the expert as
    pose, width and effort.
    """
    episodes: list[list[tuple[int, tuple[float, ...]]]] = []
    answers: dict[int, Floats] = {}
    with AnyReader([Path(path)], default_typestore=get_typestore(Stores.ROS2_JAZZY)) as reader:
        for connection, _, data in reader.messages():
            if connection.topic == '/episode':
                episodes.append([])
            elif connection.topic == '/wrist/wrench' and episodes:
                m: Any = reader.deserialize(data, connection.msgtype)
                w = m.wrench
                episodes[-1].append(
                    (nanoseconds(m.header.stamp), (w.force.x, w.force.y, w.force.z, w.torque.x, w.torque.y, w.torque.z))
                )
            elif connection.topic == '/expert/action_chunk':
                m = reader.deserialize(data, connection.msgtype)
                o = m.origin
                p, q = (
                    np.array([o.position.x, o.position.y, o.position.z]),
                    np.array([o.orientation.x, o.orientation.y, o.orientation.z, o.orientation.w]),
                )
                dx, dy, dz, dyaw, width, effort = np.asarray(m.data, np.float64)[:6]
                turn = np.array([0, 0, np.sin(dyaw / 2), np.cos(dyaw / 2)])
                answers[nanoseconds(m.header.stamp)] = np.concatenate(
                    [p + matrix(q) @ [dx, dy, dz], product(q, turn), [width, effort]]
                )
    tared = []
    for samples in episodes:
        stamps, values = np.array([s for s, _ in samples], np.int64), np.array([v for _, v in samples])
        early = stamps < stamps[0] + TARE_NS
        tared.append((stamps[~early], values[~early] - values[early].mean(0)))
    return tared, answers


def matrix(q: Floats) -> Floats:
    """The rotation matrix of a quaternion x, y, z, w."""
    x, y, z, w = q
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )


def product(a: Floats, b: Floats) -> Floats:
    """The product of two quaternions x, y, z, w."""
    return np.concatenate([a[3] * b[:3] + b[3] * a[:3] + np.cross(a[:3], b[:3]), [a[3] * b[3] - a[:3] @ b[:3]]])


def pixels(picture: dict[str, Any]) -> NDArray[Any]:
    return np.array(Image.open(io.BytesIO(picture['bytes'])))


def wrenches(rows: list[dict[str, Any]], episodes: list[tuple[NDArray[np.int64], Floats]]) -> dict[str, float]:
    """How the windows of the rows compare with the recording.

    Each sample of an episode, from the window of the first row on, must be in exactly one row.
    """
    lost, apart, counted = 0, 0.0, 0
    for number, (stamps, values) in enumerate(episodes):
        mine = [r for r in rows if r['episode_index'] == number]
        found: list[int] = []
        kept: list[list[float]] = []
        for r in mine:
            n = r['observation.wrench_count']
            found += [r['stamp'] - round(age * 1e9) for age in r['observation.wrench_age'][:n]]
            kept += r['observation.wrench'][:n]
            assert all(age == -1 for age in r['observation.wrench_age'][n:])
        assert found == sorted(set(found)), 'a sample twice, or out of order'
        wanted = (stamps >= found[0]) & (stamps <= mine[-1]['stamp'])
        lost += len(set(stamps[wanted].tolist()) ^ set(found))
        counted += len(found)
        apart = max(apart, float(np.abs(np.array(kept) - values[wanted]).max()))
    return {'lost': lost, 'counted': counted, 'apart': apart}


def main() -> None:
    root, recording = Path(sys.argv[1]), sys.argv[2]
    info, stats = (json.loads((root / 'meta' / f).read_text()) for f in ('info.json', 'stats.json'))
    table = pq.read_table(root / 'data/chunk-000/file-000.parquet')
    rows = table.to_pylist()
    episodes, answers = recorded(recording)
    tasks = pd.read_parquet(root / 'meta/tasks.parquet')
    result: dict[str, Any] = {
        'info': info,
        'columns': table.column_names,
        'tasks': {str(task): int(index) for task, index in tasks['task_index'].items()},
        'episodes': [
            {k: v for k, v in e.items() if not k.startswith('stats/')}
            for e in pq.read_table(root / 'meta/episodes/chunk-000/file-000.parquet').to_pylist()
        ],
        'wrenches': wrenches(rows, episodes),
        'actionApart': max(float(np.abs(np.array(r['action']) - answers[r['stamp']]).max()) for r in rows),
        'statsApart': {
            key: float(
                np.abs(np.array(stats[key]['mean']) - np.array([r[key] for r in rows]).mean(0)).max()
                + np.abs(np.array(stats[key]['std']) - np.array([r[key] for r in rows]).std(0)).max()
            )
            for key in ('action', 'observation.state', 'observation.force_pyramid')
        },
        'rows': [],
    }
    for r in rows:
        rgb = r.pop('observation.images.rgb', None)
        r.pop('observation.wrench')
        r.pop('observation.wrench_age')
        depth = pixels(r.pop('observation.images.depth'))
        assert depth.dtype == np.uint16
        r['depthSha256'] = hashlib.sha256(depth.astype('<u2').tobytes()).hexdigest()
        r['rgbSha256'] = rgb and hashlib.sha256(pixels(rgb).tobytes()).hexdigest()
        r['stamp'] = f'{r["stamp"] // 1_000_000_000}.{r["stamp"] % 1_000_000_000:09d}'
        result['rows'].append(r)
    for video in root.glob('videos/*/chunk-000/file-000.mp4'):
        with av.open(str(video)) as container:
            frames = list(container.decode(video=0))
        result['video'] = {
            'times': [float(f.time) for f in frames],
            'means': [f.to_ndarray(format='rgb24').mean((0, 1)).tolist() for f in frames],
        }
    if 'video' not in result:
        result['means'] = [pixels(p).mean((0, 1)).tolist() for p in table.column('observation.images.rgb').to_pylist()]
    print(json.dumps(result))


main()
