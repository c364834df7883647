"""Looks up packages as `ros2 run` and rclpy do.

In: {packages, types}. Out: {found: {package: {prefix, share, executables}}, empty: {type: [bytes of each part]},
fields: {type: [{name: type} of each part]}}. A message has one part, a service two, an action three.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

from ament_index_python.packages import get_package_prefix, get_package_share_directory
from rclpy.serialization import serialize_message

from messages import type_of

asked = json.load(sys.stdin)
found = {}
for package in asked['packages']:
    prefix = get_package_prefix(package)
    folder = Path(prefix) / 'lib' / package
    files = sorted(folder.iterdir()) if folder.is_dir() else []
    executables = [file.name for file in files if os.access(file, os.X_OK)]
    found[package] = {'prefix': prefix, 'share': get_package_share_directory(package), 'executables': executables}

empty: dict[str, list[int]] = {}
fields: dict[str, list[dict[str, str]]] = {}
for name in asked['types']:
    made, kind = type_of(name), name.split('/')[1]
    parts: list[Any] = {
        'msg': [made],
        'srv': [getattr(made, 'Request', None), getattr(made, 'Response', None)],
        'action': [getattr(made, part, None) for part in ('Goal', 'Result', 'Feedback')],
    }[kind]
    empty[name] = [len(serialize_message(part())) for part in parts]
    fields[name] = [part.get_fields_and_field_types() for part in parts]
json.dump({'found': found, 'empty': empty, 'fields': fields}, sys.stdout)
