"""Plays a recording into the fusion node. The player publishes the recording's messages and its time on /clock."""

import sys
from pathlib import Path

from ament_index_python.packages import get_package_share_directory
from launch import LaunchDescription
from launch.substitutions import LaunchConfiguration

sys.path.insert(0, str(Path(get_package_share_directory('prehend')) / 'launch'))
from prehend_nodes import description, managed_node

ARGUMENTS = (
    ('bag', None, 'the recording: a rosbag2 folder, .mcap or .db3'),
    ('robot', 'cell', 'robot file: a path, or the name of one that comes with prehend'),
    ('rate', '1.0', 'times real time'),
    ('loop', 'false', 'begins again at the end; time then jumps back'),
    ('wait', '10.0', 's that the player waits for who hears the recording; 0: plays at once'),
    ('policy', '', 'ONNX model; empty: the one that comes with prehend; none: aligns only'),
    ('record', '', 'recording (MCAP) of what the fusion node receives; empty: none'),
    (
        'respawn',
        'false',
        'a node that dies is started and brought up again; '
        'not one that ends well, nor one that was given what it cannot use (exit code 2)',
    ),
)


def generate_launch_description() -> LaunchDescription:
    value = {name: LaunchConfiguration(name) for name, _default, _text in ARGUMENTS}
    nodes = [
        managed_node(
            'fusion',
            {**value, 'use_sim_time': True},
            {'reliable': True, 'policy': value['policy'], 'record': value['record']},
        ),
        managed_node(
            'player', {**value, 'use_sim_time': False}, {name: value[name] for name in ('bag', 'rate', 'loop', 'wait')}
        ),
    ]
    return description(ARGUMENTS, nodes)
