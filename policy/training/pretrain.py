"""Pre-trains the vision and force encoders without labels: `python policy/training/pretrain.py --data DIR --out RUN`.

Vision: square patches of colour and of depth are hidden separately. From the maps of the encoders the network must tell
the mean colour and height of the hidden cells (masked image modelling). Force: whole windows of the pyramid are hidden,
and the network must tell them from the others. The answers and the words of the data set are not used. The result is a
run folder for `train.py --init`.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from checkpoint import read, same, save
from data import Dataset, camera_file
from geometry import rotation_of
from model import Policy
from model_config import SIZES, Config
from options import whole
from progress import Progress
from schedule import Schedule, descend, halved

#: The side of a hidden patch in pixels, and the share that is hidden.
PATCH, HIDDEN = 16, 0.4
#: Options that must not change when a run continues.
SETTLED = ('data', 'camera', 'size', 'seed', 'batch', 'lr', 'stride')


def hidden(b: int, height: int, width: int, g: torch.Generator) -> Tensor:
    """[B,1,H,W], 1 where a patch is hidden."""
    coarse = (torch.rand(b, 1, height // PATCH, width // PATCH, generator=g) < HIDDEN).float()
    return F.interpolate(coarse, scale_factor=float(PATCH), mode='nearest')


class Guesser(nn.Module):
    """The encoders of a policy, and small heads that tell what was hidden. The heads are not kept."""

    def __init__(self, policy: Policy) -> None:
        super().__init__()
        c = policy.config
        self.policy = policy
        self.fine, self.coarse = nn.Conv2d(c.low, 64, 1), nn.Conv2d(c.high, 64, 1)
        self.cell = nn.Conv2d(64, 4, 1)
        self.window = nn.Linear(c.d, 144)

    def forward(
        self, rgbd: Tensor, proprioception: Tensor, pyramid: Tensor, g: torch.Generator
    ) -> tuple[Tensor, Tensor]:
        p = self.policy
        b, _, h, w = rgbd.shape
        rgb, depth = rgbd[:, :3], rgbd[:, 3:]
        height = (p.geometry.height(depth, rotation_of(proprioception[:, 3:7]), proprioception[:, 2:3]) * 10).clamp(
            -3, 3
        ) * p.geometry.known
        no_rgb, no_depth = hidden(b, h, w, g), hidden(b, h, w, g)
        valid = (depth > 0).float()
        shown = valid * (1 - no_depth)
        x_rgb = p.stem_rgb((rgb * (1 - no_rgb) - 0.45) / 0.25)
        blank = torch.zeros(b, 3, h // 2, w // 2, dtype=x_rgb.dtype)
        x_rgb = p.down_rgb(torch.cat([x_rgb, blank], 1))
        x_depth = p.down_depth(
            p.stem_depth(torch.cat([(depth - p.depth_mean) / p.depth_std * shown, shown, height * shown], 1))
        )
        low = p.mid(p.low(torch.cat([x_rgb, x_depth], 1)))
        told = self.cell(
            F.relu(self.fine(low) + F.interpolate(self.coarse(p.high(low)), scale_factor=2.0, mode='nearest'))
        ).float()

        def cells(x: Tensor) -> Tensor:
            return F.avg_pool2d(x, h // told.shape[2])

        share = cells(valid)
        truth = torch.cat([(cells(rgb) - 0.45) / 0.25, cells(height * valid) / share.clamp(min=0.05)], 1)
        weight = torch.cat([cells(no_rgb).expand(-1, 3, -1, -1), cells(no_depth) * (share > 0.5) * p.geometry.known], 1)
        vision = (F.smooth_l1_loss(told, truth, reduction='none') * weight).sum() / weight.sum().clamp(min=1)

        scaled = torch.asinh(pyramid / p.force_scale).reshape(b, 6, 6, 4)
        gone = (torch.rand(b, 1, 6, 1, generator=g) < HIDDEN).float()
        guess = self.window(p.force((scaled * (1 - gone)).flatten(1))).reshape(b, 6, 6, 4).float()
        force = (F.smooth_l1_loss(guess, scaled, reduction='none') * gone).sum() / (gone.sum() * 24).clamp(min=1)
        return vision, force


def main(given: list[str] | None = None) -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('--data', nargs='+', required=True)
    p.add_argument('--camera', help='as for train.py')
    p.add_argument('--out', required=True, help='run folder: checkpoint.pt, curve.csv')
    p.add_argument('--size', choices=SIZES, default='small')
    p.add_argument('--minutes', type=float, default=15)
    p.add_argument('--steps', type=int, default=6000)
    p.add_argument('--batch', type=whole(1), default=32)
    p.add_argument('--lr', type=float, default=1.5e-3)
    p.add_argument('--stride', type=whole(1), default=2)
    p.add_argument('--seed', type=int, default=0)
    p.add_argument('--resume', action='store_true')
    a = p.parse_args(given)
    torch.manual_seed(a.seed)
    out = Path(a.out)
    checkpoint = out / 'checkpoint.pt'
    if checkpoint.exists() and not a.resume:
        raise SystemExit(f'{checkpoint} is there already: give --resume to go on with it, or another --out')
    data = Dataset(a.data, camera=camera_file(a.camera), stride=a.stride)
    words = data.vocabulary
    policy = Policy(
        Config(height=data.size[0], width=data.size[1], vocabulary=len(words), **SIZES[a.size]),
        data.statistics(),
        data.camera,
    )
    model = Guesser(policy).to(memory_format=torch.channels_last)
    optimiser = torch.optim.AdamW(model.parameters(), lr=a.lr, weight_decay=0.01)
    step, spent = 0, 0.0
    if checkpoint.exists():
        state = read(checkpoint, 'take it away to begin anew')
        if state['config'] != policy.config.to_dict():
            raise SystemExit(f'--resume: {checkpoint} is of another --size, or of pictures of another size')
        same(state.get('options', {}), vars(a), SETTLED)
        model.load_state_dict(state['model'])
        optimiser.load_state_dict(state['optimiser'])
        step, spent = state['step'], state['seconds']
    schedule = Schedule(a.lr, a.steps, a.minutes, spent=spent)
    out.mkdir(parents=True, exist_ok=True)
    progress = Progress(out / 'curve.csv', ('step', 'seconds', 'lr', 'vision', 'force'), a.steps, step)

    def keep() -> None:
        state = {
            'model': model.state_dict(),
            'optimiser': optimiser.state_dict(),
            'step': step,
            'seconds': schedule.elapsed(),
        }
        save(
            checkpoint,
            {
                **state,
                'ema': policy.state_dict(),
                'config': policy.config.to_dict(),
                'pretrained': True,
                'options': vars(a),
            },
        )

    while (f := schedule.fraction(step)) < 1:
        rng, g = np.random.default_rng((a.seed, step)), torch.Generator().manual_seed(a.seed * 1_000_003 + step)
        batch = data.batch(rng.choice(data.train, a.batch))
        with halved():
            vision, force = model(
                batch['rgbd'].contiguous(memory_format=torch.channels_last),
                batch['proprioception'],
                batch['force_pyramid'],
                g,
            )
        descend(vision + force, model, optimiser, schedule.rate(f))
        step += 1
        if progress.add(vision=vision, force=force):
            progress.write(schedule.elapsed(), lr=schedule.rate(f))
        if schedule.is_save_due():
            keep()
    keep()


if __name__ == '__main__':
    main()
