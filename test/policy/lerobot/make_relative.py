"""Writes the checkpoint `relative`, whose actions count from the state, with LeRobot's own steps.

pip install lerobot==0.6.1 (Python 3.12), then: python test/policy/lerobot/make_relative.py test/policy/lerobot
0.4.4 has no such steps. config.json is that of `mean-std`, by make_checkpoints.py.
"""

import json
import shutil
import sys
from pathlib import Path

import numpy as np
import torch
from lerobot.configs.types import FeatureType, NormalizationMode, PolicyFeature
from lerobot.processor.batch_processor import AddBatchDimensionProcessorStep
from lerobot.processor.factory import make_policy_processor_pipelines
from lerobot.processor.normalize_processor import NormalizerProcessorStep, UnnormalizerProcessorStep
from lerobot.processor.relative_action_processor import AbsoluteActionsProcessorStep, RelativeActionsProcessorStep

JOINTS = ['shoulder_pan', 'shoulder_lift', 'elbow_flex', 'wrist_flex', 'wrist_roll', 'gripper']
ROWS = 4

if __name__ == '__main__':
    root = Path(sys.argv[1])
    folder = root / 'relative'
    folder.mkdir(exist_ok=True)
    shutil.copy(root / 'mean-std' / 'config.json', folder)
    generator = np.random.default_rng(5)
    stats = {
        key: {
            'mean': torch.tensor(generator.uniform(-20, 20, 6), dtype=torch.float32),
            'std': torch.tensor(generator.uniform(5, 20, 6), dtype=torch.float32),
        }
        for key in ('observation.state', 'action')
    }
    state_feature = {'observation.state': PolicyFeature(FeatureType.STATE, (6,))}
    action_feature = {'action': PolicyFeature(FeatureType.ACTION, (6,))}
    norm_map = dict.fromkeys((FeatureType.STATE, FeatureType.ACTION), NormalizationMode.MEAN_STD)
    relative = RelativeActionsProcessorStep(
        enabled=True, exclude_joints=['gripper'], action_names=[f'{joint}.pos' for joint in JOINTS]
    )
    before, after = make_policy_processor_pipelines(
        input_steps=[
            AddBatchDimensionProcessorStep(),
            relative,
            NormalizerProcessorStep(features={**state_feature, **action_feature}, norm_map=norm_map, stats=stats),
        ],
        output_steps=[
            UnnormalizerProcessorStep(features=action_feature, norm_map=norm_map, stats=stats),
            AbsoluteActionsProcessorStep(enabled=True, relative_step=relative),
        ],
    )
    before.save_pretrained(folder)
    after.save_pretrained(folder)
    state = torch.tensor(generator.uniform(0, 50, 6), dtype=torch.float32)
    batch = before({'observation.state': state})
    chunk = torch.tensor(generator.normal(size=(ROWS, 6)), dtype=torch.float32)
    reference = {
        'state': state.tolist(),
        'normalised': batch['observation.state'][0].tolist(),
        'graph': chunk.tolist(),
        'action': [after(row[None])[0].tolist() for row in chunk],
    }
    (folder / 'reference.json').write_text(json.dumps(reference, indent=1) + '\n')
