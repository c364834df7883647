"""Behaviour cloning on exported demonstrations: `python policy/training/train.py --data DIR --out RUN [--minutes 50]`.

`--resume` continues a run. Data with a contract of version 2 have other options: `--data DIR --help` shows them.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import numpy as np
import torch

from checkpoint import begin_with, load, read, same, save
from data import INPUTS, Dataset, camera_file
from groups.train import main as train_groups
from loader import Loader
from losses import PLACE, distillation, goals, objective
from model import Policy, count_macs
from model_config import PARTS, SIZES, Config
from options import read_json, share, whole
from phrases import colour_table
from progress import Progress
from schedule import Schedule, average, descend, halved

HERE = Path(__file__).parent
POLICY = HERE.parent
#: Options that must not change when a run continues.
SETTLED = (
    *('data', 'size', 'without', 'seed', 'batch', 'lr', 'weight_decay', 'warmup', 'ema', 'drop', 'goal', 'absent'),
    *('instead', 'glimpses', 'reword', 'balance', 'align', 'teacher', 'alpha', 'temperature', 'stride'),
)


def arguments(given: list[str] | None) -> argparse.Namespace:
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument('--data', nargs='+', required=True, help='data set folders, or folders of them')
    p.add_argument('--out', required=True, help='run folder: checkpoint.pt, curve.csv, run.json')
    p.add_argument(
        '--camera', help='JSON with fovy_deg and tool_T_camera (4x4, optical frame), where dataset.json has none'
    )
    p.add_argument('--steps', type=int, default=12000, help='length of the schedule, unless --minutes ends it sooner')
    p.add_argument(
        '--minutes', type=float, help='wall-clock limit of the whole run; the schedule ends annealed within it'
    )
    p.add_argument('--batch', type=whole(1), default=32)
    p.add_argument(
        '--lr', type=float, default=2e-3, help='peak; the contract names 5e-5 for long runs, short ones need more'
    )
    p.add_argument('--weight-decay', type=float, default=0.01)
    p.add_argument('--warmup', type=float, default=0.03, help='share of the schedule')
    p.add_argument('--ema', type=float, default=0.999)
    p.add_argument('--drop', type=float, default=0.05, help='probability with which each modality is taken away')
    p.add_argument(
        '--balance',
        type=float,
        default=0.5,
        help='power of the inverse frequency by which phases and objects are drawn',
    )
    p.add_argument('--reword', type=float, default=0.6, help='share of the commands that are said in other words')
    p.add_argument(
        '--absent', type=float, default=0.04, help='share of the commands that name a colour which is not in sight'
    )
    p.add_argument(
        '--instead',
        type=float,
        default=0,
        help='share of the commands that name another thing on the table, where the data have an answer to that',
    )
    p.add_argument(
        '--glimpses',
        type=share,
        help='share of the rows that come from glimpses of tables (collect.py --at-most); default: as they come',
    )
    p.add_argument('--size', choices=SIZES, default='small')
    p.add_argument(
        '--without',
        nargs='*',
        default=[],
        choices=PARTS,
        help='parts left out of the network, to see what they are worth',
    )
    p.add_argument(
        '--goal',
        type=float,
        default=0.8,
        help='share of the chunks that are made for the true goal instead of the estimate',
    )
    p.add_argument('--align', type=float, default=1, help='weight of InfoNCE, times its usual one')
    p.add_argument('--stride', type=whole(1), default=1, help='of so many observations one is read')
    p.add_argument('--seed', type=int, default=0)
    p.add_argument('--threads', type=int, default=allowed())
    p.add_argument('--compile', action='store_true', help='torch.compile: two minutes of start, then a third faster')
    p.add_argument(
        '--float32', action='store_true', help='no bfloat16 autocast; it is taken where the processor has AVX-512'
    )
    p.add_argument('--mmap', action='store_true', help='leave pictures on disk')
    p.add_argument(
        '--init',
        help='checkpoint, or the .npz beside an exported model, whose weights to start from, with a fresh schedule',
    )
    p.add_argument('--resume', action='store_true')
    p.add_argument(
        '--teacher',
        help='run folder of a trained policy to learn from beside the demonstrations; distil.py asks for it',
    )
    p.add_argument('--temperature', type=float, default=5, help='of the soft targets')
    p.add_argument('--alpha', type=float, default=0.7, help="the teacher's share of the objective")
    return p.parse_args(given)


def allowed() -> int:
    """How many processors this process may use. `taskset` can restrict it to fewer than there are."""
    return len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else os.cpu_count() or 1


def groups(policy: Policy, decay: float) -> list[dict[str, Any]]:
    """Groups of parameters. Biases, norms, embeddings and learned tokens have no weight decay."""
    matrices = [
        p for n, p in policy.named_parameters() if p.ndim >= 2 and n.endswith('weight') and 'token.weight' not in n
    ]
    ids = {id(p) for p in matrices}
    return [
        {'params': matrices, 'weight_decay': decay},
        {'params': [p for p in policy.parameters() if id(p) not in ids], 'weight_decay': 0.0},
    ]


def commit() -> str:
    """The commit of the checkout, with `-dirty` where the training or its data files differ from it.

    Results, models and weights do not count.
    """
    try:
        head = subprocess.run(
            ['git', 'rev-parse', 'HEAD'], cwd=POLICY, capture_output=True, text=True, check=True
        ).stdout.strip()
        code = ['--', 'training', ':(glob)*.json', ':(glob)*.yaml']
        dirty = subprocess.run(
            ['git', 'status', '--porcelain', *code], cwd=POLICY, capture_output=True, text=True, check=True
        ).stdout.strip()
        return head + ('-dirty' if dirty else '')
    except (OSError, subprocess.CalledProcessError):
        return 'unknown'


@torch.no_grad()
def validate(policy: Policy, data: Dataset, count: int = 512, size: int = 128) -> dict[str, float]:
    """Errors of position on held-out episodes: of the target (mm), and of the last row of the chunk (mm)."""
    policy.eval()
    rows = np.random.default_rng(1).permutation(data.held_out)[:count]
    total = {'val_loss': 0.0, 'val_target_mm': 0.0, 'val_chunk_mm': 0.0}
    targets = 0
    for i in range(0, len(rows), size):
        batch = data.batch(rows[i : i + size])
        out = policy(*(batch[n] for n in INPUTS))
        total['val_loss'] += float(objective(policy, out, batch)[0]) * len(batch['aux'])
        total['val_chunk_mm'] += float((out['action_chunk'] - batch['action_chunk'])[:, -1, :3].norm(dim=1).sum()) * 1e3
        there = batch['aux'][:, 4] > 0.5
        total['val_target_mm'] += (
            float((out['auxiliary'][:, :3] * PLACE - batch['aux'][:, :3])[there].norm(dim=1).sum()) * 1e3
        )
        targets += int(there.sum())
    n = max(len(rows), 1)
    return {
        'val_loss': total['val_loss'] / n,
        'val_target_mm': total['val_target_mm'] / max(targets, 1),
        'val_chunk_mm': total['val_chunk_mm'] / n,
    }


def has_groups(given: list[str] | None) -> bool:
    """Whether the first data set of `--data` has a contract of version 2."""
    peek = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    peek.add_argument('--data', nargs='+', default=[])
    folders = peek.parse_known_args(given)[0].data
    first = next((p for f in folders for p in sorted(Path(f).rglob('dataset.json'))), None)
    return first is not None and read_json(first).get('contract', {}).get('version') == 2


def main(given: list[str] | None = None) -> None:
    if has_groups(given):
        train_groups(given, allowed(), commit())
        return
    a = arguments(given)
    torch.set_num_threads(a.threads)
    torch.manual_seed(a.seed)
    out = Path(a.out)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SystemExit(f'--out {out}: {error.strerror}') from None
    checkpoint = out / 'checkpoint.pt'
    if checkpoint.exists() and not a.resume:
        raise SystemExit(f'{checkpoint} is there already: give --resume to go on with it, or another --out')
    data = Dataset(a.data, in_memory=not a.mmap, camera=camera_file(a.camera), stride=a.stride)
    words = data.vocabulary
    print(
        f'{len(data)} observations, {data.episodes} episodes ({len(data.held_out)} observations held out); '
        f'camera {data.check}',
        flush=True,
    )
    if a.glimpses and data.column('judged').all():
        raise SystemExit(f'--glimpses {a.glimpses:g}: the data hold none; collect.py --at-most makes them')

    state = read(checkpoint, 'take it away to begin anew') if a.resume and checkpoint.exists() else None
    if state:
        begun = state['run']['options']
        # A run from before an option existed has the default of that option.
        same({**vars(arguments(['--data', '', '--out', ''])), **begun}, vars(a), SETTLED)
        if state['camera'] != data.camera:
            raise SystemExit(
                f'--resume: the run was begun with {"another" if state["camera"] else "no"} camera '
                f'(--camera {begun["camera"]})'
            )
        a.init = begun.get('init')
        config, stats, camera = Config(**state['config']), state['stats'], state['camera']
    else:
        height, width = data.size
        config = Config(height=height, width=width, vocabulary=len(words), without=tuple(a.without), **SIZES[a.size])
        stats, camera = data.statistics(), data.camera
    colours = torch.from_numpy(colour_table(words))
    policy = Policy(config, stats, camera, colours).to(memory_format=torch.channels_last)
    optimiser = torch.optim.AdamW(groups(policy, a.weight_decay), lr=a.lr, betas=(0.9, 0.98))
    if state:
        policy.load_state_dict(state['policy'])
        optimiser.load_state_dict(state['optimiser'])
        parent, ema, step, spent = state['run'].get('init'), state['ema'], state['step'], state['seconds']
    else:
        parent = begin_with(policy, a.init) if a.init else None
        ema, step, spent = {k: v.detach().clone() for k, v in policy.state_dict().items()}, 0, 0.0
    schedule = Schedule(a.lr, a.steps, a.minutes, a.warmup, spent)
    shadow = Policy(config, stats, camera, colours).to(memory_format=torch.channels_last)
    parameters, macs = sum(p.numel() for p in policy.parameters()), count_macs(shadow)
    print(f'{parameters} parameters, {macs / 1e6:.1f} M multiply-accumulates a frame', flush=True)
    run = {
        'options': vars(a),
        'commit': commit(),
        'seed': a.seed,
        'init': parent,
        'data': data.sha256(),
        'observations': len(data),
        'episodes': data.episodes,
        'parameters': parameters,
        'macs': macs,
        'camera_check': data.check,
        'date': time.strftime('%Y-%m-%d', time.gmtime()),
    }

    teacher = load(a.teacher)[0] if a.teacher else None
    heard = sorted({0, 1, *data.words(a.instead > 0)})
    forward = torch.compile(policy) if a.compile else policy
    loader = Loader(data, a.batch, a.seed, step, a.balance, a.drop, words, a.reword, a.absent, a.instead, a.glimpses)
    names_of_terms = (
        'loss',
        'chunk',
        'chunk_near',
        'aux',
        'flags',
        'heat',
        'called',
        'success',
        'align',
        'gate',
        'distil',
    )
    names = ('step', 'seconds', 'lr', *names_of_terms, 'val_loss', 'val_target_mm', 'val_chunk_mm')
    progress = Progress(out / 'curve.csv', names, a.steps, step)

    def keep() -> None:
        save(
            checkpoint,
            {
                'config': config.to_dict(),
                'stats': stats,
                'camera': camera,
                'policy': policy.state_dict(),
                'ema': ema,
                'optimiser': optimiser.state_dict(),
                'step': step,
                'seconds': schedule.elapsed(),
                'vocabulary': words,
                'heard': heard,
                'meta': data.meta,
                'run': {**run, 'steps': step, 'seconds': schedule.elapsed()},
            },
        )
        part = out / 'run.json.part'
        part.write_text(json.dumps({**run, 'steps': step, 'seconds': round(schedule.elapsed(), 1)}, indent=2) + '\n')
        part.replace(out / 'run.json')

    while (f := schedule.fraction(step)) < 1:
        lr = schedule.rate(f)
        batch = next(loader)
        # In this memory format the backward pass of convolutions is many times faster.
        batch['rgbd'] = batch['rgbd'].contiguous(memory_format=torch.channels_last)
        policy.train()
        with halved(not a.float32):
            told = goals(batch, a.goal, torch.Generator().manual_seed(a.seed * 1_000_003 + step))
            result = forward(*(batch[n] for n in INPUTS), told)
        loss, terms = objective(policy, result, batch, a.align)
        if teacher:
            with torch.no_grad(), halved(not a.float32):
                answer = teacher(*(batch[n] for n in INPUTS), told)
            terms['distil'] = distillation(policy, result, answer, batch['answered'], a.temperature)
            loss = (1 - a.alpha) * loss + a.alpha * terms['distil']
        descend(loss, policy, optimiser, lr)
        step += 1
        average(ema, policy, min(a.ema, (1 + step) / (10 + step)))
        if progress.add(loss=loss, **terms):
            shadow.load_state_dict(ema)
            progress.write(schedule.elapsed(), lr=lr, **validate(shadow, data))
        if schedule.is_save_due():
            keep()
    loader.close()
    keep()
    shadow.load_state_dict(ema)
    print(json.dumps({'steps': step, 'seconds': round(schedule.elapsed(), 1), **validate(shadow, data, 4096)}))


if __name__ == '__main__':
    main()
