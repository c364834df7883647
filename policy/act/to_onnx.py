"""A LeRobot checkpoint of an ACT policy as ONNX, for `prehend policy wrap --checkpoint`.

    python policy/act/to_onnx.py outputs/train/checkpoints/last/pretrained_model act.onnx

The graph takes what the network takes: normalised inputs under LeRobot's names (`observation.state`,
`observation.images.overhead`), and gives the normalised `action`, f32[1, rows, values]. The weights come from
`model.safetensors` by LeRobot itself. It also writes `act.npz`: random inputs and the network's answer to them, for
`policy wrap --reference`. It needs `pip install lerobot onnx onnxscript` (tried: lerobot 0.4.4).
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from lerobot.policies.act.modeling_act import ACTPolicy
from lerobot.utils.constants import OBS_IMAGES
from torch import Tensor, nn


class Network(nn.Module):
    """The network alone, with its inputs in the order of `names`."""

    def __init__(self, policy: ACTPolicy) -> None:
        super().__init__()
        self.model = policy.model
        self.names = list(policy.config.input_features)
        self.images = list(policy.config.image_features)

    def forward(self, *inputs: Tensor) -> Tensor:
        batch = dict(zip(self.names, inputs, strict=True))
        # LeRobot gives its network the pictures as a list.
        actions: Tensor = self.model({**batch, OBS_IMAGES: [batch[name] for name in self.images]})[0]
        return actions


def export(checkpoint: Path, out: Path) -> None:
    policy = ACTPolicy.from_pretrained(checkpoint)
    network = Network(policy).eval()
    generator = torch.Generator().manual_seed(0)
    inputs = tuple(
        torch.randn(1, *policy.config.input_features[name].shape, generator=generator) for name in network.names
    )
    with torch.no_grad():
        answer = network(*inputs)
        torch.onnx.export(
            network, inputs, out, input_names=network.names, output_names=['action'], dynamo=True, external_data=False
        )
    arrays = {name: value.numpy() for name, value in zip(network.names, inputs, strict=True)}
    np.savez(out.with_suffix('.npz'), **arrays, action=answer.numpy())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('checkpoint', type=Path, help="a checkpoint's folder pretrained_model")
    parser.add_argument('out', type=Path)
    options = parser.parse_args()
    export(options.checkpoint, options.out)


if __name__ == '__main__':
    main()
