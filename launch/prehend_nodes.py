"""What the launch files share: a managed node, the order in which nodes come up, and the Fast DDS profile."""

import os

from ament_index_python.packages import get_package_share_directory
from launch.actions import RegisterEventHandler, SetEnvironmentVariable
from launch_ros.actions import LifecycleNode
from launch_ros.event_handlers import OnStateTransition
from launch_ros.parameter_descriptions import ParameterValue

PROFILE = 'FASTDDS_DEFAULT_PROFILES_FILE'
# Launch arguments are texts: these parameters are of another type.
TYPES = {
    'autostart': bool,
    'seed': int,
    'episodes': int,
    'publish_clock': bool,
    'tare': float,
    'rate': float,
    'loop': bool,
    'use_sim_time': bool,
}


def managed_node(name, value, parameters):
    """The node `name` of the package with its parameters; `value` has the launch arguments that all nodes share."""
    given = {'robot': value['robot'], 'autostart': True, 'use_sim_time': value.get('use_sim_time', False), **parameters}
    return LifecycleNode(
        package='prehend',
        executable=name,
        name=name,
        namespace=value['namespace'],
        parameters=[{key: ParameterValue(given[key], value_type=TYPES.get(key, str)) for key in given}],
        ros_arguments=['--log-level', value['log_level']],
        respawn=value['respawn'],
        respawn_delay=1.0,
        output='screen',
        emulate_tty=True,
    )


def bring_up(nodes):
    """Starts `nodes` one after the other, each once the one before it is active.

    Each node makes its own transitions to active (`autostart`), and so it does again when it is started anew after a death: a request from
    here could still reach the dead one.
    """
    order = [RegisterEventHandler(OnStateTransition(
        target_lifecycle_node=before, start_state='activating', goal_state='active', entities=[node], handle_once=True,
    )) for before, node in zip(nodes, nodes[1:])]
    return [*order, nodes[0]]


def fast_dds_profile():
    """Sets the profile that carries pictures, where the user has set none."""
    path = os.path.join(get_package_share_directory('prehend'), 'config', 'fastdds.xml')
    return SetEnvironmentVariable(PROFILE, os.environ.get(PROFILE, path))

