"""The embedded MuJoCo cell as a robot on topics, with /clock, and the nodes that grasp in it."""

import os
import sys

from ament_index_python.packages import get_package_share_directory
from launch.substitutions import LaunchConfiguration

sys.path.insert(0, os.path.join(get_package_share_directory('prehend'), 'launch'))
from prehend_nodes import description, managed_node  # noqa: E402

ARGUMENTS = (
    ('robot', 'cell', 'robot file: a path, or the name of one that comes with prehend'),
    ('seed', '1', 'of all episodes'),
    ('objects', 'seen', 'object set: seen, unseen, or a YAML file'),
    ('episodes', '0', 'how many; 0: until it is ended'),
    ('say', '', 'said in every episode instead of its drawn command, and so on the table'),
    ('await_command', 'false', 'true: others say the commands, nothing moves before, and `say` only tells what is on the table'),
    ('gripper_link', '/tmp/prehend-gripper', 'symbolic link to the pseudo-terminal of the gripper'),
    ('policy', '', 'ONNX model; empty: the one that comes with prehend; none: aligns only'),
    ('record', '', 'recording (MCAP) of what the fusion node receives; empty: none'),
    ('namespace', '', 'namespace of all nodes'),
    ('use_sim_time', 'false', 'fusion and control take their time from /clock, which the cell publishes'),
    ('log_level', 'info', 'debug, info, warn, error or fatal'),
    ('respawn', 'true', 'a node that dies is started and brought up again'),
)


def generate_launch_description():
    value = {name: LaunchConfiguration(name) for name, _default, _text in ARGUMENTS}
    cell = {name: value[name] for name in ('seed', 'objects', 'episodes', 'say', 'await_command', 'gripper_link')}
    nodes = [
        managed_node('cell', {**value, 'use_sim_time': False}, {**cell, 'publish_clock': True}),
        managed_node('fusion', value, {'policy': value['policy'], 'record': value['record']}),
        managed_node('control', value, {'port': value['gripper_link'], 'await_command': value['await_command']}),
    ]
    return description(ARGUMENTS, nodes)
