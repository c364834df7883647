"""The smallest policy that prehend runs: a picture and a pose in, a chunk of six set-points out. It is not trained.

python policy/examples/minimal.py minimal.onnx && bin/prehend run --lockstep --policy minimal.onnx
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import onnx
import torch
from torch import nn

PREHEND = Path(__file__).parents[2] / 'bin' / 'prehend'
ROWS = 6
CHANNELS = {'dx': 'm', 'dy': 'm', 'dz': 'm', 'dyaw': 'rad', 'width': 'm', 'effort': 'N'}


class Minimal(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(4, 8, 5, stride=4)
        self.head = nn.Linear(8 + 8, ROWS * len(CHANNELS))
        # Outputs are in SI units, so scale and offset are in the model: some mm a row, fingers at 40 mm and 20 N.
        self.register_buffer('scale', torch.tensor([0.002, 0.002, 0.002, 0.01, 0.001, 0.1]))
        self.register_buffer('offset', torch.tensor([0.0, 0.0, 0.0, 0.0, 0.04, 20.0]))

    def forward(self, rgbd: torch.Tensor, state: torch.Tensor) -> torch.Tensor:
        """f32[1,4,64,64] (rgb 0 to 1, depth in m) and f32[1,8] (pose, gripper width) -> f32[1,ROWS,6].

        Row i is for (i + 1) / 30 s from now.
        """
        seen = self.conv(rgbd).relu().mean((2, 3))
        return self.head(torch.cat([seen, state], 1)).tanh().view(1, ROWS, len(CHANNELS)) * self.scale + self.offset


def robot(name: str) -> dict[str, Any]:
    """The translation that the policy is made under: the canonical robot file, as `prehend check` prints it."""
    canonical = json.loads(
        subprocess.run([str(PREHEND), 'check', name, '--json'], check=True, capture_output=True, text=True).stdout
    )
    del canonical['file']
    sha256 = canonical.pop('sha256')
    return {'name': canonical['robot'], 'sha256': sha256, 'canonical': json.dumps(canonical)}


def main(out: str) -> None:
    torch.manual_seed(0)
    inputs = {
        'rgbd': {'as': 'rgbd', 'from': ['rgb', 'depth'], 'dtype': 'float32', 'shape': [1, 4, 64, 64]},
        'state': {'as': 'vector', 'from': ['tool', 'gripper'], 'dtype': 'float32', 'shape': [1, 8]},
    }
    example = tuple(torch.zeros(i['shape']) for i in inputs.values())
    names = {'input_names': list(inputs), 'output_names': ['action_chunk']}
    torch.onnx.export(Minimal().eval(), example, out, **names, dynamo=True, external_data=False, verbose=False)
    channels = [{'name': name, 'unit': unit} for name, unit in CHANNELS.items()]
    chunk = {'dtype': 'float32', 'shape': [1, ROWS, 6], 'frame': 'tool', 'rate': 30, 'channels': channels}
    contract = {
        'version': 1,
        'name': 'minimal',
        'robot': robot('cell'),
        'inputs': inputs,
        'outputs': {'action_chunk': chunk},
    }
    model = onnx.load(out)
    onnx.helper.set_model_props(model, {'prehend.contract': json.dumps(contract)})
    onnx.save(model, out)


if __name__ == '__main__':
    main(sys.argv[1] if len(sys.argv) > 1 else 'minimal.onnx')
