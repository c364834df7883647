"""What a launch file makes of its arguments, without starting anything: its Python runs against stand-ins for the few names of `launch` that it uses.

In: {file, arguments: {name: text}, codes: [[respawn, exit code]]}; out: {nodes: [{name, argv}], all_at_once, order: [[before, goal state, after]], ends: [whether the launch ends]}, or {error}.
"""

import importlib.util
import json
import os
import sys
import tempfile
import types

request = json.load(sys.stdin)


class Entity:
    def __init__(self, *positional, **named):
        self.positional, self.named = positional, named


class LaunchConfiguration(Entity):
    @property
    def variable_name(self):
        return [self.positional[0]]

    def perform(self, context):
        return context.launch_configurations[self.positional[0]]


class Declare(Entity):
    def visit(self, context):
        context.launch_configurations.setdefault(self.positional[0], self.named['default_value'])


class Function(Entity):
    def visit(self, context):
        return self.named['function'](context, *self.named.get('args', []))


class Context:
    is_shutdown = False

    def __init__(self, given):
        self.launch_configurations = dict(given)


def module(name, **members):
    made = sys.modules[name] = types.ModuleType(name)
    made.__dict__.update(members)


kinds = {
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
folder = os.path.dirname(request['file'])
module('ament_index_python')
module(
    'ament_index_python.packages',
    get_package_share_directory=lambda name: os.path.dirname(folder),
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
    def evaluate(self, context):
        return self.positional[0].perform(context) == 'true'


module('launch.conditions', IfCondition=If)
module('launch.launch_description_sources', PythonLaunchDescriptionSource=kinds['PythonLaunchDescriptionSource'])
module('launch.substitutions', LaunchConfiguration=LaunchConfiguration)
module('launch.utilities', perform_substitutions=lambda context, parts: ''.join(parts))
module('launch_ros')
module('launch_ros.actions', LifecycleNode=kinds['LifecycleNode'], Node=kinds['Node'])
module('launch_ros.event_handlers', OnStateTransition=kinds['OnStateTransition'])
module('launch_ros.parameter_descriptions', ParameterValue=kinds['ParameterValue'])
sys.path.insert(0, folder)
spec = importlib.util.spec_from_file_location('launched', request['file'])
launched = importlib.util.module_from_spec(spec)
spec.loader.exec_module(launched)


def argv(node, context):
    """The command line that launch_ros gives a node, whose whole name is the section of what stands in a dictionary."""
    text = lambda value: value.perform(context) if isinstance(value, LaunchConfiguration) else str(value)
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
        if isinstance(parameters, dict):
            typed = {key: value.named['value_type'](value.positional[0]) for key, value in parameters.items()}
            with tempfile.NamedTemporaryFile('w', suffix='.yaml', delete=False, dir=request.get('folder')) as file:
                json.dump(
                    {'/'.join(['', *filter(None, [namespace.strip('/'), name])]): {'ros__parameters': typed}}, file
                )
            parameters = file.name
        words += ['--params-file', parameters]
    return [*words, *(word for rule in node.named['remappings'] for word in ('-r', ':='.join(rule)))]


def walk(entities, context):
    for entity in entities:
        yield entity
        if hasattr(entity, 'visit'):
            yield from walk(entity.visit(context) or [], context)


context = Context(request['arguments'])
try:
    made = list(walk(launched.generate_launch_description().positional[0], context))
    handlers = [entity.positional[0].named for entity in made if isinstance(entity, kinds['RegisterEventHandler'])]
    waiting = [node for handler in handlers for node in handler['entities']]
    started = [entity for entity in made if isinstance(entity, kinds['LifecycleNode'])]
    name = lambda node: node.named['name']
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
