"""Makes recordings that claim far more than they hold, or that name other files: `hostile_bags.py FOLDER`.

It prints [name, arguments of prehend that read it] of each.
"""

import json
import os
import sqlite3
import struct
import sys
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import lz4.frame
import numpy as np
import zstandard
from rosbags.rosbag2 import StoragePlugin, Writer
from rosbags.typesys import Stores, get_typestore

out = Path(sys.argv[1])
out.mkdir()
T0 = 1_700_000_000 * 10**9
MAGIC = b'\x89MCAP0\r\n'
MB = 1 << 20
zstd = zstandard.ZstdCompressor(level=3).compress


def record(opcode: int, content: bytes) -> bytes:
    """A record of MCAP."""
    return bytes([opcode]) + struct.pack('<Q', len(content)) + content


def text(value: bytes) -> bytes:
    """A text as MCAP writes it: its length, then its bytes."""
    return struct.pack('<I', len(value)) + value


def message(data: bytes, time: int = T0) -> bytes:
    """A message record of channel 1."""
    return record(5, struct.pack('<HIQQ', 1, 0, time, time) + data)


DEFINED = record(3, struct.pack('<H', 1) + text(b'sensor_msgs/msg/Image') + text(b'ros2msg') + text(b'')) + record(
    4, struct.pack('<HH', 1, 1) + text(b'/camera/color/image_raw') + text(b'cdr') + struct.pack('<I', 0)
)


def mcap(name: str, chunks: Sequence[tuple[bytes, bytes, int]], indexed: bool = True, repeat: int = 1) -> None:
    """Writes a file.

    `chunks`: (compression, packed bytes, unpacked length). `repeat`: entries in the index for each chunk.
    """
    data = MAGIC + record(1, text(b'ros2') + text(b'')) + DEFINED
    indexes = b''
    for compression, packed, size in chunks:
        chunk = record(
            6, struct.pack('<QQQI', T0, T0, size, 0) + text(compression) + struct.pack('<Q', len(packed)) + packed
        )
        indexes += (
            record(
                8,
                struct.pack('<QQQQIQ', T0, T0, len(data), len(chunk), 0, 0)
                + text(compression)
                + struct.pack('<QQ', len(packed), size),
            )
            * repeat
        )
        data += chunk
    data += record(15, bytes(4))
    start = len(data)
    statistics = record(11, struct.pack('<QHIIIIQQI', 1, 1, 1, 0, 0, len(chunks), T0, T0, 0))
    data += DEFINED + (statistics + indexes if indexed else b'')
    (out / name).write_bytes(data + record(2, struct.pack('<QQI', start, 0, 0)) + MAGIC)


def packed(records: bytes, compression: bytes = b'zstd') -> tuple[bytes, bytes, int]:
    """A chunk for `mcap`."""
    return compression, zstd(records) if compression == b'zstd' else lz4.frame.compress(records), len(records)


large = packed(message(bytes(60 * MB)))
mcap('one_gigabyte.mcap', [packed(message(bytes(1000 * MB)))])
mcap('thirty_chunks.mcap', [large] * 30)
mcap('without_index.mcap', [large] * 30, indexed=False)
mcap('thousand_chunks.mcap', [large] * 1000)
mcap('one_chunk_3000_times.mcap', [large], repeat=3000)
mcap('lz4.mcap', [packed(message(bytes(60 * MB)), b'lz4')] * 8)
mcap('two_million_messages.mcap', [packed(message(b'') * 2_000_000)])
mcap(
    'metadata.mcap',
    [
        packed(
            b''.join(
                record(12, text(b'%d' % i) + struct.pack('<I', 15 * MB + 8) + text(b'') + text(bytes(15 * MB)))
                for i in range(4)
            )
        )
    ],
    indexed=False,
)
mcap('says_less.mcap', [(b'zstd', zstd(bytes(500 * MB)), 100)])
(out / 'tiny_records.mcap').write_bytes(MAGIC + DEFINED + record(0x80, b'') * 2_000_000)

# A small valid bag, from which the databases are made.
store = get_typestore(Stores.ROS2_JAZZY)
T: Any = store.types
with Writer(out / 'true', version=9, storage_plugin=StoragePlugin.SQLITE3) as writer:
    compressed = 'sensor_msgs/msg/CompressedImage'
    image = writer.add_connection('/camera/color/image_raw', 'sensor_msgs/msg/Image', typestore=store)
    depth = writer.add_connection('/camera/depth/image_raw/compressedDepth', compressed, typestore=store)
    for i in range(200):
        header = T['std_msgs/msg/Header'](T['builtin_interfaces/msg/Time'](1_700_000_000, i * 33_000_000 % 10**9), 'c')
        if i < 30:
            writer.write(
                image,
                T0 + i * 33_000_000,
                store.serialize_cdr(
                    T['sensor_msgs/msg/Image'](header, 2, 2, 'rgb8', 0, 6, np.zeros(12, np.uint8)),
                    'sensor_msgs/msg/Image',
                ),
            )
        # A picture in RVL: its 5792 x 5792 pixels are one run of zeros.
        rvl = bytes(12) + struct.pack('<ii', 5792, 5792) + bytes.fromhex('ffffffff0fffffff')
        writer.write(
            depth,
            T0 + i * 5_000_000,
            store.serialize_cdr(
                T[compressed](header, '16UC1; compressedDepth rvl', np.frombuffer(rvl, np.uint8)), compressed
            ),
        )
true = next((out / 'true').glob('*.db3')).read_bytes()
ENDLESS = 'WITH RECURSIVE c(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM c) SELECT id'


def database(name: str, *statements: str) -> None:
    """A copy of the valid database, changed by statements of SQL."""
    (out / name).write_bytes(true)
    db = sqlite3.connect(out / name)
    for statement in statements:
        db.execute(statement)
    db.commit()
    db.close()


database(
    'view_of_messages.db3',
    'ALTER TABLE messages RENAME TO m',
    f'CREATE VIEW messages AS {ENDLESS}, 1 AS topic_id, id AS timestamp, zeroblob(1000000) AS data FROM c',
)
database(
    'view_of_topics.db3',
    'ALTER TABLE topics RENAME TO t',
    f"CREATE VIEW topics AS {ENDLESS}, zeroblob(1000) AS name, '' AS type, 'cdr' AS serialization_format, "
    "'' AS offered_qos_profiles FROM c",
)
database(
    'computed_column.db3',
    'DROP TABLE messages',
    'CREATE TABLE messages(id INTEGER PRIMARY KEY, topic_id, timestamp, data AS (zeroblob(900000000)))',
    'INSERT INTO messages(topic_id, timestamp) VALUES (1, 1)',
)
database(
    'virtual_table.db3',
    'DROP TABLE messages',
    'CREATE VIRTUAL TABLE messages USING fts5(id, topic_id, timestamp, data)',
)
database(
    'large_message.db3',
    f'INSERT INTO messages(topic_id, timestamp, data) VALUES (1, {T0 + 10**10}, zeroblob(300000000))',
)
database('large_name.db3', 'UPDATE topics SET name = CAST(zeroblob(100000000) AS TEXT) WHERE id = 1')


def folder(name: str, metadata: str, content: bytes = true) -> None:
    """A folder with a metadata.yaml and the database a.db3."""
    (out / name).mkdir()
    (out / name / 'metadata.yaml').write_text(metadata)
    (out / name / 'a.db3').write_bytes(content)


def png(channels: int, depth: int) -> bytes:
    """A picture of 8192 x 4096 pixels of one colour: 100 kB, and 67 or 100 MB once it is unpacked."""
    row = zlib.compressobj(9)
    raw = row.compress(bytes(4096 * (1 + 8192 * channels * depth // 8))) + row.flush()

    def part(kind: bytes, data: bytes) -> bytes:
        return struct.pack('>I', len(data)) + kind + data + struct.pack('>I', zlib.crc32(kind + data))

    return (
        b'\x89PNG\r\n\x1a\n'
        + part(b'IHDR', struct.pack('>IIBBBBB', 8192, 4096, depth, 2 if channels == 3 else 0, 0, 0, 0))
        + part(b'IDAT', raw)
        + part(b'IEND', b'')
    )


with Writer(out / 'pictures', version=9, storage_plugin=StoragePlugin.MCAP) as writer:
    shown = [
        ('/camera/color/image_raw/compressed', 'rgb8; png compressed rgb8', png(3, 8)),
        ('/camera/depth/image_raw/compressedDepth', '16UC1; compressedDepth png', bytes(12) + png(1, 16)),
    ]
    topics = [writer.add_connection(topic, compressed, typestore=store) for topic, _, _ in shown]
    for i in range(24):
        header = T['std_msgs/msg/Header'](T['builtin_interfaces/msg/Time'](1_700_000_000, i * 33_000_000), 'c')
        for topic, (_, kind, data) in zip(topics, shown, strict=True):
            writer.write(
                topic,
                T0 + i * 33_000_000,
                store.serialize_cdr(T[compressed](header, kind, np.frombuffer(data, np.uint8)), compressed),
            )


PATHS = 'rosbag2_bagfile_information:\n  relative_file_paths: '
folder('packed_messages', PATHS + '[a.db3]\n  compression_format: zstd\n  compression_mode: MESSAGE\n')
db = sqlite3.connect(out / 'packed_messages/a.db3')
db.execute('UPDATE messages SET data = ?', (zstd(bytes(60 * MB)),))
db.commit()
db.close()
folder(
    'aliases',
    'a: &a [x, x, x, x, x, x, x, x, x]\n'
    + ''.join(f'{chr(98 + i)}: &{chr(98 + i)} [{", ".join(["*" + chr(97 + i)] * 9)}]\n' for i in range(12))
    + PATHS
    + '*m\n',
)
folder('lists_in_lists', 'a: ' + '[' * 900_000)
folder('many_values', 'a: [' + '1,' * 400_000 + ']\n')
folder('path_above', PATHS + '[../../../../../../etc/passwd]\n')
folder('path_from_root', PATHS + '[/etc/passwd]\n')
folder('link_out', PATHS + '[b.db3]\n')
(out / 'link_out/b.db3').symlink_to(out / 'large_name.db3')
folder('pipe_in_folder', PATHS + '[pipe.db3]\n')
os.mkfifo(out / 'pipe_in_folder/pipe.db3')
folder('pipe_as_log', PATHS + '[a.db3]\n')
os.mkfifo(out / 'pipe_as_log/a.db3-wal')
os.mkfifo(out / 'pipe')
(out / 'pipe_as_metadata').mkdir()
os.mkfifo(out / 'pipe_as_metadata/metadata.yaml')
(out / 'packed.mcap.zstd').write_bytes(zstd(MAGIC + DEFINED + record(0x80, b'') * 5_000_000))
(out / 'nested.mcap.zstd').write_bytes(zstd(zstd(bytes(400 * MB))))
(out / 'window.mcap.zstd').write_bytes(bytes.fromhex('28b52ffd 00 f8 010000'.replace(' ', '')))

COMMANDS = [(path.name, ['info', str(path)]) for path in sorted(out.iterdir()) if path.name not in ('true', 'pipe')] + [
    ('large_pictures', ['replay', str(out / 'pictures'), '--rate', 'max', '--no-policy']),
    ('depth_of_zeros', ['replay', str(out / 'true'), '--rate', 'max', '--no-policy']),
    ('pipe', ['info', str(out / 'pipe')]),
    ('device', ['info', '/dev/zero']),
    ('robot_pipe', ['check', str(out / 'pipe')]),
    ('robot_device', ['check', '/dev/zero']),
    ('model_pipe', ['policy', 'info', str(out / 'pipe')]),
    ('objects_device', ['eval', '--objects', '/dev/zero']),
]
print(json.dumps(COMMANDS))
