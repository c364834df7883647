"""A checkpoint from which `lerobot-train` begins an ACT policy without pretrained weights.

    python policy/act/start.py --data SET --out START [--weights WEIGHTS.npz]

LeRobot's ACT sees through a ResNet whose batch normalisations are frozen. Without the weights of ImageNet they do
nothing, so the signal grows in every residual block. This scales the convolutions with pictures of the set: each
answers with unit deviation, and the second one of a block with half of it. The network is small enough for two cores.
With `--weights` it begins from what `weights.py` kept of an earlier training instead.
It sees the set's colour pictures and `observation.state`. It needs `pip install lerobot` (tried: lerobot 0.4.4).
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from lerobot.configs.types import FeatureType, PolicyFeature
from lerobot.datasets.lerobot_dataset import LeRobotDataset
from lerobot.policies.act.configuration_act import ACTConfig
from lerobot.policies.act.modeling_act import ACTPolicy
from lerobot.policies.factory import make_pre_post_processors
from torch import Tensor, nn
from torch.nn.functional import relu
from weights import load

STATE, ACTION = 'observation.state', 'action'
# Pictures with which the convolutions are scaled.
LOOKS = 32
# The mean and the deviation that lerobot-train takes for pictures.
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def config_for(features: dict[str, dict[str, object]], rows: int) -> ACTConfig:
    """The network for a set's features; `rows` is the length of its chunks."""

    def shape(key: str) -> tuple[int, ...]:
        return tuple(int(n) for n in features[key]['shape'])  # type: ignore[attr-defined]

    def picture(key: str) -> PolicyFeature:
        height, width, channels = shape(key)
        return PolicyFeature(FeatureType.VISUAL, (channels, height, width))

    cameras = sorted(
        key for key, feature in features.items() if feature['dtype'] in ('image', 'video') and shape(key)[2] == 3
    )
    return ACTConfig(
        input_features={
            **{key: picture(key) for key in cameras},
            STATE: PolicyFeature(FeatureType.STATE, shape(STATE)),
        },
        output_features={ACTION: PolicyFeature(FeatureType.ACTION, shape(ACTION))},
        chunk_size=rows,
        n_action_steps=rows,
        pretrained_backbone_weights=None,
        dim_model=192,
        n_heads=8,
        dim_feedforward=512,
        n_encoder_layers=2,
        n_decoder_layers=1,
        # The expert always answers a state in the same way, so there is no style to tell apart.
        use_vae=False,
        dropout=0.0,
        device='cpu',
        push_to_hub=False,
    )


def scale(backbone: nn.Module, pictures: Tensor) -> None:
    """Scales the convolutions of a ResNet with f32[n, 3, H, W] of normalised pictures."""

    def to(deviation: float, convolution: nn.Module, x: Tensor) -> Tensor:
        convolution.weight *= deviation / (convolution(x).std() + 1e-6)
        return convolution(x)

    for name, stage in backbone.named_children():
        if name == 'conv1':
            pictures = to(1, stage, pictures)
        elif not name.startswith('layer'):
            pictures = stage(pictures)
        else:
            for block in stage.children():
                to(0.5, block.conv2, relu(to(1, block.conv1, pictures)))
                if block.downsample is not None:
                    to(1, block.downsample[0], pictures)
                pictures = block(pictures)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--data', type=Path, required=True, help='a LeRobot set of prehend export')
    parser.add_argument('--out', type=Path, required=True, help="the checkpoint's folder")
    parser.add_argument('--rows', type=int, default=24, help='rows of a chunk')
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument('--weights', type=Path, help='a file of weights.py, to begin from')
    options = parser.parse_args()

    torch.manual_seed(options.seed)
    data = LeRobotDataset('local/set', root=options.data)
    config = config_for(data.meta.features, options.rows)
    policy = ACTPolicy(config)
    if options.weights is None:
        camera = next(iter(config.image_features))
        looks = torch.stack([data[i][camera] for i in torch.randperm(len(data))[:LOOKS].tolist()])
        mean, deviation = (torch.tensor(values)[:, None, None] for values in (MEAN, DEVIATION))
        with torch.no_grad():
            scale(policy.model.backbone, (looks - mean) / deviation)
    else:
        policy.load_state_dict(load(options.weights))
    policy.save_pretrained(options.out)
    for processor in make_pre_post_processors(config, dataset_stats=data.meta.stats):
        processor.save_pretrained(options.out)


if __name__ == '__main__':
    main()
