"""What rclpy reads from CDR bytes.

In: [[type, base64]]. Out: for each its fields, and the bytes that rclpy makes of them again, [[fields, base64]].
"""

import base64
import json
import sys

from rclpy.serialization import deserialize_message, serialize_message

from messages import plain, type_of

answers = []
for name, data in json.load(sys.stdin):
    message = deserialize_message(base64.b64decode(data), type_of(name))
    answers.append([plain(message), base64.b64encode(serialize_message(message)).decode()])
json.dump(answers, sys.stdout)
