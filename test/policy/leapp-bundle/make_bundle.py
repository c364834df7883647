"""Writes the bundle of this folder with LEAPP's own code, and what its network makes of random inputs.

pip install leapp==0.7.2, then in this folder: python make_bundle.py
"""

import leapp
import numpy as np
import torch
from leapp import annotate
from leapp.utils.enums import InputKindEnum, OutputKindEnum
from leapp.utils.tensor_description import GraphConfigs, TensorSemantics

JOINTS = ['shoulder_pan', 'shoulder_lift', 'elbow_flex', 'wrist_flex', 'wrist_roll', 'gripper']

if __name__ == '__main__':
    torch.manual_seed(0)
    network = torch.nn.Linear(12, 6)

    def semantics(name: str, ref: torch.Tensor, kind: object) -> TensorSemantics:
        return TensorSemantics(name=name, ref=ref, kind=kind, element_names=[JOINTS])

    positions, velocities = torch.randn(1, 6), torch.randn(1, 6)
    leapp.start(name='reach')
    inputs = annotate.input_tensors(
        'policy',
        [
            semantics('joint_pos', positions, InputKindEnum.JOINT_POSITION),
            semantics('joint_vel', velocities, InputKindEnum.JOINT_VELOCITY),
        ],
    )
    target = network(torch.cat(list(inputs), 1))
    annotate.output_tensors('policy', [semantics('target', target, OutputKindEnum.JOINT_POSITION)], export_with='onnx')
    leapp.stop()
    leapp.compile_graph(visualize=False, graph_configs=GraphConfigs(frequency=50.0))
    with torch.no_grad():
        expected = network(torch.cat([positions, velocities], 1))
    np.savez(
        'reach/reference.npz',
        joint_pos=positions.numpy(),
        joint_vel=velocities.numpy(),
        target=expected.numpy(),
    )
