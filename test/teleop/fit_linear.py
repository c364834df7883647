"""Fits chunks of actions = W state + b to a LeRobot set: an ONNX model from state [1, n] to action [1, 10, n].

Usage: fit_linear.py SET MODEL.onnx. Prints the number of rows, of episodes, and the largest residual, as JSON.
"""

import json
import sys
from pathlib import Path

import numpy as np
import onnx
import pyarrow.parquet as pq
from onnx import TensorProto, helper, numpy_helper

ROWS = 10
table = pq.read_table(sorted(Path(sys.argv[1]).glob('data/**/*.parquet')))
state = np.array(table['observation.state'].to_pylist(), dtype=np.float64)
action = np.array(table['action'].to_pylist(), dtype=np.float64)
episode = np.array(table['episode_index'].to_pylist())
# Row k of a chunk is the action k frames later, or the last one of the episode.
last = np.array([np.flatnonzero(episode == each).max() for each in episode])
later = np.minimum(np.arange(len(state))[:, None] + np.arange(ROWS), last[:, None])
targets = action[later].reshape(len(state), -1)
inputs = np.hstack([state, np.ones((len(state), 1))])
weights, *_ = np.linalg.lstsq(inputs, targets, rcond=None)
residual = float(np.abs(inputs @ weights - targets).max())

n = action.shape[1]
tensors = [
    numpy_helper.from_array(weights[:-1].astype(np.float32), 'w'),
    numpy_helper.from_array(weights[-1:].astype(np.float32), 'b'),
    numpy_helper.from_array(np.array([1, ROWS, n], dtype=np.int64), 'shape'),
]
nodes = [
    helper.make_node('MatMul', ['state', 'w'], ['product']),
    helper.make_node('Add', ['product', 'b'], ['flat']),
    helper.make_node('Reshape', ['flat', 'shape'], ['action']),
]
graph = helper.make_graph(
    nodes,
    'linear',
    [helper.make_tensor_value_info('state', TensorProto.FLOAT, [1, state.shape[1]])],
    [helper.make_tensor_value_info('action', TensorProto.FLOAT, [1, ROWS, n])],
    tensors,
)
model = helper.make_model(graph, opset_imports=[helper.make_opsetid('', 17)], ir_version=8)
onnx.checker.check_model(model)
onnx.save(model, sys.argv[2])
episodes = len(set(episode.tolist()))
print(json.dumps({'rows': len(state), 'episodes': episodes, 'residual': residual}))
