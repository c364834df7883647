"""Exports a policy of LeRobot to ONNX as `prehend policy wrap --checkpoint` takes it.

pip install lerobot onnx onnxscript onnxruntime, then:
python policy/examples/export_lerobot.py CHECKPOINT model.onnx
CHECKPOINT is the folder with config.json (…/checkpoints/last/pretrained_model). It writes model.onnx, and reference.npz
beside it: random inputs with the outputs of the network, for `policy wrap --reference`.

The graph takes normalised inputs by the checkpoint's own names and gives the normalised `action`. Tried with ACT and
diffusion of LeRobot 0.4.4. A diffusion policy takes its `noise` as an input. It goes from noise to actions in --steps
steps of DDIM, which draw no further random numbers.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import torch
from lerobot.policies.factory import get_policy_class
from lerobot.utils.constants import ACTION, OBS_IMAGES
from torch import Tensor, nn

SEED = 1


class Act(nn.Module):
    """A policy that makes a chunk of one observation."""

    def __init__(self, policy: Any) -> None:
        super().__init__()
        self.model = policy.model
        self.images = list(policy.config.image_features)
        self.names = list(policy.config.input_features)

    def forward(self, *inputs: Tensor) -> Tensor:
        batch: dict[str, Any] = dict(zip(self.names, inputs, strict=True))
        if self.images:
            batch[OBS_IMAGES] = [batch[name] for name in self.images]
        actions: Tensor = self.model(batch)[0]
        return actions


class Diffusion(nn.Module):
    """A diffusion policy: [1, observations, …] of each input, and the noise from which the actions are made."""

    def __init__(self, policy: Any, steps: int) -> None:
        from diffusers.schedulers.scheduling_ddim import DDIMScheduler

        super().__init__()
        self.model = policy.diffusion
        self.model.noise_scheduler = DDIMScheduler.from_config(self.model.noise_scheduler.config)
        self.model.num_inference_steps = steps
        self.images = list(policy.config.image_features)
        self.names = list(policy.config.input_features)

    def forward(self, *inputs: Tensor) -> Tensor:
        *observations, noise = inputs
        batch = dict(zip(self.names, observations, strict=True))
        if self.images:
            batch[OBS_IMAGES] = torch.stack([batch[name] for name in self.images], dim=2)
        actions: Tensor = self.model.generate_actions(batch, noise=noise)
        return actions


def random_inputs(config: Any, noise: tuple[int, ...] | None) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(SEED)
    history = (config.n_obs_steps,) if noise else ()
    shapes = {name: (1, *history, *feature.shape) for name, feature in config.input_features.items()}
    if noise:
        shapes['noise'] = noise
    return {name: torch.randn(shape, generator=generator) for name, shape in shapes.items()}


def export(folder: Path, out: Path, steps: int) -> None:
    kind = json.loads((folder / 'config.json').read_text())['type']
    policy = get_policy_class(kind).from_pretrained(folder)
    policy.to('cpu').eval()
    config = policy.config
    if kind == 'act':
        network: nn.Module = Act(policy)
        inputs = random_inputs(config, None)
    elif kind == 'diffusion':
        network = Diffusion(policy, steps)
        inputs = random_inputs(config, (1, config.horizon, config.action_feature.shape[0]))
    else:
        raise SystemExit(f'{folder}: is of the type {kind}; this script knows act and diffusion')
    names = list(inputs)
    values = tuple(inputs.values())
    with torch.no_grad():
        expected = network(*values)
        torch.onnx.export(network, values, str(out), input_names=names, output_names=[ACTION], dynamo=False)
    arrays = {name: value.numpy() for name, value in inputs.items()}
    session = onnxruntime.InferenceSession(str(out), providers=['CPUExecutionProvider'])
    (got,) = session.run([ACTION], arrays)
    off = np.abs(got - expected.numpy()).max()
    print(f'{out}: {got.shape[1]} rows of {got.shape[2]} actions; onnxruntime differs from torch by {off:.2g}')
    np.savez(out.with_name('reference.npz'), **arrays, **{ACTION: expected.numpy()})


if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=(__doc__ or '').splitlines()[0])
    parser.add_argument('checkpoint', type=Path, help='the folder with config.json')
    parser.add_argument('out', type=Path, help='where the ONNX model is written')
    parser.add_argument('--steps', type=int, default=10, help='of DDIM, for a diffusion policy')
    options = parser.parse_args()
    export(options.checkpoint, options.out, options.steps)
