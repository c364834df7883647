"""Quantisation-aware training, and the INT8 model.

    python policy/training/quantise.py --run RUN --data DIR --out policy/model/grasp.int8.onnx

All but the smallest convolutions and linear layers compute in INT8, and word vectors are stored in it. Weights are
symmetric, in 7 bits, with a scale for each channel. Activations are asymmetric, with a range for each tensor that is
learned from data. In training values are rounded as they will be in the file, and gradients pass as if they were not
(straight-through). The file is QDQ: integers as initialisers, and a pair of QuantizeLinear and DequantizeLinear around
every layer, which onnxruntime fuses.
"""

from __future__ import annotations

import argparse
import copy
import hashlib
import json
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import numpy as np
import onnx
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from onnx import numpy_helper
from torch import Tensor, nn

from data import INPUTS, Dataset, Loader, camera_file
from export import OUTPUTS, check, finish
from layers import Conv, Residual
from losses import goals, objective
from model import Exported, Policy, example
from options import whole
from progress import Progress
from schedule import Schedule, descend
from train import load, read, same, save

#: The largest difference between the file and the rounding policy in torch. onnxruntime sums in another order, so a
#: value may fall to the next level.
TOLERANCE = 0.3
#: The largest integer of a weight. Processors without VNNI add two products of an unsigned and a signed byte in 16
#: bits, with saturation. 2 * 255 * 63 still fits, so the file computes the same everywhere (onnxruntime, quantisation,
#: "reduce range").
LEVELS = 63
#: The first steps, in which only the ranges are learned.
FIRST_LOOK = 20
#: Options that must not change when a run continues.
SETTLED = ('data', 'camera', 'seed', 'batch', 'lr', 'stride')


class Range(nn.Module):
    """Rounds an activation to 256 levels of its range: [0, high] after a ReLU, [low, high] elsewhere.

    The range is learned while `watching`.
    """

    def __init__(self, positive: bool) -> None:
        super().__init__()
        self.positive = positive
        self.register_buffer('low', torch.zeros(()))
        self.register_buffer('high', torch.zeros(()))
        self.watching = True

    def scale(self) -> tuple[Tensor, Tensor]:
        """The size of a level, and the level of zero."""
        span = (self.high - self.low).clamp(min=1e-6) / 255
        return span, (-self.low / span).round().clamp(0, 255)

    def forward(self, x: Tensor) -> Tensor:
        if self.watching and self.training:
            with torch.no_grad():
                flat = x.detach().float().flatten()
                flat = flat[:: max(1, flat.numel() // 20000)]
                low, high = torch.quantile(flat, 0.0003), torch.quantile(flat, 0.9997)
                low = low.clamp(max=0) * (0.0 if self.positive else 1.0)
                keep = 0.98 if self.high > 0 else 0.0
                self.low.mul_(keep).add_(low, alpha=1 - keep)
                self.high.mul_(keep).add_(high.clamp(min=1e-4), alpha=1 - keep)
        scale, zero = self.scale()
        if not self.training:
            return torch.fake_quantize_per_tensor_affine(x.float(), float(scale), int(zero), 0, 255)
        return torch.fake_quantize_per_tensor_affine(x.float(), scale, zero.to(torch.int32), 0, 255)


class Rounded(nn.Module):
    """Weights on 127 levels about zero, with a scale for each output. `axis`: the axis of the outputs."""

    def __init__(self, weight: Tensor, axis: int) -> None:
        super().__init__()
        self.axis = axis
        self.weight = nn.Parameter(weight.detach().clone())
        self.register_buffer('scale', torch.ones(weight.shape[axis]))
        self.register_buffer('zero', torch.zeros(weight.shape[axis], dtype=torch.int32))

    def settle(self) -> None:
        """Sets the scales so that the largest weight of each output is LEVELS."""
        self.scale.copy_(
            (self.weight.detach().abs().transpose(0, self.axis).flatten(1).amax(1) / LEVELS).clamp(min=1e-8)
        )

    def forward(self) -> Tensor:
        if self.training:
            self.settle()
        # The exporter knows no other bounds. The scale keeps the weights within LEVELS.
        return torch.fake_quantize_per_channel_affine(self.weight, self.scale, self.zero, self.axis, -128, 127)


def folded(conv: nn.Conv2d, norm: nn.BatchNorm2d | None) -> tuple[Tensor, Tensor]:
    """Weight and bias of a convolution with the batch normalisation behind it folded in."""
    if norm is None:
        return conv.weight.detach(), conv.bias.detach() if conv.bias is not None else torch.zeros(conv.out_channels)
    factor = norm.weight.detach() / (norm.running_var + norm.eps).sqrt()
    return conv.weight.detach() * factor[:, None, None, None], norm.bias.detach() - norm.running_mean * factor


class QConv(nn.Module):
    """A convolution with its batch normalisation folded in. `given`: its input is rounded already."""

    def __init__(self, conv: nn.Conv2d, norm: nn.BatchNorm2d | None, relu: bool, given: bool) -> None:
        super().__init__()
        self.stride = conv.stride
        self.padding = conv.padding
        weight, bias = folded(conv, norm)
        self.weight, self.bias = Rounded(weight, 0), nn.Parameter(bias.clone())
        self.relu = relu
        self.before = None if given else Range(False)
        self.after = Range(relu)

    def forward(self, x: Tensor) -> Tensor:
        if self.before is not None:
            x = self.before(x)
        x = F.conv2d(x, self.weight(), self.bias, self.stride, self.padding)
        return self.after(F.relu(x) if self.relu else x)


class QResidual(nn.Module):
    def __init__(self, block: Residual) -> None:
        super().__init__()
        self.a = QConv(block.a[0], block.a[1], True, True)
        self.b = QConv(block.b[0], block.b[1], False, True)
        self.after = Range(True)

    def forward(self, x: Tensor) -> Tensor:
        return self.after(F.relu(x + self.b(self.a(x))))


class QLinear(nn.Module):
    """A linear layer with its matrix as [in, out] on the right, which onnxruntime fuses into one integer product."""

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        self.weight, self.bias = Rounded(linear.weight.detach().T, 1), nn.Parameter(linear.bias.detach().clone())
        self.before = Range(False)

    def forward(self, x: Tensor) -> Tensor:
        return self.before(x) @ self.weight() + self.bias


class QEmbedding(nn.Module):
    """Words whose vectors are stored as integers, with a scale for each word."""

    def __init__(self, embedding: nn.Embedding) -> None:
        super().__init__()
        self.weight = Rounded(embedding.weight, 0)

    def forward(self, tokens: Tensor) -> Tensor:
        return F.embedding(tokens, self.weight())


def quantised(policy: Policy) -> Policy:
    """A copy of the policy whose convolutions, linear layers and words round.

    Layers on a few values stay as they are: the stems on three planes, the ages, the last layer of the gate.
    """
    q = copy.deepcopy(policy)
    q.text.token = QEmbedding(q.text.token)
    for name in ('down_rgb', 'down_depth', 'low'):
        block = getattr(q, name)
        setattr(q, name, QConv(block[0], block[1], True, False))
    for name in ('mid', 'high'):
        setattr(
            q,
            name,
            nn.Sequential(
                *(QConv(m[0], m[1], True, True) if isinstance(m, Conv) else QResidual(m) for m in getattr(q, name))
            ),
        )
    for name in ('fine_low', 'fine_high'):
        setattr(q, name, QConv(getattr(q, name), None, False, True))
    q.pointer_bias = QConv(q.pointer_bias, None, False, False)
    for module in list(q.modules()):
        for name, child in list(module.named_children()):
            if isinstance(child, nn.Linear) and child.in_features * child.out_features >= 4096:
                setattr(module, name, QLinear(child))
    # The input of the small last layers is rounded too, because onnxruntime fuses a product with a ReLU in integers
    # only where the result is integers.
    for head in (q.gate, q.auxiliary):
        head[1] = nn.Sequential(head[1], Range(True))
    return q


def ranges(policy: nn.Module, watching: bool) -> None:
    """Switches the learning of all ranges on or off."""
    for m in policy.modules():
        if isinstance(m, Range):
            m.watching = watching


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


def main(given: list[str] | None = None) -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('--run', required=True, help='run folder of the trained policy')
    p.add_argument('--data', nargs='+', required=True)
    p.add_argument('--camera', help='as for train.py')
    p.add_argument('--out', default=str(Path(__file__).parents[1] / 'model' / 'grasp.int8.onnx'))
    p.add_argument('--minutes', type=float, default=8)
    p.add_argument('--steps', type=int, default=1500)
    p.add_argument('--batch', type=whole(1), default=32)
    p.add_argument('--lr', type=float, default=1e-4)
    p.add_argument('--stride', type=whole(1), default=4)
    p.add_argument('--seed', type=int, default=0)
    p.add_argument('--name', default='grasp')
    p.add_argument('--resume', action='store_true')
    a = p.parse_args(given)
    torch.manual_seed(a.seed)
    checkpoint = Path(a.run) / 'quantise.pt'
    if checkpoint.exists() and not a.resume:
        raise SystemExit(
            f'{checkpoint} is there already, of a run that was cut off: give --resume to go on with it, or take it away'
        )
    policy, state = load(a.run)
    data = Dataset(a.data, camera=camera_file(a.camera), stride=a.stride)
    student = quantised(policy).to(memory_format=torch.channels_last)
    policy = policy.to(memory_format=torch.channels_last)
    optimiser = torch.optim.AdamW(student.parameters(), lr=a.lr, weight_decay=0.0)
    step, spent = 0, 0.0
    weights = hashlib.sha256((Path(a.run) / 'checkpoint.pt').read_bytes()).hexdigest()
    if checkpoint.exists():
        at = read(checkpoint, 'take it away to begin anew')
        same(at.get('options', {}), vars(a), SETTLED)
        if at.get('weights', weights) != weights:
            raise SystemExit(
                f'{checkpoint}: is of other weights than {a.run}/checkpoint.pt; take it away to begin anew'
            )
        student.load_state_dict(at['student'])
        optimiser.load_state_dict(at['optimiser'])
        step, spent = at['step'], at['seconds']
    options = state['run']['options']
    loader = Loader(
        data,
        a.batch,
        a.seed + 77,
        step,
        options['balance'],
        options['drop'],
        state['vocabulary'],
        options['reword'],
        options.get('absent', 0),
        options.get('instead', 0),
        options.get('glimpses'),
    )
    schedule = Schedule(a.lr, a.steps, a.minutes, spent=spent)
    progress = Progress(Path(a.run) / 'quantise.csv', ('step', 'seconds', 'lr', 'loss', 'apart'), a.steps, step, 100)
    while (f := schedule.fraction(step)) < 1:
        # In the first half the ranges are learned. In the second half the weights adapt to fixed ranges.
        ranges(student, f < 0.5)
        batch = next(loader)
        batch['rgbd'] = batch['rgbd'].contiguous(memory_format=torch.channels_last)
        told = goals(batch, options['goal'], torch.Generator().manual_seed(step))
        with torch.no_grad():
            wanted = policy(*(batch[n] for n in INPUTS), told)
        student.train()
        # The stems keep the statistics of the policy that ships.
        for m in student.modules():
            if isinstance(m, nn.BatchNorm2d):
                m.eval()
        out = student(*(batch[n] for n in INPUTS), told)
        apart = F.smooth_l1_loss(
            (out['action_chunk'] - wanted['action_chunk']) / policy.action_std,
            torch.zeros(()).expand_as(out['action_chunk']),
            beta=0.1,
        )
        loss = objective(policy, out, batch)[0] + 3 * apart + F.mse_loss(out['auxiliary'], wanted['auxiliary'])
        if step >= FIRST_LOOK:
            descend(loss, student, optimiser, schedule.rate(f))
        step += 1
        if progress.add(loss=loss, apart=apart):
            progress.write(schedule.elapsed(), lr=schedule.rate(f))
        if schedule.is_save_due():
            save(
                checkpoint,
                {
                    'student': student.state_dict(),
                    'optimiser': optimiser.state_dict(),
                    'step': step,
                    'seconds': schedule.elapsed(),
                    'options': vars(a),
                    'weights': weights,
                },
            )
    loader.close()
    for m in student.modules():
        if isinstance(m, Rounded):
            m.settle()
    student.eval()
    state['run'] = {**state['run'], 'quantised': {'steps': step, 'lr': a.lr, 'seed': a.seed}}
    file = Path(a.out)
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_suffix('.part.onnx')
    module = Exported(student).eval()
    # The exporter that knows fake quantisation lacks this function.
    torch.onnx.register_custom_op_symbolic('aten::asinh', lambda g, x: g.op('Asinh', x), 9)
    with torch.no_grad():
        torch.onnx.export(
            module,
            example(policy.config),
            str(part),
            input_names=list(INPUTS),
            output_names=list(OUTPUTS),
            opset_version=17,
            dynamo=False,
        )
    model = onnx.load(str(part))
    integers(model)
    finish(model, part, student, state, a.name)
    check(part, module, policy, TOLERANCE)
    numbers = check(part, Exported(policy).eval(), policy, None)
    part.replace(file)
    checkpoint.unlink(missing_ok=True)
    numbers = {**numbers, 'file': file.name, 'bytes': file.stat().st_size, 'quantised': state['run']['quantised']}
    file.with_suffix('.json').write_text(json.dumps(numbers, indent=2) + '\n')
    print(json.dumps(numbers))


if __name__ == '__main__':
    main()
