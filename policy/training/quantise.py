"""Quantisation-aware training, and the INT8 model.

    python policy/training/quantise.py --run RUN --data DIR --out policy/model/grasp.int8.onnx

All but the smallest convolutions and linear layers compute in INT8, and word vectors are stored in it. Weights are
symmetric, in 7 bits, with a scale for each channel. Activations are asymmetric, with a range for each tensor that is
learned from data. In training values are rounded as they will be in the file, and gradients pass as if they were not
(straight-through). The file is QDQ: integers as initialisers, and a pair of QuantizeLinear and DequantizeLinear around
every layer, which onnxruntime fuses.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import onnx
import torch
import torch.nn.functional as F
from torch import nn

from checkpoint import load, read, same, save
from data import INPUTS, Dataset, camera_file
from export import OUTPUTS, check, finish
from loader import Loader
from losses import goals, objective
from model import Exported, example
from onnx_integers import integers
from options import whole
from progress import Progress
from quantised_layers import Rounded, quantised, ranges
from schedule import Schedule, descend

#: The largest difference between the file and the rounding policy in torch. onnxruntime sums in another order, so a
#: value may fall to the next level.
TOLERANCE = 0.3
#: The first steps, in which only the ranges are learned.
FIRST_LOOK = 20
#: Options that must not change when a run continues.
SETTLED = ('data', 'camera', 'seed', 'batch', 'lr', 'stride')


def main(given: list[str] | None = None) -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('--run', required=True, help='run folder of the trained policy')
    p.add_argument('--data', nargs='+', required=True)
    p.add_argument('--camera', help='as for train.py')
    p.add_argument('--out', default=str(Path(__file__).parents[1] / 'model' / 'grasp.int8.onnx'))
    p.add_argument('--minutes', type=float, default=8)
    p.add_argument('--steps', type=int, default=1500)
    p.add_argument('--batch', type=whole(1), default=32)
    p.add_argument('--lr', type=float, default=1e-4)
    p.add_argument('--stride', type=whole(1), default=4)
    p.add_argument('--seed', type=int, default=0)
    p.add_argument('--name', default='grasp')
    p.add_argument('--resume', action='store_true')
    a = p.parse_args(given)
    torch.manual_seed(a.seed)
    checkpoint = Path(a.run) / 'quantise.pt'
    if checkpoint.exists() and not a.resume:
        raise SystemExit(
            f'{checkpoint} is there already, of a run that was cut off: give --resume to go on with it, or take it away'
        )
    policy, state = load(a.run)
    data = Dataset(a.data, camera=camera_file(a.camera), stride=a.stride)
    student = quantised(policy).to(memory_format=torch.channels_last)
    policy = policy.to(memory_format=torch.channels_last)
    optimiser = torch.optim.AdamW(student.parameters(), lr=a.lr, weight_decay=0.0)
    step, spent = 0, 0.0
    weights = hashlib.sha256((Path(a.run) / 'checkpoint.pt').read_bytes()).hexdigest()
    if checkpoint.exists():
        at = read(checkpoint, 'take it away to begin anew')
        same(at.get('options', {}), vars(a), SETTLED)
        if at.get('weights', weights) != weights:
            raise SystemExit(
                f'{checkpoint}: is of other weights than {a.run}/checkpoint.pt; take it away to begin anew'
            )
        student.load_state_dict(at['student'])
        optimiser.load_state_dict(at['optimiser'])
        step, spent = at['step'], at['seconds']
    options = state['run']['options']
    loader = Loader(
        data,
        a.batch,
        a.seed + 77,
        step,
        options['balance'],
        options['drop'],
        state['vocabulary'],
        options['reword'],
        options.get('absent', 0),
        options.get('instead', 0),
        options.get('glimpses'),
    )
    schedule = Schedule(a.lr, a.steps, a.minutes, spent=spent)
    progress = Progress(Path(a.run) / 'quantise.csv', ('step', 'seconds', 'lr', 'loss', 'apart'), a.steps, step, 100)
    while (f := schedule.fraction(step)) < 1:
        # In the first half the ranges are learned. In the second half the weights adapt to fixed ranges.
        ranges(student, f < 0.5)
        batch = next(loader)
        batch['rgbd'] = batch['rgbd'].contiguous(memory_format=torch.channels_last)
        told = goals(batch, options['goal'], torch.Generator().manual_seed(step))
        with torch.no_grad():
            wanted = policy(*(batch[n] for n in INPUTS), told)
        student.train()
        # The stems keep the statistics of the policy that ships.
        for m in student.modules():
            if isinstance(m, nn.BatchNorm2d):
                m.eval()
        out = student(*(batch[n] for n in INPUTS), told)
        apart = F.smooth_l1_loss(
            (out['action_chunk'] - wanted['action_chunk']) / policy.action_std,
            torch.zeros(()).expand_as(out['action_chunk']),
            beta=0.1,
        )
        loss = objective(policy, out, batch)[0] + 3 * apart + F.mse_loss(out['auxiliary'], wanted['auxiliary'])
        if step >= FIRST_LOOK:
            descend(loss, student, optimiser, schedule.rate(f))
        step += 1
        if progress.add(loss=loss, apart=apart):
            progress.write(schedule.elapsed(), lr=schedule.rate(f))
        if schedule.is_save_due():
            save(
                checkpoint,
                {
                    'student': student.state_dict(),
                    'optimiser': optimiser.state_dict(),
                    'step': step,
                    'seconds': schedule.elapsed(),
                    'options': vars(a),
                    'weights': weights,
                },
            )
    loader.close()
    for m in student.modules():
        if isinstance(m, Rounded):
            m.settle()
    student.eval()
    state['run'] = {**state['run'], 'quantised': {'steps': step, 'lr': a.lr, 'seed': a.seed}}
    file = Path(a.out)
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_suffix('.part.onnx')
    module = Exported(student).eval()
    # The exporter that knows fake quantisation lacks this function.
    torch.onnx.register_custom_op_symbolic('aten::asinh', lambda g, x: g.op('Asinh', x), 9)
    with torch.no_grad():
        torch.onnx.export(
            module,
            example(policy.config),
            str(part),
            input_names=list(INPUTS),
            output_names=list(OUTPUTS),
            opset_version=17,
            dynamo=False,
        )
    model = onnx.load(str(part))
    integers(model)
    finish(model, part, student, state, a.name)
    check(part, module, policy, TOLERANCE)
    numbers = check(part, Exported(policy).eval(), policy, None)
    part.replace(file)
    checkpoint.unlink(missing_ok=True)
    numbers = {**numbers, 'file': file.name, 'bytes': file.stat().st_size, 'quantised': state['run']['quantised']}
    file.with_suffix('.json').write_text(json.dumps(numbers, indent=2) + '\n')
    print(json.dumps(numbers))


if __name__ == '__main__':
    main()
