"""Writes a copy of a model that never answers: `hanging_model.py MODEL OUT MASK`.

The copy first counts to a number that no machine reaches. With MASK 1 it counts only where a modality is present, so it
still answers on zeros.
"""

import sys

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

source, out, mask = sys.argv[1], sys.argv[2], sys.argv[3] == '1'
model = onnx.load(source)
graph = model.graph


def constant(name: str, value: npt.ArrayLike) -> str:
    graph.initializer.append(numpy_helper.from_array(np.array(value), name))
    return name


body = helper.make_graph(
    [helper.make_node('Identity', ['go'], ['goes']), helper.make_node('Identity', ['sum'], ['sums'])],
    'count',
    [
        helper.make_tensor_value_info('step', TensorProto.INT64, []),
        helper.make_tensor_value_info('go', TensorProto.BOOL, []),
        helper.make_tensor_value_info('sum', TensorProto.FLOAT, []),
    ],
    [
        helper.make_tensor_value_info('goes', TensorProto.BOOL, []),
        helper.make_tensor_value_info('sums', TensorProto.FLOAT, []),
    ],
)
for node in graph.node:
    for i, name in enumerate(node.output):
        if name == 'action_chunk':
            node.output[i] = 'chunk_alone'
steps = constant('hang_steps', np.int64(10**15))
nodes = [
    helper.make_node('ReduceMax', ['modality_mask'], ['hang_any'], keepdims=0),
    helper.make_node('Cast', ['hang_any'], ['hang_whole'], to=TensorProto.INT64),
    helper.make_node('Mul', ['hang_whole', steps], ['hang_times']),
    # The input of the loop is an input of the model, so the loop cannot be computed in advance.
    helper.make_node(
        'Loop',
        ['hang_times' if mask else steps, constant('hang_go', np.bool_(True)), 'hang_any'],
        ['hang_sum'],
        body=body,
    ),
    helper.make_node('Mul', ['hang_sum', constant('hang_zero', np.float32(0))], ['hang_nothing']),
    helper.make_node('Add', ['chunk_alone', 'hang_nothing'], ['action_chunk']),
]
graph.node.extend(nodes)
onnx.save(model, out)
