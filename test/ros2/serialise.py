"""rclpy's view of CDR bytes. In: [[type, base64]]; out: for each its fields, and the bytes that rclpy makes of them again, [[fields, base64]]."""
import base64
import importlib
import json
import math
import sys

from rclpy.serialization import deserialize_message, serialize_message


def plain(value):
    """A message as JSON; a number that JSON has no word for as text."""
    if hasattr(value, 'get_fields_and_field_types'):
        return {name: plain(getattr(value, name)) for name in value.get_fields_and_field_types()}
    if isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    return [plain(element) for element in (value.tolist() if hasattr(value, 'tolist') else value)]


answers = []
for name, data in json.load(sys.stdin):
    package, kind, type_name = name.split('/')
    message = deserialize_message(base64.b64decode(data), getattr(importlib.import_module(f'{package}.{kind}'), type_name))
    answers.append([plain(message), base64.b64encode(serialize_message(message)).decode()])
json.dump(answers, sys.stdout)
