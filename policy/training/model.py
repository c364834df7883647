"""The grasp policy.

It has one encoder for each modality, a dynamic gate, pointers led by language, learned queries and a transformer. It
answers with an action chunk. All normalisation is inside the module, as buffers, so its inputs and outputs are in the
units of the policy contract.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from geometry import Geometry, rotation_of
from language import TextEncoder, likeness
from layers import OFF, Block, Conv, Residual, attend, by_head, mlp, off
from model_config import CHUNK, STATISTICS, Config


class Policy(nn.Module):
    """The network.

    `stats` (NumPy or lists): force_scale [6,24], proprioception_mean and _std [8], action_mean and _std [10,6],
    depth_mean, depth_std. `colours` [vocabulary,4]: see TextEncoder.
    """

    def __init__(
        self,
        config: Config,
        stats: dict[str, Any] | None = None,
        camera: dict[str, Any] | None = None,
        colours: Tensor | None = None,
    ) -> None:
        super().__init__()
        c = self.config = config
        for key, value in {**STATISTICS, **(stats or {})}.items():
            if key in STATISTICS:
                self.register_buffer(key, torch.as_tensor(value, dtype=torch.float32).clone())
        self.geometry = Geometry(c.height, c.width, camera)
        d = c.d
        self.text = TextEncoder(c.vocabulary, c.events, c.words, c.text, c.heads, colours)
        self.stem_rgb, self.stem_depth = Conv(3, c.stem, 2), Conv(3, c.stem, 2)
        self.down_rgb, self.down_depth = Conv(c.stem + 3, 2 * c.stem, 2), Conv(c.stem, 2 * c.stem, 2)
        self.low = Conv(4 * c.stem, c.low)
        self.mid = nn.Sequential(*(Residual(c.low) for _ in range(c.low_residuals)))
        self.high = nn.Sequential(Conv(c.low, c.high, 2), *(Residual(c.high) for _ in range(c.residuals)))
        self.force = mlp(144, d, d)
        self.proprio = mlp(17, d, d)
        self.voice = nn.Linear(c.text, d)

        self.gate = mlp(4 * c.stem + 2 * d, 64, 4)
        nn.init.zeros_(self.gate[-1].weight)
        nn.init.zeros_(self.gate[-1].bias)

        self.fine_low, self.fine_high = nn.Conv2d(c.low, 64, 1), nn.Conv2d(c.high, 64, 1)
        self.pointer = nn.Linear(c.text, c.pointers * 64)
        self.pointer_bias = nn.Conv2d(64, c.pointers, 1)
        self.pointer_token = nn.Linear(64 + 8, d)
        self.pointer_id = nn.Parameter(torch.randn(c.pointers, d) * 0.1)
        # In training only: the noun of each place on the fine map. It teaches the map to tell shapes apart.
        self.called = nn.Linear(64, c.vocabulary)

        self.key_value = nn.Linear(c.high + 6, 2 * d)
        self.queries = nn.Parameter(torch.randn(c.queries, d) * 0.2)
        self.query_text = nn.Linear(c.text, d)
        self.query_out = nn.Linear(d, d)
        self.cls = nn.Parameter(torch.randn(1, 1, d) * 0.1)
        self.kind = nn.Parameter(torch.randn(3, d) * 0.1)
        self.blocks = nn.ModuleList(Block(d, c.heads) for _ in range(c.layers))
        self.norm = nn.LayerNorm(d)

        fused = 2 * d + c.text + 72 * c.pointers + 17
        self.auxiliary = mlp(fused, 128, 7)
        self.chunk = mlp(fused + 11, 256, 256, CHUNK * 6)
        self.success = nn.Linear(d, 1)
        self.project = nn.ModuleDict(
            {
                'vision': nn.Linear(c.high, c.latent),
                'force': nn.Linear(d, c.latent),
                'voice': nn.Linear(c.text, c.latent),
            }
        )

    def forward(
        self,
        rgbd: Tensor,
        force_pyramid: Tensor,
        voice_tokens: Tensor,
        voice_age: Tensor,
        proprioception: Tensor,
        modality_mask: Tensor,
        goal: Tensor | None = None,
    ) -> dict[str, Tensor]:
        """The inputs of the contract.

        `goal` [B,5], in training only: place (units of 5 cm), turn (rad), and 1 where the chunk is made for that goal
        and not for the estimate.
        """
        c, b, out = self.config, rgbd.shape[0], self.config.without

        def plane(x: Tensor) -> Tensor:
            return x.reshape(b, 1, 1, 1)

        has = modality_mask
        has_rgb, has_depth, has_force, has_voice = has.split(1, 1)
        rgb = rgbd[:, :3] * plane(has_rgb)
        depth = rgbd[:, 3:] * plane(has_depth)
        pyramid = force_pyramid.flatten(1) * has_force
        if 'pyramid' in out:
            # Only the mean over the window whose length is nearest to the camera's period.
            pyramid = pyramid * (torch.arange(24) == 8).float().repeat(6)
        if 'ages' in out:
            voice_age = voice_age.clamp(max=0)
        present = has_voice
        if 'masks' in out:
            has = torch.ones_like(has)
            has_rgb, has_depth, has_force, has_voice = has.split(1, 1)

        rotation = rotation_of(proprioception[:, 3:7])
        height = self.geometry.height(depth, rotation, proprioception[:, 2:3])
        valid = (depth > 0).float()
        depth_in = torch.cat(
            [
                (depth - self.depth_mean) / self.depth_std * valid,
                valid,
                (height * 10).clamp(-3, 3) * (valid * self.geometry.known),
            ],
            1,
        )

        vector = (proprioception - self.proprioception_mean) / self.proprioception_std
        body = torch.cat([vector, rotation.flatten(1)], 1).clamp(-5, 5)
        proprio = self.proprio(body)
        force = self.force(torch.asinh(pyramid / self.force_scale.flatten()))
        text, meant = self.text(voice_tokens, voice_age, present)
        if 'colours' in out:
            meant = meant * 0
        voice = self.voice(text)

        x_rgb = self.stem_rgb((rgb - 0.45) / 0.25)
        x_rgb = self.down_rgb(torch.cat([x_rgb, likeness(F.avg_pool2d(rgb, 2), meant).to(x_rgb.dtype)], 1))
        x_depth = self.down_depth(self.stem_depth(depth_in))
        logits = self.gate(torch.cat([x_rgb.mean((2, 3)), x_depth.mean((2, 3)), force, voice], 1)).float()
        if 'gate' in out:
            logits = logits * 0
        gate = (logits + (1 - has) * OFF).softmax(-1)
        g_rgb, g_depth, g_force, g_voice = (gate * (has.sum(1, keepdim=True).clamp(min=1) * has)).split(1, 1)
        h, w = self.geometry.grid
        low = self.mid(self.low(torch.cat([x_rgb * plane(g_rgb), x_depth * plane(g_depth)], 1)))
        high = self.high(low)

        # Pointers: queries made from language, over the fine map. Each gives the mean point, the feature and the spread
        # under its attention.
        fine = F.relu(self.fine_low(low) + F.interpolate(self.fine_high(high), scale_factor=2.0, mode='nearest'))
        fine_flat = fine.flatten(2)
        heat = (
            self.pointer(text).reshape(b, c.pointers, 64) @ fine_flat / 8 + self.pointer_bias(fine).flatten(2)
        ).float()
        points, share = self.geometry.points(depth)
        attention = heat.softmax(-1)
        support = attention * share.reshape(b, 1, -1)
        total = support.sum(-1, keepdim=True)
        point = support @ points / total.clamp(min=1e-3)
        centre = attention @ self.geometry.uv
        spread = (attention @ (self.geometry.uv**2).sum(-1, keepdim=True) - (centre**2).sum(-1, keepdim=True)).clamp(
            min=0
        )
        facts = torch.cat(
            [point * 8, centre * 2, total, (spread + 1e-6).sqrt() * 4, heat.amax(-1, keepdim=True) / 10], -1
        )
        under = torch.cat([attention.to(fine_flat.dtype) @ fine_flat.transpose(1, 2), facts.to(fine_flat.dtype)], -1)
        if 'pointers' in out:
            under = under * 0
        pointers = self.pointer_token(under.flatten(0, 1)).reshape(b, c.pointers, -1) + self.pointer_id

        # The learned queries attend to the coarse map. The tokens of the map carry their place in the image and their
        # point.
        place = torch.cat([points, self.geometry.uv.expand(b, -1, 2), share], -1).transpose(1, 2).reshape(b, 6, h, w)
        place = F.avg_pool2d(place, 2) * 4
        tokens = torch.cat([high, place.to(high.dtype)], 1).flatten(2).transpose(1, 2)
        key_value = self.key_value(tokens.flatten(0, 1))
        if 'queries' in out:
            found = sum(key_value.chunk(2, -1)).reshape(b, -1, c.d)
        else:
            k, v = by_head(key_value, b, c.heads, 2)
            q = by_head((self.queries + self.query_text(text).reshape(b, 1, -1)).flatten(0, 1), b, c.heads, 1)[0]
            found = self.query_out(attend(q, k, v)).reshape(b, c.queries, -1) + self.queries

        seeing = torch.maximum(has_rgb, has_depth)
        senses = torch.stack([proprio, force * g_force, voice * g_voice], 1) + self.kind
        x = torch.cat([p.to(found.dtype) for p in (self.cls.expand(b, 1, -1), senses, pointers, found)], 1)
        always = torch.ones_like(has[:, :2])
        bias = off(torch.cat([always, has_force, has_voice, seeing.expand(b, c.pointers + found.shape[1])], 1))
        x = x.flatten(0, 1)
        for block in self.blocks:
            x = block(x, bias)
        x = self.norm(x).reshape(b, -1, c.d)
        vision = x[:, 4:].mean(1) * seeing
        fused = torch.cat([x[:, 0], vision, text, under.flatten(1) * seeing, body.to(x.dtype)], 1)
        # The chunk sees the estimate of the target: places, places once more with centimetres spread out, and the turn
        # from its double angle.
        auxiliary = self.auxiliary(fused).float()
        near, cosine, sine, flags = auxiliary.split((3, 1, 1, 2), 1)
        turn = torch.atan(sine / ((cosine * cosine + sine * sine + 1e-6).sqrt() + cosine).clamp(min=1e-3))
        if goal is not None:
            told = goal[:, 4:] > 0
            near, turn = torch.where(told, goal[:, :3], near), torch.where(told, goal[:, 3:4], turn)
        estimate = torch.cat(
            [near, (near * 5).tanh(), turn, (turn * 8).tanh(), (turn * 2).cos(), (flags / 4).tanh()], 1
        )
        raw = self.chunk(torch.cat([fused, estimate.to(fused.dtype)], 1)).float().reshape(b, CHUNK, 6)

        # Vision is taken before the pointers and queries, because these are made from words and would be aligned with
        # them trivially. Up to here words have only set the gate and marked their colour.
        alike = {'vision': high.mean((2, 3)) * seeing, 'force': force * has_force, 'voice': text * has_voice}
        z = F.normalize(torch.stack([self.project[m](e).float() for m, e in alike.items()], 1), dim=-1)
        weights = torch.cat([gate[:, :1] + gate[:, 1:2], gate[:, 2:]], 1)
        latent = (weights.reshape(b, 1, 3) @ z).reshape(b, -1)
        return {
            'action_chunk': raw * self.action_std + self.action_mean,
            'grasp_success': self.success(x[:, 0]).float().squeeze(1).sigmoid(),
            'gate': gate,
            'latent': F.normalize(latent, dim=-1),
            'auxiliary': auxiliary,
            'heat': heat,
            'fine': fine_flat,
            'projections': dict(zip(alike, z.unbind(1), strict=True)),
        }


class Exported(nn.Module):
    """The network with the four outputs of the contract alone."""

    def __init__(self, policy: Policy) -> None:
        super().__init__()
        self.policy = policy

    def forward(
        self,
        rgbd: Tensor,
        force_pyramid: Tensor,
        voice_tokens: Tensor,
        voice_age: Tensor,
        proprioception: Tensor,
        modality_mask: Tensor,
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        o = self.policy(rgbd, force_pyramid, voice_tokens, voice_age, proprioception, modality_mask)
        return o['action_chunk'], o['grasp_success'], o['gate'], o['latent']


def example(config: Config, batch: int = 1, seed: int = 0) -> tuple[Tensor, ...]:
    """Random inputs with the shapes of the contract, in its order."""
    g = torch.Generator().manual_seed(seed)
    rgbd = torch.rand(batch, 4, config.height, config.width, generator=g)
    tokens = torch.randint(0, config.vocabulary, (batch, config.events * config.words), generator=g)
    pose = torch.tensor([[0.4, 0.0, 0.3, 1.0, 0.0, 0.0, 0.0, 0.08]]).repeat(batch, 1)
    return (
        rgbd,
        torch.randn(batch, 6, 24, generator=g),
        tokens,
        torch.rand(batch, config.events, generator=g),
        pose,
        torch.ones(batch, 4),
    )


def count_macs(policy: Policy, convolutions: bool = True) -> int:
    """Multiply-accumulates of one frame.

    They are half of the floating-point operations that torch counts in matrix products and convolutions.
    """
    from torch.utils.flop_counter import FlopCounterMode

    policy.eval()
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        policy(*example(policy.config))
    counts = counter.get_flop_counts()['Global']
    return sum(v for k, v in counts.items() if convolutions or 'conv' not in str(k)) // 2


def fusion_macs(config: Config) -> dict[str, int]:
    """Multiply-accumulates behind the convolutions.

    They are counted with the learned queries, and with full attention on the same tokens.
    """
    full = Config(**{**config.to_dict(), 'without': (*config.without, 'queries')})
    return {'learned_queries': count_macs(Policy(config), False), 'full_attention': count_macs(Policy(full), False)}
