"""Makes odd bags from those that write_bags.py left in FOLDER: `odd_bags.py FOLDER`.

The odd bags are what recorders, killed processes and people leave behind.
"""

import json
import shutil
import sqlite3
import struct
import subprocess
import sys
from pathlib import Path

import zstandard
from mcap.reader import make_reader
from mcap.writer import Writer as McapWriter

folder = Path(sys.argv[1])
whole = folder / 'one.db3'
COUNT = sqlite3.connect(whole).execute('SELECT count(*) FROM messages').fetchone()[0]


def killed(name: str, work: str) -> None:
    """Runs code on a copy of the database, `db` at `path`, in a process that ends without closing it."""
    path = folder / name
    path.mkdir()
    shutil.copy(whole, path / 'run_0.db3')
    opened = f'path = {str(path / "run_0.db3")!r}\ndb = sqlite3.connect(path, isolation_level=None)'
    code = f'import sqlite3, os\n{opened}\n{work}\nos._exit(9)'
    subprocess.run([sys.executable, '-c', code], check=False)
    for extra in path.glob('*-shm'):
        extra.unlink()


# The newer half of the messages is in the write-ahead log.
killed(
    'wal',
    f"""db.execute("CREATE TABLE kept AS SELECT * FROM messages ORDER BY id LIMIT -1 OFFSET {COUNT // 2}")
db.execute("DELETE FROM messages WHERE id IN (SELECT id FROM kept)")
db.execute("PRAGMA journal_mode=WAL"); db.execute("PRAGMA wal_autocheckpoint=0")
db.execute("INSERT INTO messages SELECT * FROM kept")""",
)
# A transaction that was not committed deletes everything. The cache is so small that the change is in the file already.
killed(
    'journal',
    """db.execute("PRAGMA cache_size=2"); db.execute("BEGIN"); db.execute("DELETE FROM messages")
db.execute("CREATE TABLE x AS SELECT zeroblob(300000)")
db.execute("PRAGMA cache_spill=1"); db.execute("INSERT INTO x SELECT zeroblob(300000)")""",
)

# A database as the presets of Foxy leave it: in WAL mode, and closed properly.
shutil.copytree(folder / 'journal', folder / 'closed')
(folder / 'closed/run_0.db3-journal').unlink()
shutil.copy(whole, folder / 'closed/run_0.db3')
db = sqlite3.connect(folder / 'closed/run_0.db3')
db.execute('PRAGMA journal_mode=WAL')
db.close()

# Packed folders whose metadata.yaml names other files than those that exist.
source = folder / 'dir_db3'
file = next(source.glob('*.db3'))
raw = file.read_bytes()
pack = zstandard.ZstdCompressor().compress
stream = zstandard.ZstdCompressor(write_checksum=True).compressobj()
streamed = stream.compress(raw) + stream.flush()
skipped = struct.pack('<II', 0x184D2A53, 4) + b'note'
half = len(raw) // 2


def packed(name: str, content: bytes, named: str, there: str) -> None:
    """A folder whose metadata.yaml names the file `named`, while the content is in the file `there`."""
    path = folder / name
    path.mkdir()
    text = (source / 'metadata.yaml').read_text()
    for empty in ("''", '""'):
        text = text.replace(f'compression_format: {empty}', 'compression_format: zstd').replace(
            f'compression_mode: {empty}', 'compression_mode: FILE'
        )
    (path / 'metadata.yaml').write_text(text.replace(file.name, named))
    (path / there).write_bytes(content)


packed('foxy', pack(raw), f'foxy/{file.name}', f'{file.name}.zstd')
packed('without_suffix', pack(raw), file.name, f'{file.name}.zstd')
packed('unpacked', raw, f'{file.name}.zstd', file.name)
packed('streamed', streamed, f'{file.name}.zstd', f'{file.name}.zstd')
packed('two_frames', pack(raw[:half]) + pack(raw[half:]), f'{file.name}.zstd', f'{file.name}.zstd')
packed(
    'odd_frames',
    skipped + pack(raw[:half]) + skipped + pack(raw[half:]) + pack(b''),
    f'{file.name}.zstd',
    f'{file.name}.zstd',
)
(folder / 'lone').mkdir()
(folder / 'lone/lone.mcap.zstd').write_bytes(pack((folder / 'lz4.mcap').read_bytes()))
(folder / 'kept_both').mkdir()
(folder / 'kept_both/a.mcap.zstd').write_bytes(pack((folder / 'lz4.mcap').read_bytes()))
shutil.copy(folder / 'lz4.mcap', folder / 'kept_both/a.mcap')

# Topics that are not of ROS 2 beside topics of ROS 2: in an MCAP, and in a database.
FOREIGN = [
    ('json', 'Note', 'jsonschema'),
    ('protobuf', 'foxglove.Log', 'protobuf'),
    ('ros1', 'std_msgs/String', 'ros1msg'),
    ('cdr', 'foxglove::Log', 'omgidl'),
]
for encoding, schema, schema_encoding in FOREIGN:
    made = folder / f'with_{encoding}_{schema_encoding}.mcap'
    with (folder / 'lz4.mcap').open('rb') as old, made.open('wb') as new:
        writer = McapWriter(new)
        writer.start('ros2', 'test')
        channels: dict[int, int] = {}
        last = 0
        for s, c, m in make_reader(old).iter_messages(log_time_order=False):
            assert s is not None
            if c.id not in channels:
                channels[c.id] = writer.register_channel(
                    c.topic, c.message_encoding, writer.register_schema(s.name, s.encoding, s.data)
                )
            writer.add_message(channels[c.id], m.log_time, m.data, m.publish_time)
            last = max(last, m.log_time)
        note = writer.register_channel('/notes', encoding, writer.register_schema(schema, schema_encoding, b'{}'))
        for i in range(3):
            writer.add_message(note, last - i, b'{"text": "hi"}', last - i)
        writer.finish()
shutil.copy(whole, folder / 'with_json.db3')
db = sqlite3.connect(folder / 'with_json.db3')
db.execute("INSERT INTO topics SELECT * FROM (SELECT 99, '/notes', 'Note', 'json', '', '')")
db.executemany(
    'INSERT INTO messages (topic_id, timestamp, data) VALUES (99, (SELECT max(timestamp) FROM messages), ?)',
    [(b'{}',)] * 3,
)
db.commit()
print(json.dumps(COUNT))

# Summaries that do not repeat the schemas, the channels, or both.
for name, schemas, repeated in (('no_schemas', False, True), ('no_channels', True, False), ('neither', False, False)):
    with (folder / 'lz4.mcap').open('rb') as old, (folder / f'{name}.mcap').open('wb') as new:
        writer = McapWriter(new, chunk_size=64 * 1024, repeat_schemas=schemas, repeat_channels=repeated)
        writer.start('ros2', 'test')
        channels = {}
        for s, c, m in make_reader(old).iter_messages(log_time_order=False):
            assert s is not None
            if c.id not in channels:
                channels[c.id] = writer.register_channel(
                    c.topic, c.message_encoding, writer.register_schema(s.name, s.encoding, s.data), c.metadata
                )
            writer.add_message(channels[c.id], m.log_time, m.data, m.publish_time)
        writer.finish()
