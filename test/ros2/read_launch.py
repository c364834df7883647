"""What the launch files say, read from their syntax. In: [path]; out: {name: {arguments: [[name, default, description]], nodes: [[name, [parameter]]], used: [argument]}, types}."""

import ast
import json
import os
import sys


def keys(node, names):
    """The keys of a dictionary that is written out, made from a tuple of names, or merged of such."""
    if isinstance(node, ast.Name):
        return keys(names[node.id], names)
    if isinstance(node, ast.DictComp):
        return [element.value for element in node.generators[0].iter.elts]
    return [
        name
        for key, value in zip(node.keys, node.values)
        for name in (keys(value, names) if key is None else [key.value])
    ]


def read(path):
    with open(path, encoding='utf8') as file:
        tree = ast.parse(file.read(), path)
    names = {
        target.id: node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    calls = [
        node for node in ast.walk(tree) if isinstance(node, ast.Call) and getattr(node.func, 'id', '') == 'managed_node'
    ]
    used = [
        node.slice.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Subscript)
        and getattr(node.value, 'id', '') == 'value'
        and isinstance(node.slice, ast.Constant)
    ]
    used += [
        key
        for node in ast.walk(tree)
        if isinstance(node, ast.DictComp) and isinstance(node.generators[0].iter, ast.Tuple)
        for key in keys(node, names)
    ]
    nodes = []
    for call in calls:
        name, _value, parameters = call.args
        nodes.append([name.value, keys(parameters, names)])
    arguments = ast.literal_eval(names['ARGUMENTS']) if 'ARGUMENTS' in names else []
    given = keys(names['given'], {**names, 'parameters': ast.Dict([], [])}) if 'given' in names else []
    types = (
        {key.value: value.id for key, value in zip(names['TYPES'].keys, names['TYPES'].values)}
        if 'TYPES' in names
        else {}
    )
    return {'arguments': arguments, 'nodes': nodes, 'used': used, 'given': given, 'types': types}


json.dump({os.path.basename(path): read(path) for path in json.load(sys.stdin)}, sys.stdout)
