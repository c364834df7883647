"""Writes the bundle `remember` with LEAPP's own code: a network whose state does not begin as zeros.

pip install leapp==0.7.2, then in this folder: python make_recurrent.py
reference.json has what the network makes of three observations, one after another.
"""

import json
from pathlib import Path

import leapp
import numpy as np
import torch
from leapp import annotate
from leapp.utils.enums import InputKindEnum, OutputKindEnum
from leapp.utils.tensor_description import GraphConfigs, TensorSemantics

JOINTS = ['shoulder_pan', 'shoulder_lift', 'elbow_flex', 'wrist_flex', 'wrist_roll', 'gripper']
STEPS = 3

if __name__ == '__main__':
    torch.manual_seed(0)
    cell, head = torch.nn.GRUCell(6, 4), torch.nn.Linear(4, 6)
    begin = torch.tensor([[0.5, -0.25, 1.0, 2.0]])

    def semantics(name: str, ref: torch.Tensor, kind: object) -> TensorSemantics:
        return TensorSemantics(name=name, ref=ref, kind=kind, element_names=[JOINTS])

    positions = torch.randn(1, 6)
    leapp.start(name='remember')
    seen = annotate.input_tensors('policy', [semantics('joint_pos', positions, InputKindEnum.JOINT_POSITION)])
    memory = annotate.state_tensors('policy', {'memory': begin})
    after = cell(seen, memory)
    target = head(after)
    annotate.update_state('policy', {'memory': after})
    annotate.output_tensors('policy', [semantics('target', target, OutputKindEnum.JOINT_POSITION)], export_with='onnx')
    leapp.stop()
    leapp.compile_graph(visualize=False, graph_configs=GraphConfigs(frequency=50.0))
    rows: list[dict[str, list[float]]] = []
    with torch.no_grad():
        state = begin
        for _ in range(STEPS):
            seen = torch.tensor(np.random.default_rng(len(rows)).normal(size=(1, 6)), dtype=torch.float32)
            state = cell(seen, state)
            rows.append({'joints': seen[0].tolist(), 'target': head(state)[0].tolist()})
    Path('remember/reference.json').write_text(json.dumps(rows, indent=1) + '\n', encoding='utf-8')
