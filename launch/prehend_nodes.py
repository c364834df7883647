"""What the launch files share: arguments, a managed node, the order in which nodes come up, and the Fast DDS profile."""

import json
import os
import shlex

from ament_index_python.packages import get_package_share_directory
from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, OpaqueFunction, RegisterEventHandler, SetEnvironmentVariable, Shutdown
from launch.substitutions import LaunchConfiguration
from launch.utilities import perform_substitutions
from launch_ros.actions import LifecycleNode
from launch_ros.event_handlers import OnStateTransition
from launch_ros.parameter_descriptions import ParameterValue

# Arguments of every launch file, beside its own.
ARGUMENTS = (
    ('namespace', '', 'of all nodes, and of relative topics: those of the robot file, and those given here'),
    (
        'params_file',
        '',
        'parameter file (YAML) for the nodes: what is given here as an argument counts before it, a default of this launch file after it',
    ),
    (
        'remaps',
        '',
        "remaps of all nodes, FROM:=TO, separated by blanks: remaps:='/tool_pose:=/arm/pose /tool_target:=/arm/target'",
    ),
    (
        'autostart',
        'true',
        'nodes come up one after the other by themselves; false: all are started, and left to a lifecycle manager',
    ),
    ('log_level', 'info', 'debug, info, warn, error or fatal'),
)
# The second one is its older name.
PROFILE, OLDER = 'FASTDDS_DEFAULT_PROFILES_FILE', 'FASTRTPS_DEFAULT_PROFILES_FILE'
# Launch arguments are texts: these parameters are of another type.
TYPES = {
    'autostart': bool,
    'await_observer': bool,
    'seed': int,
    'episodes': int,
    'publish_clock': bool,
    'await_command': bool,
    'tare': float,
    'rate': float,
    'loop': bool,
    'wait': float,
    'reliable': bool,
    'use_sim_time': bool,
}
# Exit code of a node that was given what it cannot use: it would end in the same way again.
BAD_INPUT = 2
WORDS = {'true': True, 'false': False, '1': True, '0': False}


def managed_node(name, value, parameters):
    """The node `name` of the package with its parameters, to be made when the arguments are known; `value` has the launch arguments that all nodes share."""

    def make(context, explicit):
        autostart = LaunchConfiguration('autostart')
        given = {
            'robot': value['robot'],
            'autostart': autostart,
            'await_observer': autostart,
            'use_sim_time': value.get('use_sim_time', False),
            **parameters,
        }
        first = {key: given[key] for key in given if _argument(context, given[key]) not in explicit}
        last = {key: _typed(context, key, given[key]) for key in given if key not in first}
        file = _text(context, LaunchConfiguration('params_file'))
        if file and not os.path.isfile(file):
            raise RuntimeError(f'params_file:={file} is no file')
        respawn = _flag(context, 'respawn', value['respawn'])
        return LifecycleNode(
            package='prehend',
            executable=name,
            name=name,
            namespace=LaunchConfiguration('namespace'),
            # Of one section the last value counts, of several the last section: rules (`-p`) make the first one, /**, and what was given explicitly the last.
            ros_arguments=[
                '--log-level',
                LaunchConfiguration('log_level'),
                *(word for key in first for word in ('-p', f'{key}:={json.dumps(_typed(context, key, first[key]))}')),
            ],
            parameters=[
                *([file] if file else []),
                *([{key: ParameterValue(last[key], value_type=type(last[key])) for key in last}] if last else []),
            ],
            remappings=_remaps(_text(context, LaunchConfiguration('remaps'))),
            respawn=respawn,
            respawn_delay=1.0,
            on_exit=_ended(name, respawn),
            output='screen',
            emulate_tty=True,
        )

    return make


def _ended(name, respawn):
    """Ends the launch when the node `name` has ended for good: its work is done, it cannot work with what it was given, or nothing starts it anew."""

    def hear(event, context):
        if context.is_shutdown or (respawn and event.returncode not in (0, BAD_INPUT)):
            return None
        why = (
            'cannot use what it was given (exit code 2): it is not started again'
            if event.returncode == BAD_INPUT
            else 'has ended'
        )
        return [Shutdown(reason=f'{name} {why}')]

    return hear


def description(arguments, nodes, others=()):
    """What is launched: the arguments (name, default or None, text), the Fast DDS profile, what else there is, and the nodes in their order."""
    explicit = set()
    return LaunchDescription(
        [
            # Before the arguments get their defaults.
            OpaqueFunction(function=lambda context: explicit.update(context.launch_configurations)),
            *(
                DeclareLaunchArgument(name, default_value=default, description=text)
                for name, default, text in (*arguments, *ARGUMENTS)
            ),
            fast_dds_profile(),
            *others,
            OpaqueFunction(function=lambda context: bring_up(context, [make(context, explicit) for make in nodes])),
        ]
    )


def bring_up(context, nodes):
    """Starts `nodes` one after the other, each on the transition of the one before to active; all at once where a lifecycle manager makes the transitions.

    Each node makes its own transitions, and so it does again when it is started anew after a death: a request from here could still reach the
    dead one. It makes them once this process hears its transition events (`await_observer`), so none is lost.
    """
    if not _flag(context, 'autostart', LaunchConfiguration('autostart')):
        return nodes
    return [
        *(
            RegisterEventHandler(
                OnStateTransition(target_lifecycle_node=before, goal_state='active', entities=[node], handle_once=True)
            )
            for before, node in zip(nodes, nodes[1:])
        ),
        nodes[0],
    ]


def fast_dds_profile():
    """Sets the profile that carries pictures, where the user has set none."""
    path = os.path.join(get_package_share_directory('prehend'), 'config', 'fastdds.xml')
    return SetEnvironmentVariable(PROFILE, os.environ.get(PROFILE) or os.environ.get(OLDER) or path)


def _remaps(text):
    rules = [rule.partition(':=') for rule in shlex.split(text)]
    for rule in rules:
        if not all(rule):
            raise RuntimeError(f'remaps:={text}: expected FROM:=TO, separated by blanks, got {"".join(rule)}')
    return [(name, other) for name, _, other in rules]


def _argument(context, value):
    """The launch argument that a parameter takes its value from; None for a fixed value."""
    return perform_substitutions(context, value.variable_name) if isinstance(value, LaunchConfiguration) else None


def _text(context, value):
    return value.perform(context) if isinstance(value, LaunchConfiguration) else value


def _flag(context, name, value):
    text = str(_text(context, value)).lower()
    if text not in WORDS:
        raise RuntimeError(f'{name}:={text}: expected true or false')
    return WORDS[text]


def _typed(context, name, value):
    """A parameter's value, of the parameter's type."""
    text, kind = _text(context, value), TYPES.get(name, str)
    try:
        return _flag(context, name, text) if kind is bool else kind(text)
    except ValueError:
        raise RuntimeError(f'{name}:={text}: expected {"a whole number" if kind is int else "a number"}') from None
