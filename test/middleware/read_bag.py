"""Prints the messages of a bag as rosbags reads it (`rosbags PATH`), or as the package mcap does (`mcap PATH`).

mcap decodes each message and checks the CRCs.
"""

import hashlib
import json
import sys
from pathlib import Path

kind, path = sys.argv[1:]
rows = []
if kind == 'rosbags':
    from rosbags.highlevel import AnyReader

    with AnyReader([Path(path)]) as reader:
        for connection, time, data in reader.messages():
            reader.deserialize(data, connection.msgtype)
            rows.append([connection.topic, connection.msgtype, str(time), hashlib.sha256(data).hexdigest()])
else:
    from mcap.reader import make_reader
    from mcap_ros2.decoder import DecoderFactory

    with Path(path).open('rb') as file:
        mcap = make_reader(file, validate_crcs=True, decoder_factories=[DecoderFactory()])
        for schema, channel, message, _ in mcap.iter_decoded_messages():
            assert schema is not None
            rows.append([channel.topic, schema.name, str(message.log_time), hashlib.sha256(message.data).hexdigest()])
print(json.dumps(rows))
