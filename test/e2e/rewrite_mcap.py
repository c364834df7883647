"""Copies an MCAP file with the writer of the package mcap, which is independent of prehend.

python rewrite_mcap.py IN OUT [--compression NONE|LZ4|ZSTD] [--no-index] [--no-chunks]
"""

import argparse
from pathlib import Path

from mcap.reader import make_reader
from mcap.writer import CompressionType, IndexType, Writer

parser = argparse.ArgumentParser()
parser.add_argument('source')
parser.add_argument('out')
parser.add_argument('--compression', default='NONE')
parser.add_argument('--no-index', action='store_true')
parser.add_argument('--no-chunks', action='store_true')
args = parser.parse_args()

index = not args.no_index
with Path(args.source).open('rb') as source, Path(args.out).open('wb') as out:
    writer = Writer(
        out,
        chunk_size=64 * 1024,
        compression=CompressionType[args.compression],
        use_chunking=not args.no_chunks,
        index_types=IndexType.ALL if index else IndexType.NONE,
        use_statistics=index,
        use_summary_offsets=index,
        repeat_channels=index,
        repeat_schemas=index,
    )
    writer.start(profile='ros2')
    schemas: dict[int, int] = {}
    channels: dict[int, int] = {}
    for schema, channel, message in make_reader(source).iter_messages():
        assert schema is not None
        if schema.id not in schemas:
            schemas[schema.id] = writer.register_schema(schema.name, schema.encoding, schema.data)
        if channel.id not in channels:
            channels[channel.id] = writer.register_channel(
                channel.topic, channel.message_encoding, schemas[schema.id], channel.metadata
            )
        writer.add_message(channels[channel.id], message.log_time, message.data, message.publish_time)
    writer.finish()
