"""Copies an MCAP with the independent writer of the PyPI package mcap.

python rewrite_mcap.py IN OUT [--compression NONE|LZ4|ZSTD] [--no-index] [--no-chunks]
"""

import argparse

from mcap.reader import make_reader
from mcap.writer import CompressionType, IndexType, Writer

parser = argparse.ArgumentParser()
parser.add_argument('source')
parser.add_argument('out')
parser.add_argument('--compression', default='NONE')
parser.add_argument('--no-index', action='store_true')
parser.add_argument('--no-chunks', action='store_true')
args = parser.parse_args()

index = (
    {
        'index_types': IndexType.NONE,
        'use_statistics': False,
        'use_summary_offsets': False,
        'repeat_channels': False,
        'repeat_schemas': False,
    }
    if args.no_index
    else {}
)
with open(args.source, 'rb') as source, open(args.out, 'wb') as out:
    writer = Writer(
        out,
        chunk_size=64 * 1024,
        compression=CompressionType[args.compression],
        use_chunking=not args.no_chunks,
        **index,
    )
    writer.start(profile='ros2')
    schemas, channels = {}, {}
    for schema, channel, message in make_reader(source).iter_messages():
        if schema.id not in schemas:
            schemas[schema.id] = writer.register_schema(schema.name, schema.encoding, schema.data)
        if channel.id not in channels:
            channels[channel.id] = writer.register_channel(
                channel.topic, channel.message_encoding, schemas[schema.id], channel.metadata
            )
        writer.add_message(channels[channel.id], message.log_time, message.data, message.publish_time)
    writer.finish()
