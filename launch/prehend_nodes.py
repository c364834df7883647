"""What the launch files share: a managed node, the order in which nodes come up, and the Fast DDS profile."""

import os

from ament_index_python.packages import get_package_share_directory
from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, RegisterEventHandler, SetEnvironmentVariable, Shutdown
from launch.conditions import IfCondition
from launch.event_handlers import OnProcessIO
from launch_ros.actions import LifecycleNode
from launch_ros.parameter_descriptions import ParameterValue

# What `prehend node` writes once it has activated itself.
ACTIVE = b'is active'
# The second one is its older name.
PROFILE, OLDER = 'FASTDDS_DEFAULT_PROFILES_FILE', 'FASTRTPS_DEFAULT_PROFILES_FILE'
# Launch arguments are texts: these parameters are of another type.
TYPES = {
    'autostart': bool,
    'seed': int,
    'episodes': int,
    'publish_clock': bool,
    'await_command': bool,
    'tare': float,
    'rate': float,
    'loop': bool,
    'wait': float,
    'use_sim_time': bool,
}


def managed_node(name, value, parameters):
    """The node `name` of the package with its parameters; `value` has the launch arguments that all nodes share.

    Where nodes are not started anew (`respawn`) one that ends takes the others with it: none of them does anything without it.
    """
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
        on_exit=_ended(name, value['respawn']),
        output='screen',
        emulate_tty=True,
    )


def _ended(name, respawn):
    """Ends the launch when the node `name` has ended for good, unless it is ending already."""
    def hear(_event, context):
        if context.is_shutdown or IfCondition(respawn).evaluate(context):
            return None
        return [Shutdown(reason=f'{name} has ended')]

    return hear


def description(arguments, nodes, others=()):
    """What is launched: the arguments (name, default or None, text), the Fast DDS profile, what else there is, and the nodes in their order."""
    return LaunchDescription([
        *(DeclareLaunchArgument(name, default_value=default, description=text) for name, default, text in arguments),
        fast_dds_profile(),
        *others,
        *bring_up(nodes),
    ])


def bring_up(nodes):
    """Starts `nodes` one after the other, each once the one before it says that it is active.

    Each node makes its own transitions to active (`autostart`), and so it does again when it is started anew after a death: a request from
    here could still reach the dead one. That it is active it says on its output, which unlike a transition event cannot be lost to a
    subscription that does not stand yet.
    """
    return [*(_next(before, node) for before, node in zip(nodes, nodes[1:])), nodes[0]]


def _next(before, node):
    """Starts `node` when `before` says that it is active, the first time."""
    started = []

    def hear(event):
        if ACTIVE not in event.text or started:
            return None
        started.append(node)
        return [node]

    return RegisterEventHandler(OnProcessIO(target_action=before, on_stdout=hear, on_stderr=hear))


def fast_dds_profile():
    """Sets the profile that carries pictures, where the user has set none."""
    path = os.path.join(get_package_share_directory('prehend'), 'config', 'fastdds.xml')
    return SetEnvironmentVariable(PROFILE, os.environ.get(PROFILE) or os.environ.get(OLDER) or path)

