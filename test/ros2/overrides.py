"""What rclpy takes from --ros-args.

In: [[name, argv]]. Out: for each {"fqn", "parameters": {name: [type, value]}}, or the error as a text.
"""

import json
import math
import sys
from typing import Any

import rclpy
from rclpy.node import Node

OF_ROS = ('use_sim_time', 'start_type_description_service')


def plain(value: Any) -> Any:
    """A value as JSON. A number that JSON cannot express exactly becomes a text."""
    if isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    return [plain(element) for element in value]


def overrides(name: str, argv: list[str]) -> dict[str, Any] | str:
    context = rclpy.Context()
    try:
        rclpy.init(args=argv, context=context)
    except RuntimeError as error:
        return str(error)
    try:
        node = Node(
            name,
            context=context,
            automatically_declare_parameters_from_overrides=True,
            enable_rosout=False,
            start_parameter_services=False,
        )
        found = {
            key: [made.type_.name.lower(), plain(made.value)]
            for key, made in node._parameters.items()
            if key not in OF_ROS
        }
        return {'fqn': node.get_fully_qualified_name(), 'parameters': found}
    finally:
        rclpy.shutdown(context=context)


json.dump([overrides(*case) for case in json.load(sys.stdin)], sys.stdout)
