"""Starts the embedded MuJoCo cell as a robot on topics, with /clock, and the nodes that grasp in it."""

import sys
from pathlib import Path

from ament_index_python.packages import get_package_share_directory
from launch import LaunchDescription
from launch.substitutions import LaunchConfiguration

sys.path.insert(0, str(Path(get_package_share_directory('prehend')) / 'launch'))
from prehend_nodes import description, managed_node

ARGUMENTS = (
    ('robot', 'cell', 'robot file: a path, or the name of one that comes with prehend'),
    ('seed', '1', 'seed of all episodes'),
    ('objects', 'seen', 'object set: seen, unseen, or a YAML file'),
    ('episodes', '0', 'how many; 0: without end'),
    (
        'wait',
        '30.0',
        's that an episode waits until the nodes that it needs are active and hear the cell; 0: does not wait',
    ),
    ('say', '', 'command of every episode, whose object is then on the table; empty: each episode draws its own'),
    (
        'await_command',
        'false',
        'true: others say the commands, and nothing moves before; `say` then only tells which object is on the table',
    ),
    ('gripper_link', '/tmp/prehend-gripper', 'symbolic link to the pseudo-terminal of the gripper'),
    ('execution', 'temporal_ensembling', 'how chunks are carried out: temporal_ensembling or receding_horizon'),
    ('policy', '', 'ONNX model; empty: the one that comes with prehend; none: aligns only'),
    ('encoder', '', 'for a policy that is a head: the ONNX model whose features feed it; empty: none'),
    ('record', '', 'recording (MCAP) of what the fusion node receives; empty: none'),
    ('use_sim_time', 'false', 'fusion and control take their time from /clock'),
    ('publish_clock', 'true', 'the cell publishes /clock; of several robots on one network only one may'),
    ('frame_prefix', '', 'put before the names of all frames that the nodes publish, such as left/'),
    (
        'respawn',
        'true',
        'a node that dies is started again; '
        'not a node that ends well, and not one whose input is unusable (exit code 2)',
    ),
)


def generate_launch_description() -> LaunchDescription:
    value = {name: LaunchConfiguration(name) for name, _default, _text in ARGUMENTS}
    cell = {
        name: value[name]
        for name in (
            'seed',
            'objects',
            'episodes',
            'wait',
            'say',
            'await_command',
            'gripper_link',
            'publish_clock',
            'frame_prefix',
        )
    }
    nodes = [
        managed_node('cell', {**value, 'use_sim_time': False}, cell),
        managed_node(
            'fusion',
            value,
            {
                'policy': value['policy'],
                'encoder': value['encoder'],
                'record': value['record'],
                'frame_prefix': value['frame_prefix'],
            },
        ),
        managed_node(
            'control',
            value,
            {
                'port': value['gripper_link'],
                'await_command': value['await_command'],
                'execution': value['execution'],
                'frame_prefix': value['frame_prefix'],
            },
        ),
    ]
    return description(ARGUMENTS, nodes)
