"""The grasp policy: modality encoders, language-conditioned cross-attention, dynamic gate, transformer, action chunk.

All normalisation lives inside the module as buffers, so that its inputs and outputs are the policy contract's own units.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

MODALITIES = ('rgb', 'depth', 'force', 'voice')
CHANNELS = ('dx', 'dy', 'dz', 'dyaw', 'width', 'effort')
CHUNK = 10
OFF = -1e4


@dataclass
class Config:
    """Sizes. `height` x `width` pixels; `events` voice events of `words` tokens each, newest first."""

    height: int = 128
    width: int = 128
    vocabulary: int = 200
    events: int = 4
    words: int = 8
    d: int = 128
    text: int = 96
    heads: int = 4
    layers: int = 2
    queries: int = 16
    pointers: int = 4
    latent: int = 64

    def to_dict(self) -> dict:
        return asdict(self)


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
        layers += [nn.Linear(a, b), nn.GELU()]
    return nn.Sequential(*layers[:-1])


class Block(nn.Module):
    """Pre-norm transformer layer with a key bias."""

    def __init__(self, d: int, heads: int):
        super().__init__()
        self.heads = heads
        self.n1, self.n2 = nn.LayerNorm(d), nn.LayerNorm(d)
        self.qkv, self.out = nn.Linear(d, 3 * d), nn.Linear(d, d)
        self.ff = mlp(d, 2 * d, d)

    def forward(self, x: Tensor, bias: Tensor | None) -> Tensor:
        q, k, v = self.qkv(self.n1(x)).chunk(3, -1)
        x = x + self.out(attend(q, k, v, self.heads, bias))
        return x + self.ff(self.n2(x))


class FiLM(nn.Module):
    """Scales and shifts channels by a condition vector; the identity at first."""

    def __init__(self, condition: int, channels: int):
        super().__init__()
        self.affine = nn.Linear(condition, 2 * channels)
        nn.init.zeros_(self.affine.bias)
        nn.init.normal_(self.affine.weight, std=0.02)

    def forward(self, x: Tensor, c: Tensor) -> Tensor:
        scale, shift = self.affine(c)[:, :, None, None].chunk(2, 1)
        return x * (1 + scale) + shift


class Down(nn.Module):
    def __init__(self, a: int, b: int, condition: int, stride: int = 2):
        super().__init__()
        self.conv = nn.Conv2d(a, b, 3, stride, 1, bias=False)
        self.norm = nn.BatchNorm2d(b, momentum=0.03)
        self.film = FiLM(condition, b)

    def forward(self, x: Tensor, c: Tensor) -> Tensor:
        return F.relu(self.film(self.norm(self.conv(x)), c))


class Residual(nn.Module):
    def __init__(self, d: int, inner: int, condition: int):
        super().__init__()
        self.a = Down(d, inner, condition, 1)
        self.b = nn.Conv2d(inner, d, 3, 1, 1, bias=False)
        self.norm = nn.BatchNorm2d(d, momentum=0.03)

    def forward(self, x: Tensor, c: Tensor) -> Tensor:
        return F.relu(x + self.norm(self.b(self.a(x, c))))


class TextEncoder(nn.Module):
    """Tokens [B,E*T] and ages [B,E] -> one vector [B,text]. A learned null token stands where nothing was said."""

    def __init__(self, c: Config):
        super().__init__()
        self.c = c
        self.token = nn.Embedding(c.vocabulary, c.text)
        self.event = nn.Parameter(torch.randn(c.events, 1, c.text) * 0.2)
        self.place = nn.Parameter(torch.randn(1, c.words, c.text) * 0.2)
        self.age = nn.Linear(4, c.text)
        self.null = nn.Parameter(torch.randn(1, 1, c.text) * 0.2)
        self.block = Block(c.text, c.heads)
        self.query = nn.Parameter(torch.randn(1, 2, c.text) * 0.2)
        self.kv = nn.Linear(c.text, 2 * c.text)
        self.out = nn.Sequential(nn.Linear(2 * c.text, c.text), nn.LayerNorm(c.text))
        nn.init.normal_(self.token.weight, std=0.5)

    def forward(self, tokens: Tensor, age: Tensor, present: Tensor) -> Tensor:
        c, b = self.c, tokens.shape[0]
        said = (tokens > 0).float() * present[:, None]
        known = (age >= 0).float()
        a = age.clamp(min=0)
        ages = torch.stack([known, (a / 0.3).clamp(max=1) * known, (a / 2).clamp(max=1) * known, torch.log1p(a) * known / 3], -1)
        x = self.token(tokens).reshape(b, c.events, c.words, c.text) + self.event + self.place + self.age(ages)[:, :, None]
        x = torch.cat([self.null.expand(b, 1, c.text), x.reshape(b, c.events * c.words, c.text)], 1)
        bias = torch.cat([torch.zeros_like(said[:, :1]), (1 - said) * OFF], 1)
        x = self.block(x, bias)
        k, v = self.kv(x).chunk(2, -1)
        return self.out(attend(self.query.expand(b, 2, c.text), k, v, c.heads, bias).reshape(b, -1))


class Geometry(nn.Module):
    """Depth to points in the tool frame, by the wrist camera's intrinsics and pose (REP-103 optical frame: x right, y down, z forward)."""

    def __init__(self, c: Config, camera: dict | None):
        super().__init__()
        self.grid = (c.height // 4, c.width // 4)
        fovy = float(camera['fovy_deg']) if camera else 60.0
        pose = torch.tensor(camera['tool_T_camera'], dtype=torch.float32).reshape(4, 4) if camera else torch.eye(4)
        self.register_buffer('known', torch.tensor(1.0 if camera else 0.0))
        self.register_buffer('fovy_deg', torch.tensor(fovy))
        self.register_buffer('pose', pose)
        fine = self.rays(c.height, c.width)
        coarse = self.rays(*self.grid)
        self.register_buffer('fine', fine @ pose[:3, :3].T)
        self.register_buffer('coarse', coarse @ pose[:3, :3].T)
        self.register_buffer('uv', coarse[:, :2])

    def rays(self, h: int, w: int) -> Tensor:
        """Rays of z = 1 through the pixel centres, [h*w,3]; square pixels, principal point in the middle."""
        t = math.tan(math.radians(float(self.fovy_deg)) / 2)
        v, u = torch.meshgrid(torch.arange(h) + 0.5, torch.arange(w) + 0.5, indexing='ij')
        return torch.stack([(u - w / 2) * 2 * t / h, (v - h / 2) * 2 * t / h, torch.ones(h, w)], -1).reshape(-1, 3).float()

    def project(self, p: Tensor) -> tuple[Tensor, Tensor]:
        """Points in the tool frame [B,3] -> normalised image coordinates [B,2] (x/z, y/z) and depth z [B]."""
        q = (p - self.pose[:3, 3]) @ self.pose[:3, :3]
        return q[:, :2] / q[:, 2:].clamp(min=1e-3), q[:, 2]

    def height(self, depth: Tensor, rotation: Tensor, z: Tensor) -> Tensor:
        """Height of each pixel's point over the base frame's origin plane, [B,1,H,W]."""
        b, _, h, w = depth.shape
        up = rotation[:, 2]
        slope = (up @ self.fine.T).reshape(b, 1, h, w)
        offset = (up @ self.pose[:3, 3] + z).reshape(b, 1, 1, 1)
        return depth * slope + offset

    def points(self, depth: Tensor) -> tuple[Tensor, Tensor]:
        """Mean valid depth of 4x4 cells -> points in the tool frame [B,h*w,3], and the cells' valid share [B,h*w]."""
        valid = F.avg_pool2d((depth > 0).float(), 4).flatten(1)
        d = F.avg_pool2d(depth, 4).flatten(1) / valid.clamp(min=1 / 16)
        return d[..., None] * self.coarse + self.pose[:3, 3] * (valid > 0).float()[..., None], valid


def rotation_of(q: Tensor) -> Tensor:
    """Unit quaternion x, y, z, w [B,4] -> matrix [B,3,3]; the same for q and -q."""
    x, y, z, w = (q / q.norm(dim=1, keepdim=True).clamp(min=1e-6)).unbind(1)
    return torch.stack(
        [
            1 - 2 * (y * y + z * z),
            2 * (x * y - z * w),
            2 * (x * z + y * w),
            2 * (x * y + z * w),
            1 - 2 * (x * x + z * z),
            2 * (y * z - x * w),
            2 * (x * z - y * w),
            2 * (y * z + x * w),
            1 - 2 * (x * x + y * y),
        ],
        1,
    ).reshape(-1, 3, 3)


class Policy(nn.Module):
    """`stats` (numpy or lists): force_scale [6,24], proprioception_mean/std [8], action_mean/std [10,6], depth_mean, depth_std."""

    def __init__(self, config: Config, stats: dict | None = None, camera: dict | None = None):
        super().__init__()
        c = self.config = config
        defaults = dict(
            force_scale=torch.ones(6, 24),
            proprioception_mean=torch.zeros(8),
            proprioception_std=torch.ones(8),
            action_mean=torch.zeros(CHUNK, 6),
            action_std=torch.ones(CHUNK, 6),
            depth_mean=0.4,
            depth_std=0.2,
        )
        for key, value in {**defaults, **(stats or {})}.items():
            if key in defaults:
                self.register_buffer(key, torch.as_tensor(value, dtype=torch.float32).clone())
        self.geometry = Geometry(c, camera)
        d = c.d
        self.text = TextEncoder(c)
        self.stem_rgb = nn.Sequential(nn.Conv2d(3, 16, 3, 2, 1, bias=False), nn.BatchNorm2d(16, momentum=0.03))
        self.stem_depth = nn.Sequential(nn.Conv2d(3, 8, 3, 2, 1, bias=False), nn.BatchNorm2d(8, momentum=0.03))
        self.film = FiLM(c.text, 24)
        self.down1, self.down2 = Down(24, 48, c.text), Down(48 + 2, 96, c.text)
        self.residual = Residual(96, 64, c.text)
        self.force = mlp(144, d, d)
        self.proprio = mlp(17, d, d)
        self.voice = nn.Linear(c.text, d)

        self.embed = nn.ModuleDict({'rgb': nn.Linear(16, d), 'depth': nn.Linear(8, d)})
        self.gate = mlp(4 * d, 64, 4)
        nn.init.zeros_(self.gate[-1].weight)
        nn.init.zeros_(self.gate[-1].bias)

        self.fine_low, self.fine_high = nn.Conv2d(48, 64, 1), nn.Conv2d(96, 64, 1)
        self.pointer = nn.Linear(c.text, c.pointers * 64)
        self.pointer_bias = nn.Conv2d(64, c.pointers, 1)
        self.pointer_token = nn.Linear(64 + 8, d)
        self.pointer_id = nn.Parameter(torch.randn(c.pointers, d) * 0.1)

        self.key_value = nn.Linear(96 + 6, 2 * d)
        self.queries = nn.Parameter(torch.randn(c.queries, d) * 0.2)
        self.query_text = nn.Linear(c.text, d)
        self.query_out = nn.Linear(d, d)
        self.cls = nn.Parameter(torch.randn(1, 1, d) * 0.1)
        self.kind = nn.Parameter(torch.randn(3, d) * 0.1)
        self.blocks = nn.ModuleList(Block(d, c.heads) for _ in range(c.layers))
        self.norm = nn.LayerNorm(d)

        fused = 2 * d + c.text + 8 * c.pointers + 17
        self.chunk = mlp(fused + 9, 256, 256, CHUNK * 6)
        self.success = nn.Linear(d, 1)
        self.auxiliary = mlp(fused, 128, 6)
        self.project = nn.ModuleDict({m: nn.Linear(d, c.latent) for m in ('vision', 'force', 'voice')})

    def forward(
        self, rgbd: Tensor, force_pyramid: Tensor, voice_tokens: Tensor, voice_age: Tensor, proprioception: Tensor, modality_mask: Tensor
    ) -> dict[str, Tensor]:
        c, b = self.config, rgbd.shape[0]
        has = modality_mask
        has_rgb, has_depth, has_force, has_voice = has.unbind(1)
        rgb = (rgbd[:, :3] - 0.45) / 0.25 * has_rgb[:, None, None, None]
        depth = rgbd[:, 3:] * has_depth[:, None, None, None]

        rotation = rotation_of(proprioception[:, 3:7])
        height = self.geometry.height(depth, rotation, proprioception[:, 2])
        valid = (depth > 0).float()
        depth_in = torch.cat(
            [(depth - self.depth_mean) / self.depth_std * valid, valid, (height * 10).clamp(-3, 3) * valid * self.geometry.known], 1
        )

        vector = (proprioception - self.proprioception_mean) / self.proprioception_std
        body = torch.cat([vector, rotation.flatten(1)], 1).clamp(-5, 5)
        proprio = self.proprio(body)
        force = self.force((torch.asinh(force_pyramid / self.force_scale) * has_force[:, None, None]).flatten(1))
        text = self.text(voice_tokens, voice_age, has_voice)
        voice = self.voice(text)

        x_rgb, x_depth = self.stem_rgb(rgb), self.stem_depth(depth_in)
        pooled = {'rgb': self.embed['rgb'](F.relu(x_rgb).mean((2, 3))), 'depth': self.embed['depth'](F.relu(x_depth).mean((2, 3)))}
        logits = self.gate(torch.cat([pooled['rgb'], pooled['depth'], force, voice], 1)).float()
        gate = (logits + (1 - has) * OFF).softmax(-1)
        scale = gate * has.sum(1, keepdim=True).clamp(min=1) * has
        g = scale.unbind(1)
        x = torch.cat([x_rgb * g[0][:, None, None, None], x_depth * g[1][:, None, None, None]], 1)
        x = F.relu(self.film(x, text))
        low = self.down1(x, text)
        h, w = self.geometry.grid
        uv = self.geometry.uv.T.reshape(1, 2, h, w)
        high = self.residual(self.down2(torch.cat([low, uv.expand(b, 2, h, w).to(low.dtype)], 1), text), text)

        # Pointers: language-made queries over the 32x32 map; each takes the mean point, feature and spread under its attention.
        fine = F.relu(self.fine_low(low) + F.interpolate(self.fine_high(high), scale_factor=2.0, mode='nearest'))
        fine_flat = fine.flatten(2)
        heat = (self.pointer(text).reshape(b, c.pointers, 64) @ fine_flat / 8 + self.pointer_bias(fine).flatten(2)).float()
        points, share = self.geometry.points(depth)
        attention = heat.softmax(-1)
        support = attention * share[:, None]
        total = support.sum(-1, keepdim=True)
        point = support @ points / total.clamp(min=1e-3)
        centre = attention @ self.geometry.uv
        spread = (attention @ (self.geometry.uv**2).sum(-1, keepdim=True) - (centre**2).sum(-1, keepdim=True)).clamp(min=0)
        facts = torch.cat([point * 8, centre * 2, total, (spread + 1e-6).sqrt() * 4, heat.amax(-1, keepdim=True) / 10], -1)
        seen = attention.to(fine_flat.dtype) @ fine_flat.transpose(1, 2)
        pointers = self.pointer_token(torch.cat([seen, facts.to(seen.dtype)], -1)) + self.pointer_id

        # Cross-attention of the learned queries over the 16x16 map, whose tokens carry their image place and their point.
        place = F.avg_pool2d(
            torch.cat([points, self.geometry.uv.expand(b, -1, 2), share[..., None]], -1).transpose(1, 2).reshape(b, 6, h, w), 2
        )
        tokens = torch.cat([high.flatten(2), place.flatten(2).to(high.dtype) * 4], 1).transpose(1, 2)
        k, v = self.key_value(tokens).chunk(2, -1)
        q = self.queries + self.query_text(text)[:, None]
        found = self.query_out(attend(q, k, v, c.heads)) + self.queries

        vision_on = torch.maximum(has_rgb, has_depth)
        parts = [
            self.cls.expand(b, 1, -1),
            proprio[:, None] + self.kind[0],
            force[:, None] * g[2][:, None, None] + self.kind[1],
            voice[:, None] * g[3][:, None, None] + self.kind[2],
            pointers,
            found,
        ]
        x = torch.cat([p.to(found.dtype) for p in parts], 1)
        on = torch.cat(
            [torch.ones_like(has[:, :2]), has_force[:, None], has_voice[:, None], vision_on[:, None].expand(b, c.pointers + c.queries)], 1
        )
        for block in self.blocks:
            x = block(x, (1 - on) * OFF)
        x = self.norm(x)
        seen_on = on[:, 4:, None]
        vision = (x[:, 4:] * seen_on).mean(1)
        fused = torch.cat([x[:, 0], vision, text, (facts * seen_on[:, :1]).flatten(1).to(x.dtype), body.to(x.dtype)], 1)
        # The estimate of the target (units of 5 cm, 0.3 rad, logits) feeds the chunk, once more with centimetres spread out.
        auxiliary = self.auxiliary(fused)
        estimate = torch.cat([auxiliary[:, :4], (auxiliary[:, 4:] / 4).tanh(), (auxiliary[:, :3] * 5).tanh()], 1)
        raw = self.chunk(torch.cat([fused, estimate], 1)).float().reshape(b, CHUNK, 6)

        z = {'vision': self.project['vision'](vision), 'force': self.project['force'](force), 'voice': self.project['voice'](voice)}
        z = {m: F.normalize(e.float(), dim=-1) for m, e in z.items()}
        latent = z['vision'] * (gate[:, :1] + gate[:, 1:2]) + z['force'] * gate[:, 2:3] + z['voice'] * gate[:, 3:]
        return {
            'action_chunk': raw * self.action_std + self.action_mean,
            'grasp_success': self.success(x[:, 0]).float().squeeze(1).sigmoid(),
            'gate': gate,
            'latent': F.normalize(latent, dim=-1),
            'auxiliary': auxiliary.float(),
            'heat': heat,
            'projections': z,
        }


class Exported(nn.Module):
    """The contract's four outputs alone."""

    def __init__(self, policy: Policy):
        super().__init__()
        self.policy = policy

    def forward(self, rgbd, force_pyramid, voice_tokens, voice_age, proprioception, modality_mask):
        o = self.policy(rgbd, force_pyramid, voice_tokens, voice_age, proprioception, modality_mask)
        return o['action_chunk'], o['grasp_success'], o['gate'], o['latent']


def example(config: Config, batch: int = 1, seed: int = 0) -> tuple[Tensor, ...]:
    """Random inputs of the contract's shapes, in its order."""
    g = torch.Generator().manual_seed(seed)
    rgbd = torch.rand(batch, 4, config.height, config.width, generator=g)
    tokens = torch.randint(0, config.vocabulary, (batch, config.events * config.words), generator=g)
    pose = torch.tensor([[0.4, 0.0, 0.3, 1.0, 0.0, 0.0, 0.0, 0.08]]).repeat(batch, 1)
    return (rgbd, torch.randn(batch, 6, 24, generator=g), tokens, torch.rand(batch, config.events, generator=g), pose, torch.ones(batch, 4))


def count_macs(policy: Policy) -> int:
    """Multiply-accumulates of one frame: half of the floating-point operations that torch counts in matrix products and convolutions."""
    from torch.utils.flop_counter import FlopCounterMode

    policy.eval()
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        policy(*example(policy.config))
    return counter.get_total_flops() // 2
