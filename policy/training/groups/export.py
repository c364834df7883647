"""Exports a run of `groups.train` to ONNX with its contract. `export.py` calls it for such a run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import torch

from groups.layout import Layout
from groups.model import Config, Exported, GroupPolicy, example

#: Largest difference of onnxruntime from torch, in deviations of the chunk.
TOLERANCE = 1e-3


def policy_of(state: dict[str, Any]) -> GroupPolicy:
    """The averaged policy of a checkpoint, in evaluation mode."""
    layout, config = Layout.of_dict(state['layout']), Config(**state['config'])
    policy = GroupPolicy(layout, config, state['stats'], state['cameras'])
    policy.load_state_dict(state['ema'])
    return policy.eval()


def contract_of(state: dict[str, Any], name: str) -> dict[str, Any]:
    """The `prehend.contract` of the model: that of the data, and the facts of this training."""
    run = state['run']
    return {
        **state['contract'],
        'name': name,
        'normalisation': {'where': 'inside the graph'},
        'training': {k: run[k] for k in ('commit', 'seed', 'data', 'steps', 'date')},
    }


def export(state: dict[str, Any], out: Path, name: str, opset: int, strip: Any) -> dict[str, Any]:
    """Writes the model. Gives its figures. Exits where onnxruntime differs from torch.

    `strip` removes what the exporter writes about itself.
    """
    policy = policy_of(state)
    layout, module = policy.layout, Exported(policy).eval()
    words = policy.config.vocabulary
    part = out.with_suffix('.part.onnx')
    with torch.no_grad():
        torch.onnx.export(
            module,
            tuple(example(layout, words).values()),
            str(part),
            input_names=list(layout.order),
            output_names=['action_chunk'],
            opset_version=opset,
            dynamo=True,
            external_data=False,
            verbose=False,
        )
    model = onnx.load(str(part))
    strip(model)
    entry = model.metadata_props.add()
    entry.key, entry.value = 'prehend.contract', json.dumps(contract_of(state, name))
    onnx.checker.check_model(model)
    onnx.save(model, str(part))
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(part), options, providers=['CPUExecutionProvider'])
    worst = 0.0
    for seed in range(8):
        feed = example(layout, words, seed=seed)
        with torch.no_grad():
            expected = module(*feed.values()).numpy()
        (got,) = session.run(None, {n: v.numpy() for n, v in feed.items()})
        worst = max(worst, float(np.abs((got - expected) / policy.action_std.numpy()).max()))
    if worst > TOLERANCE:
        raise SystemExit(f'onnxruntime differs from torch by {worst} deviations (allowed {TOLERANCE}): see {part}')
    part.replace(out)
    return {
        'file': out.name,
        'bytes': out.stat().st_size,
        'opset': opset,
        'parameters': sum(p.numel() for p in policy.parameters()),
        'ort_difference': worst,
        'training': {k: v for k, v in state['run'].items() if k != 'options'},
    }
