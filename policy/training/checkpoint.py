"""Checkpoints of a run: reading, writing, continuing, and starting from the weights of another."""

from __future__ import annotations

import hashlib
import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import torch

from model import Policy
from model_config import SIZES, STATISTICS, Config
from phrases import Phrases


def read(path: Path, hint: str) -> dict[str, Any]:
    """A checkpoint. Exits where the file is none; `hint` says what to do then."""
    try:
        state = torch.load(path, weights_only=True, map_location='cpu')
        if isinstance(state, dict) and 'step' in state:
            return state
        reason = 'something else was saved in it'
    except (OSError, EOFError, RuntimeError, TypeError, IndexError, KeyError, pickle.UnpicklingError) as e:
        reason = (str(e).splitlines() or [type(e).__name__])[0]
    raise SystemExit(f'{path}: no checkpoint ({reason}): {hint}') from None


def same(begun: dict[str, Any], now: dict[str, Any], settled: tuple[str, ...]) -> None:
    """Exits where a run is continued with other options than it began with."""
    differ = [k for k in settled if k in begun and begun[k] != now[k]]
    if differ:
        raise SystemExit(
            f'--resume: the run was begun with another --{differ[0].replace("_", "-")} ({begun[differ[0]]})'
        )


def load(run: str | Path) -> tuple[Policy, dict[str, Any]]:
    """The averaged policy of a run folder, in evaluation mode, and its checkpoint."""
    path = Path(run) / 'checkpoint.pt'
    state = read(path, f'train first with `python policy/training/train.py --data DIR --out {run}`')
    if state.get('pretrained'):
        raise SystemExit(f'{path}: its encoders alone are trained; start a run of train.py from it (--init {path})')
    policy = Policy(Config(**state['config']), state['stats'], state['camera'])
    # A word that training never said gets the vector of the unknown word.
    words = state['ema']['text.token.weight']
    heard = set(state['heard']) | (
        Phrases(state['vocabulary']).words if state['run']['options']['reword'] > 0 else set()
    )
    never = [i for i in range(len(words)) if i not in heard]
    words[never] = words[1].clone()
    policy.load_state_dict(state['ema'])
    return policy.eval(), state


def released(path: Path) -> dict[str, Any]:
    """The weights beside an exported model (export.py), as a checkpoint that holds nothing else."""
    try:
        with np.load(path, allow_pickle=False) as file:
            return {'ema': {k: torch.from_numpy(file[k]).float() for k in file.files}}
    except (OSError, ValueError, TypeError, zipfile.BadZipFile) as e:
        raise SystemExit(f'--init {path}: no weights of an exported model ({e})') from None


def begin_with(policy: Policy, path: str) -> dict[str, Any]:
    """Takes the weights of another checkpoint that fit, and gives the facts of that checkpoint.

    What belongs to the data is not taken: normalisation constants, the camera, the colours. Layers that the other lacks
    keep their start values: blocks start as the identity.
    """
    state = (
        released(Path(path))
        if path.endswith('.npz')
        else read(Path(path), '--init takes one of train.py or pretrain.py')
    )
    weights = state.get('ema', {})
    own = policy.state_dict()
    theirs = {n for n in own if n.split('.')[0] in STATISTICS or n.startswith('geometry.') or n == 'text.colours'}
    fitting = {k: v for k, v in weights.items() if k in own and k not in theirs and own[k].shape == v.shape}
    if not any(k.startswith('low.') for k in fitting):
        raise SystemExit(f'--init {path}: of another size; --size {"|".join(SIZES)} sets that of this run')
    policy.load_state_dict(fitting, strict=False)
    return {
        'sha256': hashlib.sha256(Path(path).read_bytes()).hexdigest(),
        'steps': state.get('step'),
        'taken': len(fitting),
        'of': len(own) - len(theirs),
        'data': state.get('run', {}).get('data'),
        'init': state.get('run', {}).get('init'),
    }


def save(path: Path, value: object) -> None:
    """Writes atomically: a reader sees the old file or the new one."""
    part = path.with_suffix(path.suffix + '.part')
    torch.save(value, part)
    part.replace(path)
