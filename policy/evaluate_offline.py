"""Errors on held-out episodes: `python policy/evaluate_offline.py --run RUN --data DIR --out FILE.json`."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import numpy as np
import torch

from data import INPUTS, Dataset
from export import load
from losses import AUX_SCALE
from model import MODALITIES

BUCKETS = (0.0, 0.03, 0.06, 0.12, 0.25, 10.0)


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument('--run', required=True)
    p.add_argument('--data', nargs='+', required=True)
    p.add_argument('--out', help='JSON file; standard output always has it')
    p.add_argument('--count', type=int, default=4000)
    p.add_argument('--without', default='', help='modalities taken away, with commas')
    p.add_argument('--threads', type=int, default=1)
    a = p.parse_args()
    torch.set_num_threads(a.threads)
    policy, _ = load(a.run)
    data = Dataset(a.data, in_memory=False)
    rows = np.random.default_rng(0).permutation(data.held_out)[: a.count]
    gone = [MODALITIES.index(m) for m in a.without.split(',') if m]
    kept: dict[str, list[np.ndarray]] = {}
    for i in range(0, len(rows), 128):
        batch = data.batch(rows[i : i + 128])
        batch['modality_mask'][:, gone] = 0
        with torch.no_grad():
            out = policy(*(batch[n] for n in INPUTS))
        now = {
            'chunk': out['action_chunk'],
            'label': batch['action_chunk'],
            'aux': batch['aux'],
            'found': out['auxiliary'][:, :4] * AUX_SCALE,
            'flags': (out['auxiliary'][:, 4:] > 0).float(),
            'gate': out['gate'],
            'chance': out['grasp_success'],
            'success': batch['success'],
        }
        for k, v in now.items():
            kept.setdefault(k, []).append(v.numpy())
    v = {k: np.concatenate(x) for k, x in kept.items()}
    error = np.abs(v['chunk'] - v['label'])
    there = v['aux'][:, 4] > 0.5
    distance = np.linalg.norm(v['aux'][:, :3], axis=1)
    buckets = []
    for low, high in zip(BUCKETS[:-1], BUCKETS[1:]):
        pick = there & (distance >= low) & (distance < high)
        if not pick.any():
            continue
        mm = error[pick][:, :, :3].mean((0, 1)) * 1e3
        gap = np.linalg.norm(v['found'][pick, :3] - v['aux'][pick, :3], axis=1) * 1e3
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
                'target_mm_median': float(np.median(gap)),
                'target_mm_p90': float(np.percentile(gap, 90)),
            }
        )
    gap = np.linalg.norm(v['found'][there, :3] - v['aux'][there, :3], axis=1) * 1e3
    result = {
        'observations': len(rows),
        'without': a.without,
        'byDistance': buckets,
        'targetErrorMm': {'median': float(np.median(gap)), 'p90': float(np.percentile(gap, 90))} if there.any() else None,
        'yawErrorRadMedian': float(np.median(np.abs(v['found'][there, 3] - v['aux'][there, 3]))) if there.any() else None,
        'flagsRight': {
            'has_target': float((v['flags'][:, 0] == v['aux'][:, 4]).mean()),
            'in_hand': float((v['flags'][:, 1] == v['aux'][:, 5]).mean()),
        },
        'gateMean': dict(zip(MODALITIES, v['gate'].mean(0).astype(float).tolist())),
        'graspSuccessBrier': float(((v['chance'] - v['success']) ** 2).mean()),
    }
    text = json.dumps(result, indent=2)
    if a.out:
        Path(a.out).write_text(text + '\n')
    print(text)


if __name__ == '__main__':
    main()
