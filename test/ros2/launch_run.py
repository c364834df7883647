"""What a launch file makes of its arguments. Nothing is started: stand-ins replace the names of `launch` that it uses.

In: {file, arguments: {name: text}, folder: for parameter files}. Out: {started: [name], order: [[before, goal state,
after, once]], nodes: {name: argv}, configurations, respawn: [bool], ends: [[exit code, whether the launch ends]]}, or
{error}.
"""

from __future__ import annotations

import importlib.util
import json
import sys
import tempfile
import types
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

request = json.load(sys.stdin)


class Entity:
    """Keeps what it was made with."""

    def __init__(self, *positional: Any, **named: Any) -> None:
        self.positional, self.named = positional, named


class LaunchConfiguration(Entity):
    @property
    def variable_name(self) -> list[Any]:
        return [self.positional[0]]

    def perform(self, context: Context) -> Any:
        return context.launch_configurations[self.positional[0]]


class Declare(Entity):
    def visit(self, context: Context) -> None:
        context.launch_configurations.setdefault(self.positional[0], self.named['default_value'])


class Function(Entity):
    def visit(self, context: Context) -> Any:
        return self.named['function'](context, *self.named.get('args', []))


class Context:
    is_shutdown = False

    def __init__(self, given: dict[str, Any]) -> None:
        self.launch_configurations = dict(given)


def module(name: str, **members: Any) -> None:
    """Puts a stand-in for a module in its place."""
    made = sys.modules[name] = types.ModuleType(name)
    made.__dict__.update(members)


kinds: dict[str, type[Entity]] = {
    name: type(name, (Entity,), {})
    for name in (
        'LaunchDescription',
        'SetEnvironmentVariable',
        'RegisterEventHandler',
        'Shutdown',
        'LifecycleNode',
        'OnStateTransition',
        'ParameterValue',
        'IncludeLaunchDescription',
        'PythonLaunchDescriptionSource',
        'Node',
    )
}
folder = Path(request['file']).parent
module('ament_index_python')
module(
    'ament_index_python.packages',
    get_package_share_directory=lambda _name: str(folder.parent),
    PackageNotFoundError=KeyError,
)
module('launch', LaunchDescription=kinds['LaunchDescription'])
module(
    'launch.actions',
    DeclareLaunchArgument=Declare,
    OpaqueFunction=Function,
    **{
        name: kinds[name]
        for name in ('RegisterEventHandler', 'SetEnvironmentVariable', 'Shutdown', 'IncludeLaunchDescription')
    },
)


class If(Entity):
    def evaluate(self, context: Context) -> bool:
        return self.positional[0].perform(context) == 'true'


module('launch.conditions', IfCondition=If)
module('launch.launch_description_sources', PythonLaunchDescriptionSource=kinds['PythonLaunchDescriptionSource'])
module('launch.substitutions', LaunchConfiguration=LaunchConfiguration)
module('launch.utilities', perform_substitutions=lambda _context, parts: ''.join(parts))
module('launch_ros')
module('launch_ros.actions', LifecycleNode=kinds['LifecycleNode'], Node=kinds['Node'])
module('launch_ros.event_handlers', OnStateTransition=kinds['OnStateTransition'])
module('launch_ros.parameter_descriptions', ParameterValue=kinds['ParameterValue'])
sys.path.insert(0, str(folder))
spec = importlib.util.spec_from_file_location('launched', request['file'])
assert spec and spec.loader, request['file']
launched = importlib.util.module_from_spec(spec)
spec.loader.exec_module(launched)


def argv(node: Entity, context: Context) -> list[str]:
    """The command line that launch_ros gives a node.

    A dictionary of parameters becomes a file whose section is the whole name of the node.
    """

    def text(value: Any) -> str:
        return value.perform(context) if isinstance(value, LaunchConfiguration) else str(value)

    name, namespace = node.named['name'], text(node.named['namespace'])
    words = [
        '--ros-args',
        *(text(value) for value in node.named['ros_arguments']),
        '-r',
        f'__node:={name}',
        '-r',
        f'__ns:=/{namespace.strip("/")}',
    ]
    for parameters in node.named['parameters']:
        path = parameters
        if isinstance(parameters, dict):
            typed = {key: value.named['value_type'](value.positional[0]) for key, value in parameters.items()}
            with tempfile.NamedTemporaryFile('w', suffix='.yaml', delete=False, dir=request.get('folder')) as file:
                json.dump(
                    {'/'.join(['', *filter(None, [namespace.strip('/'), name])]): {'ros__parameters': typed}}, file
                )
            path = file.name
        words += ['--params-file', path]
    return [*words, *(word for rule in node.named['remappings'] for word in ('-r', ':='.join(rule)))]


def walk(entities: Iterable[Any], context: Context) -> Iterator[Any]:
    """All entities, with those that come out of a visit."""
    for entity in entities:
        yield entity
        if hasattr(entity, 'visit'):
            yield from walk(entity.visit(context) or [], context)


context = Context(request['arguments'])
try:
    made = list(walk(launched.generate_launch_description().positional[0], context))
    handlers: list[dict[str, Any]] = [
        entity.positional[0].named for entity in made if isinstance(entity, kinds['RegisterEventHandler'])
    ]
    waiting: list[Entity] = [node for handler in handlers for node in handler['entities']]
    started: list[Entity] = [entity for entity in made if isinstance(entity, kinds['LifecycleNode'])]

    def name(node: Entity) -> str:
        return node.named['name']

    answer = {
        'started': [name(node) for node in started],
        'order': [
            [
                name(handler['target_lifecycle_node']),
                handler['goal_state'],
                name(handler['entities'][0]),
                handler['handle_once'],
            ]
            for handler in handlers
        ],
        'nodes': {name(node): argv(node, context) for node in [*started, *waiting]},
        'configurations': context.launch_configurations,
        'respawn': [node.named['respawn'] for node in [*started, *waiting]],
        'ends': [
            [code, bool(node.named['on_exit'](types.SimpleNamespace(returncode=code), context))]
            for node in started[:1]
            for code in (0, 1, 2, -9)
        ],
    }
except RuntimeError as error:
    answer = {'error': str(error)}
json.dump(answer, sys.stdout)
