"""From nothing to a judged ACT policy for the SO-101 cell: every command with its settings, one after another.

    python policy/act/recipe.py WORK            # all steps; what is done already is not done again
    python policy/act/recipe.py WORK --to set   # up to a step
    python policy/act/recipe.py WORK --show     # only prints the commands

Stopped at any moment, it goes on where it was: a recording or a set is there as a whole or not at all, and the training
goes on from its last checkpoint. It needs `npm ci` in the checkout, and in the Python that runs it `pip install lerobot
onnx onnxscript` (tried: lerobot 0.4.4). docs/how-to/demonstrations-to-a-policy.md explains the steps.
"""

from __future__ import annotations

import argparse
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
PREHEND = str(HERE.parents[1] / 'bin/prehend')
ROBOT = 'so101'
# ACT takes no words, so one sentence is the task: one object on the table, and a fixed bin.
SAY = 'put the purple can in the left bin'
SCENE = ('--robot', ROBOT, '--say', SAY, '--count', '1')
SIZES = ('--size', 'overhead=96x96', 'wrist=64x64')
STREAMS = ('overhead', 'wrist', 'joints')
LAST_RATE = 1e-5
WARMUP = 200


@dataclass(frozen=True)
class Step:
    """A command, and the file or folder that is there when it is done."""

    name: str
    done: Path
    command: tuple[str, ...]
    # Exit codes of a command that did its work. prehend answers 1 where an episode was lost.
    codes: tuple[int, ...] = (0,)


def steps(options: argparse.Namespace) -> Iterator[Step]:
    work: Path = options.work
    python = sys.executable
    recordings = [work / f'demos-{i}.mcap' for i in range(options.recordings)]
    for i, recording in enumerate(recordings):
        # Not at all, a little, twice as much: the way back is seen too.
        disturbed = ('--perturb', str(i % 3 * options.perturb))
        seed = str(options.seed + i)
        demonstrate = (PREHEND, 'run', *SCENE, '--lockstep', '--policy', 'expert', '--demonstrate', *disturbed)
        count = ('--episodes', str(options.episodes), '--seed', seed, '--record', str(recording))
        yield Step('record', recording, (*demonstrate, *count), (0, 1))
    data = work / 'set'
    columns = ('--streams', *STREAMS, *SIZES, '--only-won', '--only-complete')
    export = (PREHEND, 'export', *map(str, recordings), '--format', 'lerobot', '--pictures', 'png')
    yield Step('set', data, (*export, '--out', str(data), *columns))
    start = work / 'start'
    weights = ('--weights', str(options.weights)) if options.weights else ()
    beginning = (python, str(HERE / 'start.py'), '--data', str(data), '--out', str(start), *weights)
    yield Step('start', start / 'policy_postprocessor.json', beginning)
    checkpoints = work / 'train/checkpoints'
    last = checkpoints / 'last/pretrained_model'
    trained = checkpoints / f'{options.steps:06d}/training_state/training_step.json'
    yield Step('train', trained, training(options, data, start, last))
    model = work / 'act.onnx'
    reference = model.with_suffix('.npz')
    yield Step('onnx', reference, (python, str(HERE / 'to_onnx.py'), str(last), str(model)))
    wrapped = work / 'act-so101.onnx'
    says = ('--checkpoint', str(last), '--dataset', str(data), '--joint-unit', 'rad', '--reference', str(reference))
    wrap = (PREHEND, 'policy', 'wrap', str(model), '--robot', ROBOT, *says, '--out', str(wrapped))
    yield Step('wrap', wrapped, wrap)
    report = work / 'report.html'
    execution = ('--execution', f'receding_horizon:{options.rows}')
    judged = (
        '--episodes',
        '100',
        '--jobs',
        str(options.jobs),
        '--seed',
        str(options.judge_seed),
        '--report',
        str(report),
    )
    yield Step('judge', report, (PREHEND, 'eval', *SCENE, '--policy', str(wrapped), *execution, *judged), (0, 1))


def training(options: argparse.Namespace, data: Path, start: Path, last: Path) -> tuple[str, ...]:
    """Goes on from the last checkpoint where there is one."""
    program = str(Path(sys.executable).with_name('lerobot-train'))
    if last.exists():
        return (program, f'--config_path={last / "train_config.json"}', '--resume=true', f'--steps={options.steps}')
    return (
        program,
        f'--policy.path={start}',
        '--dataset.repo_id=local/so101',
        f'--dataset.root={data}',
        f'--output_dir={options.work / "train"}',
        f'--steps={options.steps}',
        f'--batch_size={options.batch}',
        '--num_workers=1',
        '--save_freq=500',
        '--log_freq=50',
        '--eval_freq=0',
        '--wandb.enable=false',
        '--policy.push_to_hub=false',
        # LeRobot's preset for ACT learns 30 times more slowly; it is for pretrained weights.
        '--use_policy_training_preset=false',
        '--optimizer.type=adamw',
        f'--optimizer.lr={options.rate}',
        '--optimizer.weight_decay=1e-4',
        '--optimizer.grad_clip_norm=10',
        '--scheduler.type=cosine_decay_with_warmup',
        f'--scheduler.num_warmup_steps={WARMUP}',
        f'--scheduler.num_decay_steps={options.steps}',
        f'--scheduler.peak_lr={options.rate}',
        f'--scheduler.decay_lr={LAST_RATE}',
    )


def precision() -> str:
    """Mixed precision where the processor computes with bfloat16: 0.46 s of a core a step instead of 0.66 s."""
    processor = Path('/proc/cpuinfo')
    return 'bf16' if processor.exists() and 'avx512_bf16' in processor.read_text() else 'no'


def run(step: Step, threads: int, mixed: str) -> None:
    environment = {
        **os.environ,
        'OMP_NUM_THREADS': str(threads),
        'HF_HUB_OFFLINE': '1',
        'ACCELERATE_MIXED_PRECISION': mixed,
    }
    print(f'{step.name}: {shlex.join(step.command)}', flush=True)
    began = time.monotonic()
    code = subprocess.run(step.command, env=environment, check=False).returncode
    if code not in step.codes:
        sys.exit(f'{step.name}: exit code {code}')
    print(f'{step.name}: {time.monotonic() - began:.0f} s', flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('work', type=Path, help='the folder for everything that is made')
    parser.add_argument('--to', default='judge', help='the last step: record, set, start, train, onnx, wrap or judge')
    parser.add_argument('--show', action='store_true', help='only print the commands')
    parser.add_argument('--recordings', type=int, default=5)
    parser.add_argument('--episodes', type=int, default=50, help='of one recording')
    parser.add_argument('--seed', type=int, default=4000, help='of the first recording; the others have the next ones')
    parser.add_argument('--judge-seed', type=int, default=9000, help='of the episodes in which the policy is judged')
    parser.add_argument('--perturb', type=float, default=0.001, help='rad of smooth noise on the joints')
    parser.add_argument('--rows', type=int, default=12, help='of a chunk that are followed before the next one')
    parser.add_argument('--steps', type=int, default=8000, help='of training')
    parser.add_argument('--batch', type=int, default=16)
    parser.add_argument('--rate', type=float, default=3e-4, help='of learning, at most')
    parser.add_argument('--weights', type=Path, help='begin from what weights.py kept; with a lower --rate')
    # The reading of the set takes half of a second core. With two threads for the training, each waits
    # for the other, and training makes half as many steps a second.
    parser.add_argument('--threads', type=int, default=1, help='of the training')
    parser.add_argument('--jobs', type=int, default=2, help='recordings, and evaluations, at the same time')
    parser.add_argument('--precision', default=precision(), choices=('bf16', 'no'), help='mixed, or float32 alone')
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    missing = [step for step in steps(options) if not step.done.exists()]
    names = [step.name for step in steps(options)]
    if options.to not in names:
        parser.error(f'--to {options.to}: expected one of {", ".join(dict.fromkeys(names))}')
    wanted = [step for step in missing if names.index(step.name) <= names.index(options.to)]
    if options.show:
        for step in wanted:
            print(f'{step.name}: {shlex.join(step.command)}')
        return
    recordings = [step for step in wanted if step.name == 'record']
    with ThreadPoolExecutor(options.jobs) as pool:
        list(pool.map(lambda step: run(step, 1, options.precision), recordings))
    for step in wanted:
        if step.name != 'record':
            run(step, options.threads, options.precision)


if __name__ == '__main__':
    main()
