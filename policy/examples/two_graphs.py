"""The smallest policy of two graphs: an encoder of pictures, and a head that yields to the wrist's force at 100 Hz.

It is not trained; it shows that the loop closes. It needs the package onnx alone.

python policy/examples/two_graphs.py head.onnx encoder.onnx
bin/prehend run --lockstep --policy head.onnx --encoder encoder.onnx
"""

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

PREHEND = Path(__file__).parents[2] / 'bin' / 'prehend'
SIZE = 48
LATENT = 3
ROWS = 4
# m per N along each axis of the tool: a push moves the tool the way that it is pushed.
COMPLIANCE = 0.0005
OPEN, EFFORT = 0.08, 20.0
GROUPS = [
    {'name': 'arm', 'kind': 'pose', 'counts': 'offset', 'rotation': 'yaw', 'frame': 'tool'},
    {'name': 'gripper', 'kind': 'gripper', 'channels': ['width', 'effort']},
]


def robot(name: str) -> dict[str, Any]:
    """The translation that the policy is made under: the canonical robot file, as `prehend check` prints it."""
    command = [str(PREHEND), 'check', name, '--json']
    canonical = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    del canonical['file']
    sha256 = canonical.pop('sha256')
    return {'name': canonical['robot'], 'sha256': sha256, 'canonical': json.dumps(canonical)}


def save(path: str, contract: dict[str, Any], given: dict[str, list[int]], nodes: list[Any], constants: Any) -> None:
    """Writes a graph of float32 with its contract. `given`: the shapes of its outputs."""
    inputs = {name: spec['shape'] for name, spec in contract['inputs'].items()}
    tensors = [[helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in t.items()] for t in (inputs, given)]
    initialisers = [numpy_helper.from_array(value, name) for name, value in constants.items()]
    graph = helper.make_graph(nodes, contract['name'], *tensors, initialisers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid('', 17)], ir_version=8)
    helper.set_model_props(model, {'prehend.contract': json.dumps(contract)})
    onnx.save(model, path)


def encoder(path: str) -> None:
    """The picture's mean colour, at the reference ticks."""
    picture = {'as': 'image', 'from': ['rgb'], 'dtype': 'float32', 'shape': [1, 3, SIZE, SIZE]}
    contract = {
        'version': 2,
        'name': 'mean colour',
        'robot': robot('cell'),
        'inputs': {'picture': picture},
        'features': {'colour': {'dtype': 'float32', 'shape': [1, LATENT]}},
    }
    nodes = [helper.make_node('ReduceMean', ['picture'], ['colour'], axes=[2, 3], keepdims=0)]
    save(path, contract, {'colour': [1, LATENT]}, nodes, {})


def head(path: str, sha256: str) -> None:
    """Rows of an offset along the force, and a gripper that is open. The colour is taken with weight 0."""
    inputs = {
        'colour': {'as': 'feature', 'output': 'colour', 'dtype': 'float32', 'shape': [1, LATENT]},
        'force': {'as': 'window', 'from': ['wrench'], 'dtype': 'float32', 'shape': [1, 6]},
    }
    chunk = {'dtype': 'float32', 'shape': [1, ROWS, 6], 'rate': 30, 'groups': GROUPS}
    contract = {
        'version': 2,
        'name': 'yields',
        'robot': robot('cell'),
        'tick': {'period': 0.01},
        'encoder': {'sha256': sha256, 'max_age': 0.2},
        'inputs': inputs,
        'outputs': {'action_chunk': chunk},
    }
    weights = np.zeros((LATENT + 6, 6), np.float32)
    weights[LATENT : LATENT + 3, :3] = COMPLIANCE * np.eye(3, dtype=np.float32)
    constants = {
        'weights': weights,
        'grip': np.array([[0, 0, 0, 0, OPEN, EFFORT]], np.float32),
        'rows': np.ones((1, ROWS, 1), np.float32),
        'shape': np.array([1, 1, 6], np.int64),
    }
    nodes = [
        helper.make_node('Concat', ['colour', 'force'], ['all'], axis=1),
        helper.make_node('Gemm', ['all', 'weights', 'grip'], ['row']),
        helper.make_node('Reshape', ['row', 'shape'], ['one']),
        helper.make_node('Mul', ['rows', 'one'], ['action_chunk']),
    ]
    save(path, contract, {'action_chunk': [1, ROWS, 6]}, nodes, constants)


def main(head_path: str, encoder_path: str) -> None:
    encoder(encoder_path)
    head(head_path, hashlib.sha256(Path(encoder_path).read_bytes()).hexdigest())


if __name__ == '__main__':
    main(*(sys.argv[1:3] if len(sys.argv) > 2 else ('head.onnx', 'encoder.onnx')))
