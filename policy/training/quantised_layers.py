"""Layers that round weights and activations as the INT8 file does, and the policy that is made of them."""

from __future__ import annotations

import copy

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from layers import Conv, Residual
from model import Policy

#: The largest integer of a weight. Processors without VNNI add two products of an unsigned and a signed byte in 16
#: bits, with saturation. 2 * 255 * 63 still fits, so the file computes the same everywhere (onnxruntime, quantisation,
#: "reduce range").
LEVELS = 63


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
