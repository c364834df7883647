import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { readOnnx, withMetadata } from '../../policy/contract/onnx-metadata.js'
import { onnxBytes, Scratch, tinyModel, type ModelInfo } from './onnx-models.js'

const scratch = new Scratch()
afterAll(() => scratch.remove())

const python = fileURLToPath(new URL('../../.venv/bin/python', import.meta.url))

function runPython(script: string, ...args: string[]): unknown {
  if (!existsSync(python)) throw new Error('.venv/bin/python is missing: run the set-up of the tests (npm test)')
  return JSON.parse(execFileSync(python, ['-c', script, ...args], { encoding: 'utf8' }))
}

/** The same facts, read by the onnx package. */
const DESCRIBE = `
import json, math, sys, onnx
m = onnx.load(sys.argv[1])
names = {1: 'float32', 2: 'uint8', 7: 'int64', 10: 'float16'}
def tensor(v):
    t = v.type.tensor_type
    return {'name': v.name, 'dtype': names[t.elem_type], \
'shape': [d.dim_value if d.HasField('dim_value') else d.dim_param or None for d in t.shape.dim]}
own = {i.name for i in m.graph.initializer}
print(json.dumps({
  'irVersion': m.ir_version, 'producer': m.producer_name, 'opsets': {o.domain: o.version for o in m.opset_import},
  'metadata': {p.key: p.value for p in m.metadata_props},
  'inputs': [tensor(v) for v in m.graph.input if v.name not in own], 'outputs': [tensor(v) for v in m.graph.output],
  'parameters': sum(math.prod(i.dims) for i in m.graph.initializer),
  'precision': 'int8' if sum(math.prod(i.dims) for i in m.graph.initializer \
if i.data_type in (onnx.TensorProto.INT8, onnx.TensorProto.UINT8))
    > sum(math.prod(i.dims) for i in m.graph.initializer) / 2 else 'fp32',
}))
`

function described(bytes: Uint8Array): unknown {
  const { opsets, metadata, inputs, outputs, external, bytes: size, ...rest } = readOnnx(bytes, 'test')
  expect(size).toBe(bytes.length)
  expect(external.size).toBe(0)
  const plain = (tensors: typeof inputs) =>
    tensors.map(tensor => ({ ...tensor, shape: tensor.shape.map(length => length ?? null) }))
  return {
    ...rest,
    opsets: Object.fromEntries(opsets),
    metadata: Object.fromEntries(metadata),
    inputs: plain(inputs),
    outputs: plain(outputs),
  }
}

/**
 * A model made by the onnx package itself: packed dims, two operator domains, float16, an initialiser listed as input,
 * weights of 8 MB.
 */
const MAKE = `
import json, sys, numpy as np, onnx
from onnx import helper, numpy_helper, TensorProto as T
w = numpy_helper.from_array(np.zeros((1000, 2000), np.float32), 'w')
h = numpy_helper.from_array(np.zeros((3,), np.float16), 'h')
g = helper.make_graph([helper.make_node('MatMul', ['x', 'w'], ['y'])], 'g',
  [helper.make_tensor_value_info('x', T.FLOAT, ['batch', 1000]), \
helper.make_tensor_value_info('w', T.FLOAT, [1000, 2000])],
  [helper.make_tensor_value_info('y', T.FLOAT, None), ], [w, h])
m = helper.make_model(g, opset_imports=[helper.make_opsetid('', 17), helper.make_opsetid('com.microsoft', 1)], \
producer_name='python')
helper.set_model_props(m, {'a': '1', 'unicode': 'größe ✓', 'long': 'x' * 100000})
onnx.save(m, sys.argv[1])
print(json.dumps('ok'))
`

describe('reading an ONNX file', () => {
  it('finds what the onnx package finds in a model of ours', () => {
    const model: ModelInfo = tinyModel()
    const bytes = onnxBytes({
      ...model,
      inputs: model.inputs.map(tensor => ({ ...tensor, shape: ['batch', ...tensor.shape.slice(1)] })),
    })
    expect(described(bytes)).toEqual(runPython(DESCRIBE, scratch.file('ours.onnx', bytes)))
  })

  it('finds what the onnx package finds in a model of its own', async () => {
    const path = `${scratch.path}/python.onnx`
    runPython(MAKE, path)
    const { readFile } = await import('node:fs/promises')
    expect(described(await readFile(path))).toEqual(runPython(DESCRIBE, path))
  })

  it('reads a file that is cut anywhere as the whole, or refuses it', () => {
    const bytes = onnxBytes(tinyModel())
    for (let length = 0; length < bytes.length; length++) {
      try {
        expect(readOnnx(bytes.subarray(0, length), 'cut').inputs.length).toBe(6)
      } catch (error) {
        expect(error).toMatchObject({ code: 'POLICY_NOT_ONNX', exit: 2 })
      }
    }
  })
})

describe('writing metadata', () => {
  it('replaces a key, adds another, keeps all else, as the onnx package and its checker see it', () => {
    const before = onnxBytes(tinyModel())
    const after = withMetadata(before, { other: 'new', added: 'ä'.repeat(5000) })
    const path = scratch.file('after.onnx', after)
    const seen = runPython(`${DESCRIBE}\nonnx.checker.check_model(m)`, path) as { metadata: Record<string, string> }
    const old = described(before) as { metadata: Record<string, string> }
    expect(seen).toEqual({ ...old, metadata: { ...old.metadata, other: 'new', added: 'ä'.repeat(5000) } })
    expect(described(after)).toEqual(seen)
  })
})
