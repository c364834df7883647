"""Prints the messages of a bag as rosbags reads it (`rosbags PATH`) or as python mcap does, decoded and with CRCs checked (`mcap PATH`)."""

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

    with open(path, 'rb') as file:
        reader = make_reader(file, validate_crcs=True, decoder_factories=[DecoderFactory()])
        for schema, channel, message, _ in reader.iter_decoded_messages():
            rows.append([channel.topic, schema.name, str(message.log_time), hashlib.sha256(message.data).hexdigest()])
print(json.dumps(rows))
