"""Trains an ACT policy of LeRobot on a set that prehend exported, and makes it fit prehend's policy contract.

    python policy/examples/act_lerobot.py --data SET --out act.onnx --steps 600

It also writes act.yaml, the map for `prehend policy wrap`. It needs `pip install lerobot onnx onnxscript onnxruntime`
(tried: lerobot 0.4.4). The policy sees the picture, the state and the force pyramid. ACT takes no words: record
demonstrations of one command.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import torch
from lerobot.configs.types import FeatureType, PolicyFeature
from lerobot.datasets.lerobot_dataset import LeRobotDataset
from lerobot.policies.act.configuration_act import ACTConfig
from lerobot.policies.act.modeling_act import ACTPolicy
from torch import Tensor, nn

IMAGE, STATE, ENVIRONMENT, ACTION = (
    'observation.images.rgb',
    'observation.state',
    'observation.environment_state',
    'action',
)
PYRAMID = 'observation.force_pyramid'
INPUTS = {'image': IMAGE, 'state': STATE, 'force_pyramid': PYRAMID}
# The least deviation. Without it, a value that never changed in the demonstrations would be amplified as soon as it
# changes.
LEAST_DEVIATION = 1e-3


class Normalisation(nn.Module):
    """(x - mean) / deviation, with the statistics of the set."""

    def __init__(self, stats: dict[str, Any]) -> None:
        super().__init__()
        self.register_buffer('mean', torch.as_tensor(np.array(stats['mean']), dtype=torch.float32))
        self.register_buffer(
            'deviation', torch.as_tensor(np.array(stats['std']), dtype=torch.float32).clamp_min(LEAST_DEVIATION)
        )

    def forward(self, x: Tensor) -> Tensor:
        return (x - self.mean) / self.deviation

    def back(self, x: Tensor) -> Tensor:
        return x * self.deviation + self.mean


class Act(nn.Module):
    """The ACT policy of LeRobot between normalisations.

    `forward` has the inputs and outputs of prehend's policy contract.
    """

    def __init__(self, data: LeRobotDataset, rows: int) -> None:
        super().__init__()
        features, stats = data.meta.features, data.meta.stats
        height, width, _ = features[IMAGE]['shape']
        # ACT in LeRobot takes one vector beside the state, under the name of the environment state.
        pyramid = int(np.prod(features[PYRAMID]['shape']))

        def shape(key: str) -> tuple[int, ...]:
            return tuple(features[key]['shape'])

        self.policy = ACTPolicy(
            ACTConfig(
                input_features={
                    IMAGE: PolicyFeature(FeatureType.VISUAL, (3, height, width)),
                    STATE: PolicyFeature(FeatureType.STATE, shape(STATE)),
                    ENVIRONMENT: PolicyFeature(FeatureType.ENV, (pyramid,)),
                },
                output_features={ACTION: PolicyFeature(FeatureType.ACTION, shape(ACTION))},
                chunk_size=rows,
                n_action_steps=rows,
                pretrained_backbone_weights=None,
                dim_model=128,
                n_heads=4,
                dim_feedforward=512,
                n_encoder_layers=2,
                n_vae_encoder_layers=2,
                device='cpu',
            )
        )
        self.normalise = nn.ModuleDict(
            {name: Normalisation(stats[key]) for name, key in (*INPUTS.items(), (ACTION, ACTION))}
        )

    def observed(self, image: Tensor, state: Tensor, force_pyramid: Tensor) -> dict[str, Tensor]:
        n = self.normalise
        return {
            IMAGE: n['image'](image),
            STATE: n['state'](state),
            ENVIRONMENT: n['force_pyramid'](force_pyramid).flatten(1),
        }

    def loss(self, batch: dict[str, Tensor]) -> tuple[Tensor, dict[str, Any]]:
        inputs = self.observed(*(batch[key] for key in INPUTS.values()))
        return self.policy(
            {**inputs, ACTION: self.normalise[ACTION](batch[ACTION]), 'action_is_pad': batch['action_is_pad']}
        )

    def forward(self, image: Tensor, state: Tensor, force_pyramid: Tensor) -> Tensor:
        """f32[1,3,H,W] 0..1, f32[1,8] (tool pose, gripper width), f32[1,6,24] -> f32[1,rows,6]."""
        batch = self.observed(image, state, force_pyramid)
        batch['observation.images'] = [batch[IMAGE]]
        return chunk(self.normalise[ACTION].back(self.policy.model(batch)[0]), state[:, None, :7])


def chunk(action: Tensor, pose: Tensor) -> Tensor:
    """Set-points in the base frame as offsets in the frame of the tool pose.

    `action` f32[b,rows,9]: pose, width, effort. `pose` f32[b,1,7]. Gives f32[b,rows,6].
    """
    u, w = -pose[..., 3:6], pose[..., 6:7]
    d = action[..., :3] - pose[..., :3]
    u = u.expand_as(d)
    # R(q)^-1 d = d + 2 u x (u x d + w d), with the conjugate q = (u, w).
    offset = d + 2 * torch.linalg.cross(u, torch.linalg.cross(u, d) + w * d)
    q, p = action[..., 3:7], pose[..., 3:7]
    # z and w of p^-1 q, which give the turn about the tool's z axis.
    z = p[..., 3] * q[..., 2] - p[..., 2] * q[..., 3] - p[..., 0] * q[..., 1] + p[..., 1] * q[..., 0]
    w = (p * q).sum(-1)
    return torch.cat([offset, (2 * torch.atan(z / w))[..., None], action[..., 7:9]], -1)


def train(model: Act, data: LeRobotDataset, steps: int, batch: int, workers: int) -> None:
    optimiser = torch.optim.AdamW(model.policy.parameters(), lr=2e-4, weight_decay=1e-4)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, max_lr=2e-4, total_steps=steps, pct_start=0.1)
    sampler = torch.utils.data.RandomSampler(data, replacement=True, num_samples=steps * batch)
    loader = torch.utils.data.DataLoader(data, batch_size=batch, sampler=sampler, num_workers=workers)
    model.train()
    began, seen = time.monotonic(), []
    for step, items in enumerate(loader, 1):
        loss, parts = model.loss(items)
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 10)
        optimiser.step()
        schedule.step()
        seen.append(parts['l1_loss'])
        if step % 25 == 0 or step == steps:
            print(
                f'step {step}: L1 {np.mean(seen[-25:]):.3f} (in standard deviations), {time.monotonic() - began:.0f} s',
                flush=True,
            )


def export(model: Act, data: LeRobotDataset, out: Path) -> float:
    """Writes the model. Gives the largest difference of its chunk from that of torch, on three frames of the set."""
    model.eval()
    frames = [
        tuple(data[i][key][None] for key in INPUTS.values()) for i in np.linspace(0, len(data) - 1, 3).astype(int)
    ]
    names = {'input_names': list(INPUTS), 'output_names': ['action_chunk']}
    torch.onnx.export(model, frames[0], str(out), **names, dynamo=True, external_data=False, verbose=False)
    session = onnxruntime.InferenceSession(str(out), providers=['CPUExecutionProvider'])
    apart = 0.0
    for frame in frames:
        with torch.no_grad():
            expected = model(*frame).numpy()
        (got,) = session.run(None, {name: x.numpy() for name, x in zip(INPUTS, frame, strict=True)})
        apart = max(apart, float(np.abs(expected - got).max()))
    return apart


def write_map(data: LeRobotDataset, out: Path) -> Path:
    """Writes what the inputs of the graph are, for `prehend policy wrap`. The set says what they were made from.

    JSON is YAML too.
    """
    made = json.loads((Path(data.root) / 'meta' / 'prehend.json').read_text())['inputs']
    inputs = {name: {k: v for k, v in made[key].items() if k in ('as', 'from')} for name, key in INPUTS.items()}
    path = out.with_suffix('.yaml')
    path.write_text(
        json.dumps({'name': 'act', 'inputs': inputs, 'outputs': {'action_chunk': {'rate': data.fps}}}, indent=2)
    )
    return path


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('--data', required=True)
    p.add_argument('--out', type=Path, default=Path('act.onnx'))
    p.add_argument('--steps', type=int, default=600)
    p.add_argument('--batch', type=int, default=16)
    p.add_argument('--rows', type=int, default=15)
    p.add_argument('--workers', type=int, default=1)
    p.add_argument('--seed', type=int, default=0)
    a = p.parse_args()
    torch.manual_seed(a.seed)
    fps = json.loads((Path(a.data) / 'meta' / 'info.json').read_text())['fps']
    data = LeRobotDataset(
        'local/set', root=a.data, delta_timestamps={ACTION: [i / fps for i in range(a.rows)]}, video_backend='pyav'
    )
    model = Act(data, a.rows)
    print(
        f'{len(data)} frames of {data.num_episodes} episodes, {sum(x.numel() for x in model.parameters()):,} parameters'
    )
    train(model, data, a.steps, a.batch, a.workers)
    apart = export(model, data, a.out)
    print(f'{a.out}: onnxruntime and torch differ by {apart:.1e} at most')
    print(f'then: prehend policy wrap {a.out} --map {write_map(data, a.out)} --out FILE')


if __name__ == '__main__':
    main()
