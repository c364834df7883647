"""A policy for any robot, built from the layout of its contract.

One encoder for each modality, pointers over each picture that are led by language, and a transformer over all of it.
The chunk is an offset from the best linear guess that the vectors allow, in most cases the place where the joints are.
All normalisation is inside the module, as buffers, so its inputs and outputs are in the units of the contract.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from geometry import Geometry
from groups.layout import Layout, Picture
from language import TextEncoder, likeness
from layers import Block, Conv, Residual, mlp, off


@dataclass(frozen=True)
class Config:
    """The sizes of the network. `places` and `flags`: numbers of a place and of facts that training knows; 0: none."""

    vocabulary: int = 0
    d: int = 128
    text: int = 96
    heads: int = 4
    layers: int = 2
    pointers: int = 4
    stem: int = 16
    low: int = 48
    fine: int = 48
    residuals: int = 2
    hidden: int = 256
    places: int = 0
    flags: int = 0

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


#: Facts of one pointer: its point in space, its place in the picture, share of valid depth, spread, confidence.
FACTS = 8


class Eye(nn.Module):
    """A picture -> a fine map, pointers over it, and one vector of the whole.

    The map has cells of 4x4 pixels. A pointer is the attention of a query that is made from the words.
    """

    def __init__(self, picture: Picture, c: Config, camera: dict[str, Any] | None) -> None:
        super().__init__()
        self.picture, self.c = picture, c
        self.geometry = Geometry(picture.height, picture.width, camera)
        self.stem = Conv(6 + 2 * picture.depth, c.stem, 2)
        self.down = Conv(c.stem, c.low, 2)
        self.mid = nn.Sequential(*(Residual(c.low) for _ in range(c.residuals)))
        self.high = nn.Sequential(Conv(c.low, c.low, 2), *(Residual(c.low) for _ in range(c.residuals)))
        self.fine_low, self.fine_high = nn.Conv2d(c.low, c.fine, 1), nn.Conv2d(c.low, c.fine, 1)
        self.query = nn.Linear(c.text, c.pointers * c.fine)
        self.bias = nn.Conv2d(c.fine, c.pointers, 1)
        self.token = nn.Linear(c.fine + FACTS, c.d)
        self.whole = nn.Linear(c.low, c.d)

    def forward(self, x: Tensor, text: Tensor, meant: Tensor, far: Tensor) -> dict[str, Tensor]:
        """`x` [B,3 or 4,H,W]: colour 0 to 1, depth in m. `far`: the mean depth, m."""
        c, b = self.c, x.shape[0]
        rgb = x[:, :3]
        planes = [(rgb - 0.45) / 0.25, likeness(rgb, meant)]
        depth = x[:, 3:] if self.picture.depth else None
        if depth is not None:
            valid = (depth > 0).float()
            planes += [(depth - far) / 0.2 * valid, valid]
        low = self.mid(self.down(self.stem(torch.cat(planes, 1))))
        high = self.high(low)
        fine = F.relu(self.fine_low(low) + F.interpolate(self.fine_high(high), scale_factor=2.0, mode='nearest'))
        flat = fine.flatten(2)
        heat = (
            self.query(text).reshape(b, c.pointers, c.fine) @ flat / c.fine**0.5 + self.bias(fine).flatten(2)
        ).float()
        attention = heat.softmax(-1)
        points, share = self.geometry.points(depth if depth is not None else torch.zeros_like(x[:, :1]))
        support = attention * share.reshape(b, 1, -1)
        total = support.sum(-1, keepdim=True)
        point = support @ points / total.clamp(min=1e-3)
        centre = attention @ self.geometry.uv
        spread = (attention @ (self.geometry.uv**2).sum(-1, keepdim=True) - (centre**2).sum(-1, keepdim=True)).clamp(
            min=0
        )
        facts = torch.cat(
            [point * 4, centre * 2, total, (spread + 1e-6).sqrt() * 4, heat.amax(-1, keepdim=True) / 10], -1
        )
        under = torch.cat([attention.to(flat.dtype) @ flat.transpose(1, 2), facts.to(flat.dtype)], -1)
        return {
            'tokens': self.token(under.flatten(0, 1)).reshape(b, c.pointers, c.d),
            'whole': self.whole(high.mean((2, 3))),
            'under': under.flatten(1),
            'heat': heat,
        }


class GroupPolicy(nn.Module):
    """The network. `stats`: see `groups.data.statistics`. `cameras`: of pictures by name, as `Geometry` takes them.

    `colours`: see TextEncoder.
    """

    def __init__(
        self,
        layout: Layout,
        config: Config,
        stats: dict[str, Any],
        cameras: dict[str, dict[str, Any]],
        colours: Tensor | None = None,
    ) -> None:
        super().__init__()
        self.layout, c = layout, config
        self.config = c
        for key, value in stats.items():
            self.register_buffer(key, torch.as_tensor(value, dtype=torch.float32).clone())
        self.values = sum(layout.vectors.values()) + len(layout.streams)
        self.forces = sum(values * statistics for values, statistics in layout.pyramids.values())
        self.text = (
            TextEncoder(c.vocabulary, layout.events, layout.words, c.text, c.heads, colours) if layout.events else None
        )
        self.silence = nn.Parameter(torch.zeros(1, c.text))
        self.eyes = nn.ModuleDict({str(i): Eye(p, c, cameras.get(p.name)) for i, p in enumerate(layout.pictures)})
        self.body = mlp(self.values, c.d, c.d)
        self.force = mlp(self.forces, c.d, c.d) if self.forces else None
        self.voice = nn.Linear(c.text, c.d)
        self.cls = nn.Parameter(torch.randn(1, 1, c.d) * 0.1)
        self.kind = nn.Parameter(torch.randn(3, c.d) * 0.1)
        pictures = len(layout.pictures)
        self.seen = nn.Parameter(torch.randn(max(pictures, 1), c.pointers + 1, c.d) * 0.1)
        self.blocks = nn.ModuleList(Block(c.d, c.heads) for _ in range(c.layers))
        self.norm = nn.LayerNorm(c.d)
        fused = 2 * c.d + c.text + pictures * c.pointers * (c.fine + FACTS) + self.values
        self.auxiliary = mlp(fused, 128, c.places + c.flags) if c.places else None
        self.chunk = mlp(
            fused + (2 * c.places + c.flags if c.places else 0), c.hidden, c.hidden, layout.rows * layout.columns
        )

    def forward(self, inputs: dict[str, Tensor]) -> dict[str, Tensor]:
        """The inputs of the contract by name."""
        layout, c = self.layout, self.config
        raw = torch.cat([inputs[n] for n in layout.vectors], 1)
        b = raw.shape[0]
        vector = ((raw - self.vector_mean) / self.vector_std).clamp(-5, 5)
        # A stream that is missing left zeros. The mask says so.
        vector = torch.cat([vector, inputs[layout.mask]], 1) if layout.mask else vector
        if self.text is not None:
            text, meant = self.text(inputs[layout.tokens], inputs[layout.ages], torch.ones_like(raw[:, :1]))
        else:
            text, meant = self.silence.expand(b, -1), torch.zeros(b, 4)
        senses = [self.body(vector) + self.kind[0], self.voice(text) + self.kind[1]]
        if self.force is not None:
            pyramid = torch.cat([inputs[n].flatten(1) for n in layout.pyramids], 1)
            senses.append(self.force(torch.asinh(pyramid / self.force_scale)) + self.kind[2])
        tokens = [self.cls.expand(b, 1, -1), torch.stack(senses, 1)]
        under, heats = [], {}
        for i, picture in enumerate(layout.pictures):
            saw = self.eyes[str(i)](inputs[picture.name], text, meant, self.depth_mean)
            both = torch.cat([saw['tokens'], saw['whole'][:, None]], 1)
            tokens.append(both + self.seen[i])
            under.append(saw['under'])
            heats[picture.name] = saw['heat']
        x = torch.cat([t.to(vector.dtype) for t in tokens], 1)
        count = x.shape[1]
        bias = off(torch.ones(b, count, dtype=x.dtype))
        x = x.flatten(0, 1)
        for block in self.blocks:
            x = block(x, bias)
        x = self.norm(x).reshape(b, count, c.d)
        fused = torch.cat([x[:, 0], x[:, 1:].mean(1), text, *under, vector.to(x.dtype)], 1)
        out: dict[str, Any] = {'heat': heats}
        if self.auxiliary is not None:
            estimate = self.auxiliary(fused).float()
            place, flags = estimate.split((c.places, c.flags), 1)
            out['estimate'] = estimate
            fused = torch.cat([fused, estimate_features(place, flags).to(fused.dtype)], 1)
        offset = self.chunk(fused).float().reshape(b, layout.rows, layout.columns)
        guess = (raw - self.vector_mean) @ self.guess + self.guess_bias
        out['action_chunk'] = guess.reshape(b, layout.rows, layout.columns) + offset * self.action_std
        return out


def estimate_features(place: Tensor, flags: Tensor) -> Tensor:
    """The estimate as the chunk sees it: places, places once more with small distances spread out, and flags."""
    return torch.cat([place, (place * 5).tanh(), (flags / 4).tanh()], 1)


class Exported(nn.Module):
    """The network as a graph: its inputs in the order of the contract, the chunk as its output."""

    def __init__(self, policy: GroupPolicy) -> None:
        super().__init__()
        self.policy = policy

    def forward(self, *inputs: Tensor) -> Tensor:
        chunk: Tensor = self.policy(dict(zip(self.policy.layout.order, inputs, strict=True)))['action_chunk']
        return chunk


def example(layout: Layout, vocabulary: int, batch: int = 1, seed: int = 0) -> dict[str, Tensor]:
    """Random inputs with the shapes of the contract, in its order."""
    g = torch.Generator().manual_seed(seed)
    made: dict[str, Tensor] = {
        p.name: torch.rand(batch, 3 + p.depth, p.height, p.width, generator=g) for p in layout.pictures
    }
    made |= {n: torch.randn(batch, size, generator=g) for n, size in layout.vectors.items()}
    made |= {n: torch.randn(batch, *size, generator=g) for n, size in layout.pyramids.items()}
    if layout.events:
        made[layout.tokens] = torch.randint(0, vocabulary, (batch, layout.events * layout.words), generator=g)
        made[layout.ages] = torch.rand(batch, layout.events, generator=g)
    if layout.mask:
        made[layout.mask] = torch.ones(batch, len(layout.streams))
    return {n: made[n] for n in layout.order}
