"""What rclpy takes from --ros-args. In: [[name, argv]]; out: for each {"fqn", "parameters": {name: [type, value]}}, or the error as text."""

import json
import math
import sys

import rclpy
from rclpy.node import Node

OF_ROS = ('use_sim_time', 'start_type_description_service')


def plain(value):
    """A number that JSON has no word for, or not exactly, as text."""
    if isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    return [plain(element) for element in value]


def overrides(name, argv):
    context = rclpy.Context()
    try:
        rclpy.init(args=argv, context=context)
    except Exception as error:
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
