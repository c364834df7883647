"""Errors of a model on demonstrations that it was not trained on.

    python policy/training/evaluate_offline.py --model FILE.onnx --data DIR --out FILE.json

It measures the file that ships, in onnxruntime. The data come from `collect.py` with other seeds than those of the
training.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import itertools

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from data import INPUTS, Dataset, translation
from model_config import MODALITIES
from options import whole

BUCKETS = (0.0, 0.03, 0.06, 0.12, 0.25, 10.0)


def session(file: str, data: Dataset, threads: int) -> onnxruntime.InferenceSession:
    """The model. Exits where it was made under another translation than the data."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    try:
        model = onnxruntime.InferenceSession(file, options, providers=['CPUExecutionProvider'])
    except Exception as error:  # noqa: BLE001 - the errors of onnxruntime have no class in common
        raise SystemExit(f'--model {file}: {str(error).splitlines()[0]}') from None
    said = model.get_modelmeta().custom_metadata_map.get('prehend.contract')
    if said is None:
        raise SystemExit(f'--model {file}: has no contract in its metadata: prehend policy wrap puts one in')
    contract = json.loads(said)
    mine, theirs = translation({'contract': contract}), translation(data.meta)
    if mine != theirs:
        raise SystemExit(f'{file}: made under another translation ({mine}) than the data ({theirs}): collect anew')
    return model


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('--model', default=str(Path(__file__).parents[1] / 'model' / 'grasp.int8.onnx'))
    p.add_argument('--data', nargs='+', required=True)
    p.add_argument('--out', help='JSON file; standard output always has it')
    p.add_argument('--count', type=whole(1), default=4000)
    p.add_argument('--without', default='', help='modalities taken away, with commas')
    p.add_argument('--threads', type=whole(1), default=1)
    a = p.parse_args()
    unknown = sorted(set(filter(None, a.without.split(','))) - set(MODALITIES))
    if unknown:
        raise SystemExit(f'--without {",".join(unknown)}: no such modality; there are {", ".join(MODALITIES)}')
    if a.out and not Path(a.out).parent.is_dir():
        raise SystemExit(f'--out {a.out}: there is no folder {Path(a.out).parent}')
    data = Dataset(a.data, in_memory=False)
    model = session(a.model, data, a.threads)
    rows = np.random.default_rng(0).permutation(len(data))[: a.count]
    gone = [MODALITIES.index(m) for m in a.without.split(',') if m]
    chunk: list[NDArray[Any]] = []
    gate: list[NDArray[Any]] = []
    chance: list[NDArray[Any]] = []
    for i in rows:
        batch = data.batch(np.array([i]))
        batch['modality_mask'][:, gone] = 0
        out = model.run(['action_chunk', 'gate', 'grasp_success'], {n: batch[n].numpy() for n in INPUTS})
        for kept, value in zip((chunk, gate, chance), out, strict=True):
            kept.append(value.reshape(value.shape[1:]))
    aux, label = data.column('aux')[rows], data.column('action_chunk')[rows]
    success, judged = (data.column(n)[rows].astype(float) for n in ('success', 'judged'))
    error = np.abs(np.stack(chunk) - label)
    there = aux[:, 4] > 0.5
    distance = np.linalg.norm(aux[:, :3], axis=1)
    buckets = []
    for low, high in itertools.pairwise(BUCKETS):
        pick = there & (distance >= low) & (distance < high)
        if not pick.any():
            continue
        mm = error[pick][:, :, :3].mean((0, 1)) * 1e3
        buckets.append(
            {
                'from_m': low,
                'to_m': high,
                'count': int(pick.sum()),
                'dx_mm': float(mm[0]),
                'dy_mm': float(mm[1]),
                'dz_mm': float(mm[2]),
                'dyaw_rad': float(error[pick][:, :, 3].mean()),
                'width_mm': float(error[pick][:, :, 4].mean() * 1e3),
                'effort_N': float(error[pick][:, :, 5].mean()),
            }
        )
    result = {
        'model': {'file': Path(a.model).name, 'sha256': hashlib.sha256(Path(a.model).read_bytes()).hexdigest()},
        'observations': len(rows),
        'episodes': data.episodes,
        'without': a.without,
        'byDistance': buckets,
        'gateMean': dict(zip(MODALITIES, np.stack(gate).mean(0).astype(float).tolist(), strict=True)),
        'graspSuccessBrier': float((((np.stack(chance).reshape(-1) - success) ** 2) * judged).sum() / judged.sum())
        if judged.any()
        else None,
    }
    text = json.dumps(result, indent=2)
    if a.out:
        Path(a.out).write_text(text + '\n')
    print(text)


if __name__ == '__main__':
    main()
