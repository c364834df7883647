"""The layers of the encoders.

A convolution has its batch normalisation and ReLU behind it, so that both fold into it for INT8.
"""

from __future__ import annotations

import itertools
import math

import torch.nn.functional as F
from torch import Tensor, nn

#: Added to the logits of the tokens that must not be attended to.
OFF = -1e4


def by_head(x: Tensor, batch: int, heads: int, count: int) -> tuple[Tensor, ...]:
    """[B*N,count*D] -> `count` tensors [B,heads,N,D/heads]."""
    return x.reshape(batch, -1, count * heads, x.shape[1] // (count * heads)).transpose(1, 2).split(heads, 1)


def attend(q: Tensor, k: Tensor, v: Tensor, bias: Tensor | None = None) -> Tensor:
    """Multi-head attention, [B,H,Q,D] and twice [B,H,N,D] -> [B*Q,H*D].

    `bias` [B,1,1,N] is added to the logits of every query.
    """
    b, h, n, d = q.shape
    logits = q @ k.transpose(-1, -2) / math.sqrt(d)
    if bias is not None:
        logits = logits + bias
    weights = logits.float().softmax(-1).to(v.dtype)
    return (weights @ v).transpose(1, 2).reshape(b * n, h * d)


def off(present: Tensor) -> Tensor:
    """The bias for `attend` from [B,N], which is 1 where there is something to attend to and 0 elsewhere."""
    return ((1 - present) * OFF).reshape(present.shape[0], 1, 1, -1)


def mlp(*sizes: int) -> nn.Sequential:
    """Linear layers of these sizes with ReLU between them."""
    layers: list[nn.Module] = []
    for a, b in itertools.pairwise(sizes):
        layers += [nn.Linear(a, b), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


class Block(nn.Module):
    """A pre-norm transformer layer on the tokens of all rows, [B*N,D], with a key bias [B,1,1,N].

    It starts as the identity, so a deeper network can start from the weights of a shallower one.
    """

    def __init__(self, d: int, heads: int, wide: int = 2) -> None:
        super().__init__()
        self.heads = heads
        self.n1, self.n2 = nn.LayerNorm(d), nn.LayerNorm(d)
        self.qkv, self.out = nn.Linear(d, 3 * d), nn.Linear(d, d)
        self.ff = mlp(d, wide * d, d)
        for last in (self.out, self.ff[-1]):
            nn.init.zeros_(last.weight)
            nn.init.zeros_(last.bias)

    def forward(self, x: Tensor, bias: Tensor) -> Tensor:
        q, k, v = by_head(self.qkv(self.n1(x)), bias.shape[0], self.heads, 3)
        x = x + self.out(attend(q, k, v, bias))
        return x + self.ff(self.n2(x))


class Conv(nn.Sequential):
    """3x3 convolution, batch normalisation, ReLU."""

    def __init__(self, a: int, b: int, stride: int = 1) -> None:
        super().__init__(
            nn.Conv2d(a, b, 3, stride, 1, bias=False), nn.BatchNorm2d(b, momentum=0.03), nn.ReLU(inplace=True)
        )


class Residual(nn.Module):
    """It starts as the identity (Goyal et al. 2017, 5.1: the weight of the last normalisation is zero)."""

    def __init__(self, d: int) -> None:
        super().__init__()
        self.a = Conv(d, d)
        self.b = nn.Sequential(nn.Conv2d(d, d, 3, 1, 1, bias=False), nn.BatchNorm2d(d, momentum=0.03))
        nn.init.zeros_(self.b[1].weight)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(x + self.b(self.a(x)))
