"""Writes recordings for the tests with rosbags.

The camera drops frames, the wrench jitters, and depth has other stamps than colour.

python make_bag.py OUT [--storage mcap|sqlite3] [--compress none|zstd|lz4] [--without KIND,...] [--twice] [--seed N]
                       [--depth 32FC1|16UC1] [--compressed only|too]
"""

import argparse
import io
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from rosbags.rosbag2 import CompressionFormat, CompressionMode, StoragePlugin, Writer
from rosbags.typesys import Stores, get_typestore

MS = 1_000_000
START = 1_700_000_000 * 1_000_000_000 + 123_456_789
W, H, DURATION = 24, 16, 1600 * MS
store = get_typestore(Stores.ROS2_JAZZY)
types: Any = store.types


def header(stamp: int, frame: str) -> Any:
    time = types['builtin_interfaces/msg/Time'](stamp // 10**9, stamp % 10**9)
    return types['std_msgs/msg/Header'](time, frame)


def image(stamp: int, encoding: str, pixels: NDArray[np.uint8], padding: int = 0) -> Any:
    """`pixels` [H, W * bytes a pixel]; each row gets `padding` more bytes."""
    rows = np.pad(pixels, ((0, 0), (0, padding)), constant_values=255)
    return types['sensor_msgs/msg/Image'](header(stamp, 'camera'), H, W, encoding, 0, rows.shape[1], rows.reshape(-1))


def compressed(message: Any) -> tuple[str, Any]:
    """What image_transport makes of an image without loss: the last part of its topic, and the message."""
    out = io.BytesIO()
    rows = message.data.reshape(H, -1)
    if message.encoding == '16UC1':
        Image.fromarray(np.ascontiguousarray(rows).view('<u2')).save(out, 'PNG')
        transport, kind, data = 'compressedDepth', '16UC1; compressedDepth png', bytes(12) + out.getvalue()
    else:
        Image.fromarray(rows[:, : W * 3].reshape(H, W, 3)[..., ::-1].copy()).save(out, 'PNG')
        transport, kind, data = 'compressed', 'bgr8; png compressed bgr8', out.getvalue()
    return transport, types['sensor_msgs/msg/CompressedImage'](message.header, kind, np.frombuffer(data, np.uint8))


def camera_stamps(rng: np.random.Generator, offset: int) -> list[int]:
    stamps = (
        START
        + offset
        + np.arange(0, DURATION, 33_333_333)
        + rng.integers(-400_000, 400_000, len(range(0, DURATION, 33_333_333)))
    )
    return [int(s) for s in stamps]


def messages(rng: np.random.Generator, depth_encoding: str) -> Iterator[tuple[str, str, int, Any]]:
    """(topic, type, receive time, message) of every sample."""
    x = np.arange(W) + np.zeros((H, 1), np.int64)
    for i, stamp in enumerate(camera_stamps(rng, 0)):
        if i in (7, 8, 19):
            continue
        receive = stamp + 8 * MS + int(rng.exponential(3 * MS))
        pixels = rng.integers(0, 256, (H, W * 3)).astype(np.uint8)
        yield '/camera/color/image_raw', 'sensor_msgs/msg/Image', receive, image(stamp, 'bgr8', pixels, padding=8)
    for i, stamp in enumerate(camera_stamps(rng, 11 * MS)):
        # Three periods are missing. At the end the last picture is held, and then the stream is silent.
        if i in (12, 13, 14) or i > 40:
            continue
        receive = stamp + 9 * MS + int(rng.exponential(12 * MS if i % 5 == 0 else 2 * MS))
        metres = 0.4 + 0.02 * np.sin(i + x / 3) + np.where(x > 12 + i % 4, 0.5, 0) + rng.normal(0, 0.004, (H, W))
        metres[rng.random((H, W)) < 0.05] = np.nan
        metres[rng.random((H, W)) < 0.05] = 0
        mm = np.nan_to_num(metres * 1000).round()
        raw = metres.astype('<f4') if depth_encoding == '32FC1' else mm.astype('<u2')
        yield (
            '/camera/depth/image_raw',
            'sensor_msgs/msg/Image',
            receive,
            image(stamp, depth_encoding, raw.view(np.uint8).reshape(H, -1)),
        )
    for i in range(DURATION // MS):
        if 600 <= i < 700 or rng.random() < 0.02:
            continue
        stamp = START + i * MS + int(rng.normal(0, 40_000))
        force = np.array([-83, 192, 4, 0.1, -0.2, 0.3]) + rng.normal(0, 0.5, 6) + np.sin(i / 50)
        if i % 333 == 5:
            force[2] = np.nan
        vector = types['geometry_msgs/msg/Vector3']
        wrench = types['geometry_msgs/msg/Wrench'](vector(*force[:3]), vector(*force[3:]))
        # Some messages come late, so they are out of order.
        receive = stamp + 200_000 + int(rng.exponential(300_000)) + (15 * MS if i % 97 == 0 else 0)
        msg = types['geometry_msgs/msg/WrenchStamped'](header(stamp, 'wrist'), wrench)
        yield '/wrist/wrench', 'geometry_msgs/msg/WrenchStamped', receive, msg
        if i % 211 == 3:
            yield '/wrist/wrench', 'geometry_msgs/msg/WrenchStamped', receive + 17, msg
    for i in range(0, DURATION // MS, 10):
        stamp = START + i * MS + 1234
        if 900 <= i < 1100:
            continue
        pose = types['geometry_msgs/msg/Pose'](
            types['geometry_msgs/msg/Point'](0.1, 0.0, 0.2 + i / 1e4),
            types['geometry_msgs/msg/Quaternion'](0.0, 0.0, 0.0, 1.0),
        )
        yield (
            '/tool_pose',
            'geometry_msgs/msg/PoseStamped',
            stamp + 300_000 + i,
            types['geometry_msgs/msg/PoseStamped'](header(stamp, 'base'), pose),
        )
    for at, text in (
        (50, 'pick the red cylinder'),
        (400, 'no, the grün one'),
        (401, 'gently'),
        (900, 'stop'),
        (1000, 'resume'),
        (1200, ''),
    ):
        yield '/voice/text', 'std_msgs/msg/String', START + at * MS + 777, types['std_msgs/msg/String'](text)


KINDS = {
    'rgb': '/camera/color/image_raw',
    'depth': '/camera/depth/image_raw',
    'wrench': '/wrist/wrench',
    'tool': '/tool_pose',
    'voice': '/voice/text',
}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument('out')
    parser.add_argument('--storage', default='mcap')
    parser.add_argument('--compress', default='none')
    parser.add_argument('--without', default='')
    parser.add_argument('--twice', action='store_true')
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--depth', default='32FC1')
    parser.add_argument('--compressed', choices=['only', 'too'])
    parser.add_argument('--unknown-type', action='store_true')
    args = parser.parse_args()
    gone = {KINDS[kind] for kind in args.without.split(',') if kind}
    rows = sorted(
        (m for m in messages(np.random.default_rng(args.seed), args.depth) if m[0] not in gone), key=lambda m: m[2]
    )
    if args.compressed:
        pairs = [
            (row, (f'{row[0]}/{transport}', 'sensor_msgs/msg/CompressedImage', row[2], small))
            for row in rows
            if row[1] == 'sensor_msgs/msg/Image'
            for transport, small in [compressed(row[3])]
        ]
        small = {id(row): pair for row, pair in pairs}
        rows = [
            one
            for row in rows
            for one in (
                [row]
                if id(row) not in small
                else [small[id(row)]]
                if args.compressed == 'only'
                else [row, small[id(row)]]
            )
        ]
    writer = Writer(
        args.out, version=9, storage_plugin=StoragePlugin.MCAP if args.storage == 'mcap' else StoragePlugin.SQLITE3
    )
    if args.compress != 'none':
        writer.set_compression(CompressionMode.STORAGE, CompressionFormat[args.compress.upper()])
    with writer:
        connections = {}
        for topic, kind, receive, msg in rows:
            if topic not in connections:
                if args.unknown_type and topic == '/wrist/wrench':
                    connections[topic] = writer.add_connection(
                        topic, 'acme_msgs/msg/Strain', msgdef='float64[8] strain\n', rihs01='RIHS01_' + '0' * 64
                    )
                else:
                    connections[topic] = writer.add_connection(topic, kind, typestore=store)
            data = store.serialize_cdr(msg, kind)
            writer.write(connections[topic], receive, data)
            if args.twice and topic == '/camera/color/image_raw':
                second = '/camera2/color/image_raw'
                if second not in connections:
                    connections[second] = writer.add_connection(second, kind, typestore=store)
                writer.write(connections[second], receive, data)


main()
