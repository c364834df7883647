"""Writes the same messages into many kinds of bag with rosbags and mcap.

It prints [topic, type, time, sha256 of the CDR] of each message.
"""

import hashlib
import json
import random
import sqlite3
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from mcap.writer import CompressionType
from mcap.writer import Writer as McapWriter
from rosbags.rosbag2 import CompressionFormat, CompressionMode, StoragePlugin, Writer
from rosbags.typesys import Stores, get_types_from_msg, get_typestore

root = Path(__file__).parents[2]
out = Path(sys.argv[1])
store = get_typestore(Stores.ROS2_JAZZY)
for name in ('VoiceEvent', 'ActionGroup', 'ActionChunk'):
    text = (root / f'interfaces/msg/{name}.msg').read_text()
    store.register(get_types_from_msg(text, f'prehend_interfaces/msg/{name}'))
T: Any = store.types
Header, Time, Vector3 = T['std_msgs/msg/Header'], T['builtin_interfaces/msg/Time'], T['geometry_msgs/msg/Vector3']
Point, Quaternion, Pose = T['geometry_msgs/msg/Point'], T['geometry_msgs/msg/Quaternion'], T['geometry_msgs/msg/Pose']
EPOCH = 1_700_000_000
rng = random.Random(5)


def header(ns: int, frame: str) -> Any:
    return Header(stamp=Time(sec=EPOCH + ns // 10**9, nanosec=ns % 10**9), frame_id=frame)


def messages() -> Iterator[tuple[str, str, int, Any]]:
    """(topic, type, receive time, message), in the order of writing.

    Receive times are in ns since EPOCH and not quite sorted.
    """
    yield '/say', 'std_msgs/msg/String', 5, T['std_msgs/msg/String'](data='pick the grün one')
    for ms in range(600):
        ns = ms * 1_000_000 + rng.randrange(40_000)
        numbers = [rng.uniform(-200, 200) for _ in range(6)]
        wrench = T['geometry_msgs/msg/Wrench'](force=Vector3(*numbers[:3]), torque=Vector3(*numbers[3:]))
        yield (
            '/wrench',
            'geometry_msgs/msg/WrenchStamped',
            ns + rng.randrange(3_000_000),
            T['geometry_msgs/msg/WrenchStamped'](header(ns, 'wrist'), wrench),
        )
        if ms % 33 == 0:
            pixels = np.frombuffer(rng.randbytes(64 * 48 * 3), np.uint8)
            yield (
                '/rgb',
                'sensor_msgs/msg/Image',
                ns + 8_000_000,
                T['sensor_msgs/msg/Image'](header(ns, 'camera'), 48, 64, 'rgb8', 0, 192, pixels),
            )
        if ms % 100 == 0:
            pose = Pose(Point(*numbers[:3]), Quaternion(0.0, 0.0, 0.6, 0.8))
            yield (
                '/pose',
                'geometry_msgs/msg/PoseStamped',
                ns,
                T['geometry_msgs/msg/PoseStamped'](header(ns, 'base'), pose),
            )
            yield (
                '/joints',
                'sensor_msgs/msg/JointState',
                ns,
                T['sensor_msgs/msg/JointState'](
                    header(ns, ''), ['a', 'finger_joint'], np.array(numbers[:2]), np.array([]), np.array(numbers[2:4])
                ),
            )
            yield (
                '/imu',
                'sensor_msgs/msg/Imu',
                ns,
                T['sensor_msgs/msg/Imu'](
                    header(ns, 'imu'),
                    Quaternion(0.0, 0.6, 0.0, 0.8),
                    np.full(9, -1.0),
                    Vector3(*numbers[:3]),
                    np.arange(9.0),
                    Vector3(*numbers[3:]),
                    np.arange(9.0),
                ),
            )
            dimension = T['std_msgs/msg/MultiArrayDimension']('taxel', 3, 3)
            layout = T['std_msgs/msg/MultiArrayLayout']([dimension], 1)
            for name, dtype in (('Float64MultiArray', np.float64), ('Float32MultiArray', np.float32)):
                array = T[f'std_msgs/msg/{name}'](layout, np.array(numbers[:4], dtype))
                yield f'/{name.lower()}', f'std_msgs/msg/{name}', ns, array
            yield (
                '/voice',
                'prehend_interfaces/msg/VoiceEvent',
                ns,
                T['prehend_interfaces/msg/VoiceEvent'](header(ns, ''), 'stop', 0.75, 2, 0),
            )
            group = T['prehend_interfaces/msg/ActionGroup'](
                'arm', 'joint_position', 'offset', ['pan', 'lift'], ['pan'], '', '', [], 'rad'
            )
            yield (
                '/chunk',
                'prehend_interfaces/msg/ActionChunk',
                ns,
                T['prehend_interfaces/msg/ActionChunk'](
                    header(ns, 'tool'),
                    20.0,
                    np.arange(12, dtype=np.float32),
                    pose,
                    np.array([0.5, 0.5, 0, 0], np.float32),
                    0.5,
                    3,
                    [group] if ms % 200 == 0 else [],
                    np.array([0.25, -0.5] if ms % 200 == 0 else []),
                    Time(sec=EPOCH + ns // 10**9, nanosec=ns % 10**9) if ms % 400 == 0 else Time(sec=0, nanosec=0),
                ),
            )
            yield (
                '/jpeg',
                'sensor_msgs/msg/CompressedImage',
                ns,
                T['sensor_msgs/msg/CompressedImage'](
                    header(ns, 'camera'), 'jpeg', np.frombuffer(rng.randbytes(777), np.uint8)
                ),
            )
            yield (
                '/info',
                'sensor_msgs/msg/CameraInfo',
                ns,
                T['sensor_msgs/msg/CameraInfo'](
                    header(ns, 'camera'),
                    48,
                    64,
                    'plumb_bob',
                    np.array([0.1, 0.2]),
                    np.arange(9.0),
                    np.eye(3).ravel(),
                    np.arange(12.0),
                    0,
                    0,
                    T['sensor_msgs/msg/RegionOfInterest'](0, 0, 0, 0, False),
                ),
            )


content: list[tuple[str, str, int, bytes]] = [
    (t, k, EPOCH * 10**9 + r, bytes(store.serialize_cdr(m, k))) for t, k, r, m in messages()
]


def rosbags(name: str, storage: StoragePlugin, mode: CompressionMode = CompressionMode.NONE) -> None:
    writer = Writer(out / name, version=9, storage_plugin=storage)
    writer.set_compression(mode, CompressionFormat.ZSTD)
    with writer:
        connections = {}
        for topic, kind, time, data in content:
            if topic not in connections:
                connections[topic] = writer.add_connection(topic, kind, typestore=store)
            writer.write(connections[topic], time, data)


def mcap(
    name: str,
    compression: CompressionType,
    part: Sequence[tuple[str, str, int, bytes]] | None = None,
    chunk: int = 100_000,
    use_statistics: bool = True,
    use_chunking: bool = True,
) -> None:
    with (out / name).open('wb') as file:
        writer = McapWriter(
            file,
            chunk_size=chunk,
            compression=compression,
            use_statistics=use_statistics,
            use_chunking=use_chunking,
        )
        writer.start('ros2', 'test')
        channels: dict[str, int] = {}
        for topic, kind, time, data in content if part is None else part:
            if topic not in channels:
                definition, _ = store.generate_msgdef(kind, ros_version=2)
                channels[topic] = writer.register_channel(
                    topic, 'cdr', writer.register_schema(kind, 'ros2msg', definition.encode())
                )
            writer.add_message(channels[topic], time, data, time)
        writer.finish()


rosbags('dir_mcap', StoragePlugin.MCAP)
rosbags('dir_mcap_zstd', StoragePlugin.MCAP, CompressionMode.STORAGE)
rosbags('dir_db3', StoragePlugin.SQLITE3)
rosbags('dir_db3_message', StoragePlugin.SQLITE3, CompressionMode.MESSAGE)
rosbags('dir_db3_file', StoragePlugin.SQLITE3, CompressionMode.FILE)
mcap('none.mcap', CompressionType.NONE)
mcap('lz4.mcap', CompressionType.LZ4)
mcap('zstd.mcap', CompressionType.ZSTD)
mcap('one_chunk.mcap', CompressionType.NONE, chunk=1 << 30)
mcap('no_statistics.mcap', CompressionType.NONE, use_statistics=False)
mcap('no_chunks.mcap', CompressionType.NONE, use_chunking=False)
(out / 'one.db3').write_bytes(next((out / 'dir_db3').glob('*.db3')).read_bytes())

# Two files that overlap in time: each has every second message.
split = out / 'split'
split.mkdir()
mcap('split/a.mcap', CompressionType.NONE, content[::2])
mcap('split/b.mcap', CompressionType.ZSTD, content[1::2])
(split / 'metadata.yaml').write_text(
    'rosbag2_bagfile_information:\n  version: 5\n  relative_file_paths: [a.mcap, b.mcap]\n'
)

# Files that are no recordings of ROS 2.
with (out / 'json.mcap').open('wb') as file:
    writer = McapWriter(file)
    writer.start('', 'test')
    writer.add_message(
        writer.register_channel('/j', 'json', writer.register_schema('j', 'jsonschema', b'{}')), 1, b'{}', 1
    )
    writer.finish()
sqlite3.connect(out / 'other.db3').execute('CREATE TABLE t (x)').connection.commit()

print(json.dumps([[t, k, str(time), hashlib.sha256(data).hexdigest()] for t, k, time, data in content]))
