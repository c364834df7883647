"""What the encoders are built from. Convolutions carry their normalisation and a ReLU behind them, so that both fold into them for INT8."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

#: Added to the logits of what must not be attended to.
OFF = -1e4


def attend(q: Tensor, k: Tensor, v: Tensor, heads: int, bias: Tensor | None = None) -> Tensor:
    """Multi-head attention, [B,Q,D] x [B,N,D] -> [B,Q,D]; `bias` [B,N] is added to the logits of every query."""
    b, n, d = q.shape
    split = lambda x: x.reshape(b, -1, heads, d // heads).transpose(1, 2)
    logits = split(q) @ split(k).transpose(-1, -2) / math.sqrt(d // heads)
    if bias is not None:
        logits = logits + bias[:, None, None, :]
    weights = logits.float().softmax(-1).to(v.dtype)
    return (weights @ split(v)).transpose(1, 2).reshape(b, n, d)


def mlp(*sizes: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for a, b in zip(sizes[:-1], sizes[1:]):
        layers += [nn.Linear(a, b), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


class Block(nn.Module):
    """Pre-norm transformer layer with a key bias."""

    def __init__(self, d: int, heads: int, wide: int = 2):
        super().__init__()
        self.heads = heads
        self.n1, self.n2 = nn.LayerNorm(d), nn.LayerNorm(d)
        self.qkv, self.out = nn.Linear(d, 3 * d), nn.Linear(d, d)
        self.ff = mlp(d, wide * d, d)

    def forward(self, x: Tensor, bias: Tensor | None) -> Tensor:
        q, k, v = self.qkv(self.n1(x)).chunk(3, -1)
        x = x + self.out(attend(q, k, v, self.heads, bias))
        return x + self.ff(self.n2(x))


class Conv(nn.Sequential):
    """3x3 convolution, batch normalisation, ReLU."""

    def __init__(self, a: int, b: int, stride: int = 1):
        super().__init__(nn.Conv2d(a, b, 3, stride, 1, bias=False), nn.BatchNorm2d(b, momentum=0.03), nn.ReLU(inplace=True))


class Residual(nn.Module):
    def __init__(self, d: int):
        super().__init__()
        self.a = Conv(d, d)
        self.b = nn.Sequential(nn.Conv2d(d, d, 3, 1, 1, bias=False), nn.BatchNorm2d(d, momentum=0.03))

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(x + self.b(self.a(x)))
