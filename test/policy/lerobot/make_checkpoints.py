"""Writes the checkpoints of this folder with LeRobot's own code, and what its processors make of random numbers.

pip install lerobot==0.4.4, then: python test/policy/lerobot/make_checkpoints.py test/policy/lerobot
"""

import json
import sys
from pathlib import Path

import numpy as np
import torch
from lerobot.configs.types import FeatureType, NormalizationMode, PolicyFeature
from lerobot.policies.act.configuration_act import ACTConfig
from lerobot.policies.factory import make_pre_post_processors

JOINTS = ['shoulder_pan', 'shoulder_lift', 'elbow_flex', 'wrist_flex', 'wrist_roll', 'gripper']
SIDE = 8
ROWS = 4


def statistics(generator: np.random.Generator, shape: int | tuple[int, ...]) -> dict[str, torch.Tensor]:
    """A set's statistics. The fourth joint of the set never moves."""
    least, most = generator.uniform(-50, -10, shape), generator.uniform(10, 60, shape)
    mean, std = (least + most) / 2 + generator.normal(size=shape), generator.uniform(5, 20, shape)
    if shape == 6:
        most[3], mean[3], std[3] = least[3], least[3], 0
    values = {'min': least, 'max': most, 'mean': mean, 'std': std, 'q01': least * 0.9, 'q99': most * 0.9}
    return {name: torch.tensor(value, dtype=torch.float32) for name, value in values.items()}


def write(folder: Path, mode: NormalizationMode) -> None:
    generator = np.random.default_rng(7)
    config = ACTConfig(
        device='cpu',
        chunk_size=ROWS,
        n_action_steps=ROWS,
        pretrained_backbone_weights=None,
        push_to_hub=False,
        normalization_mapping=dict.fromkeys(('STATE', 'ACTION', 'VISUAL'), mode),
        input_features={
            'observation.state': PolicyFeature(FeatureType.STATE, (6,)),
            'observation.images.front': PolicyFeature(FeatureType.VISUAL, (3, SIDE, SIDE)),
        },
        output_features={'action': PolicyFeature(FeatureType.ACTION, (6,))},
    )
    stats = {
        'observation.state': statistics(generator, 6),
        'observation.images.front': statistics(generator, (3, 1, 1)),
        'action': statistics(generator, 6),
    }
    before, after = make_pre_post_processors(config, dataset_stats=stats)
    config.save_pretrained(folder)
    before.save_pretrained(folder)
    after.save_pretrained(folder)
    state = torch.tensor(generator.uniform(-40, 50, 6), dtype=torch.float32)
    # The bus gives the gripper from 0 to 100.
    state[5] = state[5].abs()
    # One colour for each channel: the mean over any pixel's area is that colour.
    colour = generator.integers(0, 256, 3)
    picture = torch.tensor(colour / 255, dtype=torch.float32).reshape(3, 1, 1).expand(3, SIDE, SIDE).contiguous()
    batch = before({'observation.state': state, 'observation.images.front': picture})
    chunk = torch.tensor(generator.normal(size=(ROWS, 6)), dtype=torch.float32)
    reference = {
        'state': state.tolist(),
        'colour': colour.tolist(),
        'normalised': {
            'observation.state': batch['observation.state'][0].tolist(),
            'observation.images.front': batch['observation.images.front'][0, :, 0, 0].tolist(),
        },
        'graph': chunk.tolist(),
        'action': [after(row[None])[0].tolist() for row in chunk],
    }
    (folder / 'reference.json').write_text(json.dumps(reference, indent=1) + '\n')


if __name__ == '__main__':
    root = Path(sys.argv[1])
    for name, mode in (
        ('mean-std', NormalizationMode.MEAN_STD),
        ('min-max', NormalizationMode.MIN_MAX),
        ('quantiles', NormalizationMode.QUANTILES),
        ('plain', NormalizationMode.IDENTITY),
    ):
        write(root / name, mode)
    names = [f'{joint}.pos' for joint in JOINTS]
    feature = {'dtype': 'float32', 'shape': [6], 'names': names}
    meta = root / 'set' / 'meta'
    meta.mkdir(parents=True, exist_ok=True)
    info = {'codebase_version': 'v3.0', 'robot_type': 'so101_follower', 'fps': 30}
    info['features'] = {'action': feature, 'observation.state': feature}
    (meta / 'info.json').write_text(json.dumps(info, indent=1) + '\n')
