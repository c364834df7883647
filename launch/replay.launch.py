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
    ('rate', '1.0', 'speed, as a multiple of real time'),
    ('loop', 'false', 'true: begins again at the end; time then jumps back'),
    ('wait', '10.0', 's that the player waits for subscribers; 0: plays at once'),
    ('policy', '', 'ONNX model; empty: the one that comes with prehend; none: aligns only'),
    ('encoder', '', 'for a policy that is a head: the ONNX model whose features feed it; empty: none'),
    ('record', '', 'recording (MCAP) of what the fusion node receives; empty: none'),
    (
        'respawn',
        'false',
        'a node that dies is started again; '
        'not a node that ends well, and not one whose input is unusable (exit code 2)',
    ),
)


def generate_launch_description() -> LaunchDescription:
    value = {name: LaunchConfiguration(name) for name, _default, _text in ARGUMENTS}
    nodes = [
        managed_node(
            'fusion',
            {**value, 'use_sim_time': True},
            {
                'reliable': True,
                'policy': value['policy'],
                'encoder': value['encoder'],
                'record': value['record'],
            },
        ),
        managed_node(
            'player', {**value, 'use_sim_time': False}, {name: value[name] for name in ('bag', 'rate', 'loop', 'wait')}
        ),
    ]
    return description(ARGUMENTS, nodes)
