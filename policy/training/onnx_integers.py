"""Turns the rounded weights and biases of an exported graph into integers."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

from quantised_layers import LEVELS


def integers(model: onnx.ModelProto) -> None:
    """Puts the int8 weights and the int32 biases of convolutions into the model as initialisers.

    What is unused then is removed.
    """
    graph = model.graph
    given = {i.name: i for i in graph.initializer}
    constants = {
        n.output[0]: n.attribute[0].t for n in graph.node if n.op_type == 'Constant' and n.attribute[0].name == 'value'
    }

    def value(name: str) -> NDArray[Any]:
        return numpy_helper.to_array(given[name] if name in given else constants[name])

    def known(name: str) -> bool:
        return name in given or name in constants

    for node in list(graph.node):
        if node.op_type != 'QuantizeLinear' or not known(node.input[0]):
            continue
        axis = next((a.i for a in node.attribute if a.name == 'axis'), 1)
        weight, scale = value(node.input[0]), value(node.input[1])
        shape = [1] * weight.ndim
        if scale.ndim:
            shape[axis] = -1
        levels = np.clip(np.rint(weight / scale.reshape(shape)), -LEVELS, LEVELS).astype(np.int8)
        graph.initializer.append(numpy_helper.from_array(levels, node.output[0]))
        given[node.output[0]] = graph.initializer[-1]
        graph.node.remove(node)
    made = {n.output[0]: n for n in graph.node}

    def rounded(node: onnx.NodeProto) -> list[onnx.NodeProto]:
        return [made[i] for i in node.input[:2] if i in made and made[i].op_type == 'DequantizeLinear']

    for node in list(graph.node):
        # The bias of a convolution is its third input. The bias of a product is added behind it.
        if node.op_type == 'Conv' and len(node.input) > 2:
            product, at = node, 2
        elif node.op_type == 'Add' and any(i in made and made[i].op_type == 'MatMul' for i in node.input):
            at = 0 if known(node.input[0]) else 1
            product = made[node.input[1 - at]]
        else:
            continue
        if len(rounded(product)) < 2 or not known(node.input[at]):
            continue
        scales = [value(d.input[1]) for d in rounded(product)]
        scale = (scales[0] * scales[1]).astype(np.float32)
        # The scale of a dead channel is almost zero, so its bias would exceed every integer.
        limit = np.iinfo(np.int32).max
        bias = np.clip(np.rint(value(node.input[at]) / scale.astype(np.float64)), -limit, limit).astype(np.int32)
        name = f'{node.output[0]}.bias'
        graph.initializer.extend(
            [
                numpy_helper.from_array(bias, f'{name}.q'),
                numpy_helper.from_array(scale, f'{name}.scale'),
                numpy_helper.from_array(np.zeros(len(bias), np.int32), f'{name}.zero'),
            ]
        )
        dequantise = onnx.helper.make_node(
            'DequantizeLinear', [f'{name}.q', f'{name}.scale', f'{name}.zero'], [name], axis=0
        )
        graph.node.insert(list(graph.node).index(node), dequantise)
        node.input[at] = name
    used = {i for n in graph.node for i in n.input} | {o.name for o in graph.output}
    for item in [i for i in graph.initializer if i.name not in used]:
        graph.initializer.remove(item)
    for node in [n for n in graph.node if n.op_type == 'Constant' and n.output[0] not in used]:
        graph.node.remove(node)
