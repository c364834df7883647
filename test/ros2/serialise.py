"""rclpy's view of CDR bytes. In: [[type, base64]]; out: for each its fields, and the bytes that rclpy makes of them again, [[fields, base64]]."""

import base64
import json
import sys

from messages import plain, type_of
from rclpy.serialization import deserialize_message, serialize_message


answers = []
for name, data in json.load(sys.stdin):
    message = deserialize_message(base64.b64decode(data), type_of(name))
    answers.append([plain(message), base64.b64encode(serialize_message(message)).decode()])
json.dump(answers, sys.stdout)
