"""Looks up packages as `ros2 run` and rclpy do. In: {packages, types}; out: {found: {package: {prefix, share, executables}}, empty: {type: length in bytes},
fields: {type: {name: type} of each of its parts}}."""

import json
import os
import sys

from ament_index_python.packages import get_package_prefix, get_package_share_directory
from messages import type_of
from rclpy.serialization import serialize_message

asked = json.load(sys.stdin)
found = {}
for package in asked['packages']:
    prefix = get_package_prefix(package)
    folder = os.path.join(prefix, 'lib', package)
    names = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
    executables = [name for name in names if os.access(os.path.join(folder, name), os.X_OK)]
    found[package] = {'prefix': prefix, 'share': get_package_share_directory(package), 'executables': executables}

empty, fields = {}, {}
for name in asked['types']:
    made, kind = type_of(name), name.split('/')[1]
    parts = {
        'msg': [made],
        'srv': [getattr(made, 'Request', None), getattr(made, 'Response', None)],
        'action': [getattr(made, part, None) for part in ('Goal', 'Result', 'Feedback')],
    }[kind]
    empty[name] = [len(serialize_message(part())) for part in parts]
    fields[name] = [part.get_fields_and_field_types() for part in parts]
json.dump({'found': found, 'empty': empty, 'fields': fields}, sys.stdout)
