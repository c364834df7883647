"""Exports a run's averaged weights to ONNX with the policy contract.

python policy/training/export.py --run RUN --out policy/model/grasp.onnx
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import numpy as np
import onnx
import onnxruntime
import torch

from checkpoint import load, read
from data import INPUTS
from groups.export import export as export_groups
from model import Exported, Policy, count_macs, example, fusion_macs
from model_config import CHANNELS, CHUNK

POLICY = Path(__file__).parents[1]
OUTPUTS = ('action_chunk', 'grasp_success', 'gate', 'latent')
TOLERANCE = 1e-4


def contract(policy: Policy, state: dict[str, Any], name: str) -> dict[str, Any]:
    """The `prehend.contract` of the model: the translation of the data set, and the facts of this training."""
    template = json.loads((POLICY / 'contract.json').read_text())
    given = state['meta'].get('contract') or {}
    base = {**template, **{k: v for k, v in given.items() if k in ('version', 'robot', 'inputs', 'outputs')}}
    base.setdefault('robot', state['meta'].get('robot'))
    outputs = base['outputs']
    outputs['latent'] = {**outputs.get('latent', {'dtype': 'float32'}), 'shape': [1, policy.config.latent]}
    if list(outputs['action_chunk']['shape']) != [1, CHUNK, len(CHANNELS)]:
        raise SystemExit(
            f"the data set's action chunk is {outputs['action_chunk']['shape']}, "
            f"this model's [1, {CHUNK}, {len(CHANNELS)}]"
        )
    run = state['run']
    return {
        'version': base['version'],
        'name': name,
        'robot': base['robot'],
        'inputs': base['inputs'],
        'outputs': outputs,
        'vocabulary': state['vocabulary'],
        'normalisation': {**state['stats'], 'where': 'inside the graph'},
        'training': {
            'commit': run['commit'],
            'seed': run['seed'],
            'data': run['data'],
            'steps': state['step'],
            'date': run['date'],
        },
    }


def strip(model: onnx.ModelProto) -> None:
    """Removes what the exporter writes about itself and about this machine."""
    for node in model.graph.node:
        node.doc_string = ''
        del node.metadata_props[:]
    for value in (*model.graph.value_info, *model.graph.input, *model.graph.output, *model.graph.initializer):
        del value.metadata_props[:]
    del model.graph.metadata_props[:]
    del model.metadata_props[:]


def finish(model: onnx.ModelProto, path: Path, policy: Policy, state: dict[str, Any], name: str) -> None:
    """Writes the model with its contract."""
    strip(model)
    entry = model.metadata_props.add()
    entry.key, entry.value = 'prehend.contract', json.dumps(contract(policy, state, name))
    onnx.checker.check_model(model)
    onnx.save(model, str(path))


def keep_weights(policy: Policy, path: Path) -> None:
    """Writes the weights for `train.py --init`.

    Matrices are in half precision; training continues from them as well.
    """

    def half(v: torch.Tensor) -> torch.Tensor:
        return v.half() if v.ndim > 1 and v.is_floating_point() else v

    part = path.with_suffix('.part.npz')
    np.savez_compressed(
        part, **{k: half(v).numpy() for k, v in policy.state_dict().items() if not k.startswith('geometry.')}
    )
    part.replace(path)


def check(path: Path, module: torch.nn.Module, policy: Policy, tolerance: float | None) -> dict[str, Any]:
    """Compares the file in onnxruntime with torch, and measures its speed on one thread.

    `tolerance`: the largest difference of any output; chunks are in standard deviations.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(path), options, providers=['CPUExecutionProvider'])
    worst = dict.fromkeys(OUTPUTS, 0.0)
    for seed in range(16):
        # All sixteen sets of modalities; the first has all four.
        x = list(example(policy.config, seed=seed))
        x[5] = torch.tensor([[float((15 - seed) >> i & 1) for i in range(4)]])
        with torch.no_grad():
            expected = module(*x)
        got = session.run(list(OUTPUTS), {n: v.numpy() for n, v in zip(INPUTS, x, strict=True)})
        for name, e, g in zip(OUTPUTS, expected, got, strict=True):
            scale = policy.action_std.numpy() if name == 'action_chunk' else 1.0
            worst[name] = max(worst[name], float(np.abs((e.numpy() - g) / scale).max()))
    if tolerance is not None and max(worst.values()) > tolerance:
        raise SystemExit(
            f'onnxruntime differs from torch by {worst} (allowed {tolerance}, chunks in standard deviations): '
            f'{path} is kept for a look'
        )
    feed = {n: v.numpy() for n, v in zip(INPUTS, example(policy.config), strict=True)}
    times = []
    for _ in range(200):
        start = time.perf_counter()
        session.run(None, feed)
        times.append((time.perf_counter() - start) * 1e3)
    return {
        'ort_difference': worst,
        'ort_ms_one_thread': {'p50': float(np.median(times)), 'p99': float(np.percentile(times, 99))},
        'versions': {'torch': torch.__version__, 'onnx': onnx.__version__, 'onnxruntime': onnxruntime.__version__},
    }


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument('--run', required=True)
    p.add_argument('--out', default=str(POLICY / 'model' / 'grasp.onnx'))
    p.add_argument('--name', default='grasp')
    p.add_argument('--opset', type=int, default=18)
    a = p.parse_args()
    torch.manual_seed(0)
    begun = read(Path(a.run) / 'checkpoint.pt', f'train first with `python policy/training/train.py --out {a.run}`')
    if 'layout' in begun:
        target = Path(a.out)
        target.parent.mkdir(parents=True, exist_ok=True)
        figures = export_groups(begun, target, a.name, a.opset, strip)
        target.with_suffix('.json').write_text(json.dumps(figures, indent=2) + '\n')
        print(json.dumps(figures))
        return
    policy, state = load(a.run)
    module = Exported(policy).eval()
    out = Path(a.out)
    out.parent.mkdir(parents=True, exist_ok=True)
    part = out.with_suffix('.part.onnx')
    with torch.no_grad():
        torch.onnx.export(
            module,
            example(policy.config),
            str(part),
            input_names=list(INPUTS),
            output_names=list(OUTPUTS),
            opset_version=a.opset,
            dynamo=True,
            external_data=False,
            verbose=False,
        )
    finish(onnx.load(str(part)), part, policy, state, a.name)
    numbers = check(part, module, policy, TOLERANCE)
    part.replace(out)
    keep_weights(policy, out.with_suffix('.npz'))
    numbers = {
        'file': out.name,
        'bytes': out.stat().st_size,
        'opset': a.opset,
        # The names of places are learned in training only and are not in the file.
        'parameters': sum(q.numel() for n, q in policy.named_parameters() if not n.startswith('called.')),
        'macs': count_macs(policy),
        'fusion_macs': fusion_macs(policy.config),
        **numbers,
        'training': {k: v for k, v in state['run'].items() if k != 'options'},
    }
    hidden = {'data', 'out', 'init', 'resume', 'threads'}
    numbers['options'] = {k: v for k, v in state['run']['options'].items() if k not in hidden}
    out.with_suffix('.json').write_text(json.dumps(numbers, indent=2) + '\n')
    print(json.dumps(numbers))


if __name__ == '__main__':
    main()
