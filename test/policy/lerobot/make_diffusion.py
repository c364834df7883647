"""Writes the checkpoint `diffusion` with LeRobot's own code: a small network with random weights, and its ONNX model.

pip install lerobot==0.4.4 onnx onnxscript onnxruntime, then:
python test/policy/lerobot/make_diffusion.py test/policy/lerobot
Its pictures are left out, since LeRobot's network for them has 11 million weights.
"""

import sys
from pathlib import Path

import numpy as np
import torch
from lerobot.configs.types import FeatureType, PolicyFeature
from lerobot.policies.diffusion.configuration_diffusion import DiffusionConfig
from lerobot.policies.diffusion.modeling_diffusion import DiffusionPolicy
from lerobot.policies.factory import make_pre_post_processors
from make_checkpoints import statistics

sys.path.insert(0, str(Path(__file__).parents[3] / 'policy' / 'examples'))
from export_lerobot import export

if __name__ == '__main__':
    folder = Path(sys.argv[1]) / 'diffusion'
    torch.manual_seed(0)
    generator = np.random.default_rng(3)
    config = DiffusionConfig(
        device='cpu',
        push_to_hub=False,
        n_obs_steps=2,
        horizon=8,
        n_action_steps=4,
        down_dims=(8, 16),
        kernel_size=3,
        n_groups=4,
        diffusion_step_embed_dim=8,
        input_features={
            'observation.state': PolicyFeature(FeatureType.STATE, (6,)),
            'observation.environment_state': PolicyFeature(FeatureType.ENV, (3,)),
        },
        output_features={'action': PolicyFeature(FeatureType.ACTION, (6,))},
    )
    stats = {'observation.state': statistics(generator, 6), 'action': statistics(generator, 6)}
    before, after = make_pre_post_processors(config, dataset_stats=stats)
    DiffusionPolicy(config).save_pretrained(folder)
    before.save_pretrained(folder)
    after.save_pretrained(folder)
    export(folder, folder / 'model.onnx', steps=3)
    (folder / 'model.safetensors').unlink()
