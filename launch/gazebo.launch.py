"""Starts a Gazebo world as a robot, and the nodes that grasp in it.

It starts the simulator, ros_gz_bridge for the sensors and /clock, and prehend's nodes. The cell node stands for the arm
and the gripper: it steps the world, never faster than real time, and moves the joints. The packages ros_gz_sim and
ros_gz_bridge must be installed.
"""

from __future__ import annotations

import os
import re
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ament_index_python.packages import PackageNotFoundError, get_package_share_directory
from launch import LaunchDescription
from launch.actions import IncludeLaunchDescription, OpaqueFunction
from launch.conditions import IfCondition
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node

sys.path.insert(0, str(Path(get_package_share_directory('prehend')) / 'launch'))
from prehend_nodes import description, managed_node

if TYPE_CHECKING:
    from launch import LaunchContext, LaunchDescriptionEntity

ARGUMENTS = (
    ('world', None, 'SDF world that `prehend world` wrote'),
    ('headless', 'false', 'true: the server alone, without a window'),
    (
        'gz_version',
        '',
        'major version of Gazebo: 6 (Fortress), 8 (Harmonic), 10 (Jetty); empty: the one that ros_gz_sim was built for',
    ),
    ('bridge', '', 'YAML file of ros_gz_bridge; empty: the one that comes with prehend'),
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
    ('frame_prefix', '', 'put before the names of all frames that the nodes publish, such as left/'),
    (
        'respawn',
        'true',
        'a node that dies is started again; '
        'not a node that ends well, and not one whose input is unusable (exit code 2)',
    ),
)


def gazebo(context: LaunchContext, value: Mapping[str, Any]) -> list[LaunchDescriptionEntity]:
    """The simulator and the bridge. The simulator stands still until the cell node steps it."""
    world = value['world'].perform(context)
    version = value['gz_version'].perform(context)
    if not Path(world).is_file():
        raise RuntimeError(f'world:={world} is no file: write one with `prehend world cell.sdf`')
    if not re.fullmatch(r'[0-9]*', version):
        raise RuntimeError(f'gz_version:={version}: expected a major version of Gazebo, such as 8')
    flags = ['-s', '--headless-rendering'] if IfCondition(value['headless']).evaluate(context) else []
    # An included launch file sees the arguments of the file that includes it. The one of ros_gz_sim reads gz_version
    # as a number, so an empty one must not reach it.
    if not version:
        context.launch_configurations.pop('gz_version', None)
    # ros_gz_sim passes its arguments to a shell.
    simulator = {
        'gz_args': ' ' + shlex.join([*flags, world]),
        'on_exit_shutdown': 'true',
        **({'gz_version': version} if version else {}),
    }
    own_bridge = Path(get_package_share_directory('prehend')) / 'config' / 'gazebo_bridge.yaml'
    bridge = value['bridge'].perform(context) or str(own_bridge)
    gz_sim = Path(share('ros_gz_sim')) / 'launch' / 'gz_sim.launch.py'
    return [
        IncludeLaunchDescription(PythonLaunchDescriptionSource(str(gz_sim)), launch_arguments=simulator.items()),
        Node(
            package='ros_gz_bridge',
            executable='parameter_bridge',
            name='gazebo_bridge',
            namespace=LaunchConfiguration('namespace'),
            parameters=[{'config_file': bridge}],
            output='screen',
        ),
    ]


def share(package: str) -> str:
    """The share folder of a package. Raises RuntimeError that says how to install a missing one."""
    try:
        return get_package_share_directory(package)
    except PackageNotFoundError:
        raise RuntimeError(
            f'the package {package} is not installed: apt install ros-{os.environ.get("ROS_DISTRO", "DISTRO")}-ros-gz'
        ) from None


def generate_launch_description() -> LaunchDescription:
    value = {name: LaunchConfiguration(name) for name, _default, _text in ARGUMENTS}
    simulated = {**value, 'use_sim_time': True}
    cell = {
        name: value[name]
        for name in ('seed', 'objects', 'episodes', 'wait', 'say', 'await_command', 'gripper_link', 'frame_prefix')
    }
    nodes = [
        managed_node('cell', simulated, {**cell, 'source': 'gazebo'}),
        managed_node(
            'camera',
            simulated,
            {
                'rgb_input': 'gazebo/color/image_raw',
                'depth_input': 'gazebo/depth/image_raw',
                'crop': 'square',
                'frame_prefix': value['frame_prefix'],
            },
        ),
        managed_node('force_torque', simulated, {'input': 'gazebo/wrench', 'frame_prefix': value['frame_prefix']}),
        managed_node(
            'fusion',
            simulated,
            {
                'policy': value['policy'],
                'encoder': value['encoder'],
                'record': value['record'],
                'frame_prefix': value['frame_prefix'],
            },
        ),
        managed_node(
            'control',
            simulated,
            {
                'port': value['gripper_link'],
                'await_command': value['await_command'],
                'execution': value['execution'],
                'frame_prefix': value['frame_prefix'],
            },
        ),
    ]
    return description(ARGUMENTS, nodes, [OpaqueFunction(function=gazebo, args=[value])])
