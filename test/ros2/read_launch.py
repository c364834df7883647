"""What the launch files say, read from their syntax.

In: [path]. Out: {file: {arguments: [[name, default, description]], nodes: [[name, [parameter]]], used: [argument],
given: [parameter], types: {parameter: type}}}.
"""

import ast
import json
import sys
from pathlib import Path
from typing import Any


def keys(node: Any, names: dict[str, Any]) -> list[Any]:
    """The keys of a dictionary that is written out, made from a tuple of names, or merged from such dictionaries."""
    if isinstance(node, ast.Name):
        return keys(names[node.id], names)
    if isinstance(node, ast.DictComp):
        return values(node.generators[0].iter)
    return [
        name
        for key, value in zip(node.keys, node.values, strict=True)
        for name in (keys(value, names) if key is None else [key.value])
    ]


def values(node: Any) -> list[Any]:
    """The values of a tuple of constants."""
    return [element.value for element in node.elts]


def read(path: Path) -> dict[str, Any]:
    tree = ast.parse(path.read_text(encoding='utf8'), str(path))
    names: dict[str, Any] = {
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
        nodes.append([ast.literal_eval(name), keys(parameters, names)])
    arguments = ast.literal_eval(names['ARGUMENTS']) if 'ARGUMENTS' in names else []
    given = keys(names['given'], {**names, 'parameters': ast.Dict([], [])}) if 'given' in names else []
    types = (
        {key.value: value.id for key, value in zip(names['TYPES'].keys, names['TYPES'].values, strict=True)}
        if 'TYPES' in names
        else {}
    )
    return {'arguments': arguments, 'nodes': nodes, 'used': used, 'given': given, 'types': types}


json.dump({path.name: read(path) for path in map(Path, json.load(sys.stdin))}, sys.stdout)
