"""What the launch files share: arguments, managed nodes, the order in which nodes come up, and the Fast DDS profile."""

from __future__ import annotations

import itertools
import json
import os
import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ament_index_python.packages import get_package_share_directory
from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, OpaqueFunction, RegisterEventHandler, SetEnvironmentVariable, Shutdown
from launch.substitutions import LaunchConfiguration
from launch.utilities import perform_substitutions
from launch_ros.actions import LifecycleNode
from launch_ros.event_handlers import OnStateTransition
from launch_ros.parameter_descriptions import ParameterValue

if TYPE_CHECKING:
    from launch import LaunchContext, LaunchDescriptionEntity

    # An argument: its name, its default (None: it must be given), its description.
    Argument = tuple[str, str | None, str]
    # Makes a node, from the context and the names of the arguments that the user gave.
    Make = Callable[[LaunchContext, set[str]], LifecycleNode]

# The arguments that every launch file has, beside its own.
ARGUMENTS = (
    ('namespace', '', 'of all nodes, and of relative topics: those of the robot file, and those given here'),
    (
        'params_file',
        '',
        'parameter file (YAML) for the nodes: '
        'arguments that you give here override it, and it overrides the defaults of this launch file',
    ),
    (
        'remaps',
        '',
        "remaps of all nodes, FROM:=TO, separated by blanks: remaps:='/tool_pose:=/arm/pose /tool_target:=/arm/target'",
    ),
    (
        'autostart',
        'true',
        'true: the nodes come up by themselves, one after the other; false: they wait for a lifecycle manager',
    ),
    ('log_level', 'info', 'debug, info, warn, error or fatal'),
)
# The environment variable that names the Fast DDS profile, and the older name of the same variable.
PROFILE, OLDER = 'FASTDDS_DEFAULT_PROFILES_FILE', 'FASTRTPS_DEFAULT_PROFILES_FILE'
# A launch argument is always a text. These parameters have another type.
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
# The exit code of a node whose input is unusable. The node would end in the same way again, so it is not restarted.
BAD_INPUT = 2
BOOLEANS = {'true': True, 'false': False, '1': True, '0': False}


def managed_node(name: str, value: Mapping[str, Any], parameters: Mapping[str, Any]) -> Make:
    """A function that makes the node `name` of the package once the arguments are known.

    `value`: the launch arguments that all nodes share. `parameters`: those of this node.
    """

    def make(context: LaunchContext, explicit: set[str]) -> LifecycleNode:
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
        if file and not Path(file).is_file():
            raise RuntimeError(f'params_file:={file} is no file')
        respawn = _flag(context, 'respawn', value['respawn'])
        return LifecycleNode(
            package='prehend',
            executable=name,
            name=name,
            namespace=LaunchConfiguration('namespace'),
            # Within one section of parameters the last value counts, and of several sections the last one. Defaults go
            # into rules (`-p`), which make the first section, /**. What the user gave goes into the last section.
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


def _ended(name: str, respawn: bool) -> Callable[[Any, LaunchContext], list[Shutdown] | None]:
    """A handler that ends the launch when the node `name` has ended and will not be started again.

    That is so when its work is done, when its input is unusable, or when `respawn` is off.
    """

    def on_exit(event: Any, context: LaunchContext) -> list[Shutdown] | None:
        if context.is_shutdown or (respawn and event.returncode not in (0, BAD_INPUT)):
            return None
        why = (
            'cannot use its input (exit code 2): it is not started again'
            if event.returncode == BAD_INPUT
            else 'has ended'
        )
        return [Shutdown(reason=f'{name} {why}')]

    return on_exit


def description(
    arguments: Iterable[Argument], nodes: Sequence[Make], others: Sequence[LaunchDescriptionEntity] = ()
) -> LaunchDescription:
    """What is launched: the arguments, the Fast DDS profile, `others`, and the nodes in their order."""
    explicit: set[str] = set()
    return LaunchDescription(
        [
            # This runs before the arguments get their defaults, so it sees only what the user gave.
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


def bring_up(context: LaunchContext, nodes: list[LifecycleNode]) -> list[LaunchDescriptionEntity]:
    """Starts `nodes` one after the other: each starts when the one before has become active.

    With `autostart` off all start at once, and a lifecycle manager makes the transitions.

    Each node makes its own transitions, also after a restart, because a request from here could still reach the process
    that died. The node waits until this process subscribes to its transition events (`await_observer`), so no event is
    lost.
    """
    if not _flag(context, 'autostart', LaunchConfiguration('autostart')):
        return nodes
    return [
        *(
            RegisterEventHandler(
                OnStateTransition(target_lifecycle_node=before, goal_state='active', entities=[node], handle_once=True)
            )
            for before, node in itertools.pairwise(nodes)
        ),
        nodes[0],
    ]


def fast_dds_profile() -> SetEnvironmentVariable:
    """Sets the Fast DDS profile that can carry pictures, unless the user has set one."""
    path = Path(get_package_share_directory('prehend')) / 'config' / 'fastdds.xml'
    return SetEnvironmentVariable(PROFILE, os.environ.get(PROFILE) or os.environ.get(OLDER) or str(path))


def _remaps(text: str) -> list[tuple[str, str]]:
    rules = [rule.partition(':=') for rule in shlex.split(text)]
    for rule in rules:
        if not all(rule):
            raise RuntimeError(f'remaps:={text}: expected FROM:=TO, separated by blanks, got {"".join(rule)}')
    return [(name, other) for name, _, other in rules]


def _argument(context: LaunchContext, value: Any) -> str | None:
    """The name of the launch argument that a parameter takes its value from. None for a fixed value."""
    return perform_substitutions(context, value.variable_name) if isinstance(value, LaunchConfiguration) else None


def _text(context: LaunchContext, value: Any) -> Any:
    return value.perform(context) if isinstance(value, LaunchConfiguration) else value


def _flag(context: LaunchContext, name: str, value: Any) -> bool:
    text = str(_text(context, value)).lower()
    if text not in BOOLEANS:
        raise RuntimeError(f'{name}:={text}: expected true or false')
    return BOOLEANS[text]


def _typed(context: LaunchContext, name: str, value: Any) -> Any:
    """The value of a parameter, converted to the type of that parameter."""
    text, kind = _text(context, value), TYPES.get(name, str)
    try:
        return _flag(context, name, text) if kind is bool else kind(text)
    except ValueError:
        raise RuntimeError(f'{name}:={text}: expected {"a whole number" if kind is int else "a number"}') from None
