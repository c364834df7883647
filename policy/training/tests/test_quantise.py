import unittest
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import torch
from numpy.typing import NDArray
from torch import nn

import sets

from model import Exported, example
from model_config import Config
from onnx_integers import integers
from quantised_layers import QConv, QLinear, Range, quantised, ranges
from test_model import SMALL, woken


def exported(module: nn.Module, inputs: tuple[torch.Tensor, ...], path: Path) -> onnx.ModelProto:
    torch.onnx.register_custom_op_symbolic('aten::asinh', lambda g, x: g.op('Asinh', x), 9)
    with torch.no_grad():
        torch.onnx.export(module, inputs, str(path), opset_version=17, dynamo=False)
    model = onnx.load(str(path))
    integers(model)
    onnx.checker.check_model(model)
    onnx.save(model, str(path))
    return model


def run(path: Path, *inputs: torch.Tensor) -> list[NDArray[Any]]:
    session = onnxruntime.InferenceSession(str(path), providers=['CPUExecutionProvider'])
    return session.run(None, {i.name: x.numpy() for i, x in zip(session.get_inputs(), inputs, strict=True)})


class Quantised(unittest.TestCase):
    def setUp(self) -> None:
        torch.manual_seed(0)
        self.path = sets.temporary(self) / 'q.onnx'

    def test_a_range_rounds_to_256_levels_of_what_it_saw(self) -> None:
        r = Range(False).train()
        for _ in range(50):
            r(torch.linspace(-1, 3, 10001))
        r.eval()
        levels = np.unique(r(torch.linspace(-9, 9, 200001)).numpy())
        self.assertEqual(len(levels), 256)
        # 0.0003 of the values lie outside on each side, and zero is a level.
        self.assertAlmostEqual(float(levels[0]), -1, delta=0.02)
        self.assertAlmostEqual(float(levels[-1]), 3, delta=0.02)
        self.assertIn(0.0, levels)

    def test_layers_in_integers_equal_their_computation_in_numpy(self) -> None:
        net = nn.Sequential(nn.Linear(40, 24), nn.ReLU(), nn.Linear(24, 7))
        q = nn.Sequential(QLinear(net[0]), nn.ReLU(), QLinear(net[2])).train()
        with torch.no_grad():
            for _ in range(20):
                q(torch.randn(64, 40))
        q.eval()
        x = torch.randn(9, 40)
        model = exported(q, (x,), self.path)
        weights = [
            w for w in map(onnx.numpy_helper.to_array, model.graph.initializer) if w.dtype == np.int8 and w.ndim == 2
        ]
        self.assertEqual(sorted(w.shape for w in weights), [(24, 7), (40, 24)])
        # Two products with unsigned bytes must fit into 16 bits.
        self.assertEqual([int(abs(w.astype(int)).max()) for w in weights], [63, 63])
        value = x.numpy().astype(np.float64)
        for layer, relu in ((q[0], True), (q[2], False)):
            scale, zero = (float(v) for v in layer.before.scale())
            level = np.clip(np.rint(value / scale) + zero, 0, 255) - zero
            each = layer.weight.scale.numpy().astype(np.float64)
            weight = np.rint(layer.weight.weight.detach().numpy() / each)
            value = (level @ weight + np.rint(layer.bias.detach().numpy() / (scale * each))) * scale * each
            value = np.maximum(value, 0) if relu else value
        np.testing.assert_allclose(run(self.path, x)[0], value, atol=2 * float(q[2].before.scale()[0]) * 0.5)

    def test_a_dead_channel_does_not_overflow(self) -> None:
        conv = nn.Conv2d(16, 8, 3, padding=1)
        with torch.no_grad():
            conv.weight[3] = 0
            conv.bias[3] = 5
        q = QConv(conv, None, True, False).train()
        with torch.no_grad():
            for _ in range(20):
                q(torch.rand(4, 16, 8, 8))
        q.eval()
        x = torch.rand(1, 16, 8, 8)
        exported(q, (x,), self.path)
        got = run(self.path, x)[0]
        self.assertGreaterEqual(got.min(), 0)
        np.testing.assert_allclose(
            np.delete(got, 3, 1), np.delete(q(x).detach().numpy(), 3, 1), atol=2 * float(q.after.scale()[0])
        )

    def test_the_whole_policy_in_integers_equals_the_rounding_policy(self) -> None:
        policy = woken(Config(**SMALL))
        q = quantised(policy).train()
        for m in q.modules():
            if isinstance(m, nn.BatchNorm2d):
                m.eval()
        with torch.no_grad():
            for seed in range(10):
                q(*example(policy.config, 8, seed))
        ranges(q, False)
        module = Exported(q.eval()).eval()
        x = example(policy.config, seed=3)
        model = exported(module, x, self.path)
        floats = sum(
            i.dims[0] for i in model.graph.initializer if i.data_type == onnx.TensorProto.FLOAT and len(i.dims) == 4
        )
        # Only the convolutions of the stems keep float weights.
        self.assertLessEqual(floats, 2 * policy.config.stem + 8)
        with torch.no_grad():
            expected = module(*x)
        for e, g in zip(expected, run(self.path, *x), strict=True):
            np.testing.assert_allclose(g, e.numpy(), atol=0.1)


if __name__ == '__main__':
    unittest.main()
