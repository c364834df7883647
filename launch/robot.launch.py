"""Starts all nodes on a robot. Its camera and wrist sensor have drivers of their own; its gripper has a serial port.

Every node is a managed node. The nodes that read sensors come up first, the node that moves the robot comes up last.
A node that dies is started again.
"""

import sys
from pathlib import Path

from ament_index_python.packages import get_package_share_directory
from launch import LaunchDescription
from launch.substitutions import LaunchConfiguration

sys.path.insert(0, str(Path(get_package_share_directory('prehend')) / 'launch'))
from prehend_nodes import description, managed_node

ARGUMENTS = (
    ('robot', 'cell', 'robot file: a path, or the name of one that comes with prehend'),
    ('rgb_topic', 'camera/color/image_raw', 'colour images of the camera driver'),
    ('rgb_transport', 'raw', 'their transport of image_transport: raw, or compressed (below rgb_topic)'),
    ('depth_topic', 'camera/depth/image_raw', 'depth images of the camera driver, aligned to colour'),
    ('depth_transport', 'raw', 'their transport: raw, compressed or compressedDepth (below depth_topic)'),
    (
        'crop',
        'none',
        'none, or square: the square in the middle of the images, '
        'for a policy that was trained on square ones (the one that comes with prehend)',
    ),
    ('wrench_topic', 'ft_sensor/wrench', 'wrenches of the wrist sensor driver; not the topic of the robot file'),
    ('speech_topic', 'speech/text', 'utterances of the recogniser (std_msgs/String)'),
    ('wrench_frame', 'wrist', 'frame of the wrenches that the force_torque node publishes'),
    ('tare', '0.0', 's over which the force offset is averaged by the force_torque node; 0: left to the robot file'),
    ('port', '/dev/ttyUSB0', 'serial port of the gripper'),
    ('execution', 'temporal_ensembling', 'how chunks are carried out: temporal_ensembling or receding_horizon'),
    ('await_command', 'false', 'true: nothing moves in an episode before something was commanded'),
    ('policy', '', 'ONNX model; empty: the one that comes with prehend; none: aligns only'),
    ('encoder', '', 'for a policy that is a head: the ONNX model whose features feed it; empty: none'),
    ('record', '', 'recording (MCAP) of what the fusion node receives; empty: none'),
    ('use_sim_time', 'false', 'time comes from /clock'),
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
    nodes = [
        managed_node(
            'camera',
            value,
            {
                'rgb_input': value['rgb_topic'],
                'rgb_transport': value['rgb_transport'],
                'depth_input': value['depth_topic'],
                'depth_transport': value['depth_transport'],
                'crop': value['crop'],
                'frame_prefix': value['frame_prefix'],
            },
        ),
        managed_node(
            'force_torque',
            value,
            {
                'input': value['wrench_topic'],
                'frame_id': value['wrench_frame'],
                'tare': value['tare'],
                'frame_prefix': value['frame_prefix'],
            },
        ),
        managed_node('voice', value, {'input': value['speech_topic']}),
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
                'port': value['port'],
                'execution': value['execution'],
                'await_command': value['await_command'],
                'frame_prefix': value['frame_prefix'],
            },
        ),
    ]
    return description(ARGUMENTS, nodes)
