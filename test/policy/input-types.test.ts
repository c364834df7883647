import { afterAll, describe, expect, test } from 'vitest'
import { CONTRACT_KEY, parseContract } from '../../policy/contract/contract.js'
import { Features } from '../../policy/features/features.js'
import { fromFloat16 } from '../../policy/features/float16.js'
import type { TensorData } from '../../policy/features/tensors.js'
import { OnnxPolicy } from '../../policy/runtime/onnx-policy.js'
import { cell, fullValues, observation, onnxBytes, Scratch, version2Json, type ModelInfo } from './onnx-models.js'

const scratch = new Scratch()
afterAll(() => scratch.remove())

const KINDS = {
  image: { as: 'image', from: ['rgb'], shape: [1, 3, 3, 4], dtypes: ['float32', 'float16', 'uint8'] },
  depth: { as: 'depth', from: ['depth'], shape: [1, 1, 3, 4], dtypes: ['float32', 'float16'] },
  rgbd: { as: 'rgbd', from: ['rgb', 'depth'], shape: [1, 4, 3, 4], dtypes: ['float32', 'float16'] },
  vector: { as: 'vector', from: ['tool', 'gripper'], shape: [1, 8], dtypes: ['float32', 'float16', 'float64'] },
  window: { as: 'window', from: ['wrench'], shape: [1, 6], dtypes: ['float32', 'float16', 'float64'] },
  pyramid: { as: 'pyramid', from: ['wrench'], shape: [1, 6, 24], dtypes: ['float32', 'float16', 'float64'] },
  tokens: { as: 'tokens', from: ['voice'], shape: [1, 16], per_event: 8, dtypes: ['int64', 'int32'] },
  ages: { as: 'ages', from: ['voice'], shape: [1, 2], dtypes: ['float32', 'float16', 'float64'] },
  mask: {
    as: 'mask',
    from: ['rgb', 'depth'],
    shape: [1, 2],
    dtypes: ['float32', 'float16', 'float64', 'bool', 'uint8', 'int32', 'int64'],
  },
}

/** One input for each kind and type. LeRobot's names have dots. */
const INPUTS = Object.fromEntries(
  Object.entries(KINDS).flatMap(([kind, { dtypes, ...input }]) =>
    dtypes.map(dtype => [`observation.${kind}.${dtype}`, { ...input, dtype }] as const),
  ),
)
const length = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1)
const TOTAL = Object.values(INPUTS).reduce((sum, { shape }) => sum + length(shape), 0)

/** The latent has all values of all inputs, as float64, one after another. The chunk is constant. */
function model(): ModelInfo {
  const json = version2Json(cell, INPUTS, { latent: { dtype: 'float64', shape: [1, TOTAL] } })
  const names = Object.keys(INPUTS)
  return {
    inputs: Object.entries(INPUTS).map(([name, { dtype, shape }]) => ({ name, dtype, shape })),
    outputs: [
      { name: 'action_chunk', dtype: 'float16', shape: [1, 1, 2] },
      { name: 'latent', dtype: 'float64', shape: [1, TOTAL] },
    ],
    initialisers: [
      { name: 'chunk', shape: [1, 1, 2], data: Float32Array.of(0.1, -3) },
      { name: 'flat', shape: [2], data: BigInt64Array.of(1n, -1n) },
    ],
    nodes: [
      { op: 'Cast', inputs: ['chunk'], outputs: ['action_chunk'], attributes: { to: 10 } },
      ...names.flatMap(name => [
        { op: 'Cast', inputs: [name], outputs: [`${name}.double`], attributes: { to: 11 } },
        { op: 'Reshape', inputs: [`${name}.double`, 'flat'], outputs: [`${name}.flat`] },
      ]),
      { op: 'Concat', inputs: names.map(name => `${name}.flat`), outputs: ['latent'], attributes: { axis: 1 } },
    ],
    metadata: {
      [CONTRACT_KEY]: JSON.stringify({
        ...json,
        outputs: { ...json.outputs, action_chunk: { ...json.outputs.action_chunk, dtype: 'float16' } },
      }),
    },
  }
}

const numbers = (data: TensorData, dtype: string): number[] => {
  if (dtype !== 'float16') return Array.from<number | bigint, number>(data, Number)
  const out = new Float32Array(data.length)
  fromFloat16(data as Uint16Array, out)
  return [...out]
}

describe('an input of any type', () => {
  const seen = observation(fullValues())

  test('is what onnxruntime sees, and outputs of other floats come as float32', async () => {
    const path = scratch.file('types.onnx', onnxBytes(model()))
    const policy = await OnnxPolicy.load(path, cell)
    const { latent, data } = await policy.infer(seen)
    const tensors = new Features(policy.contract, cell).fill(seen)
    const want = Object.entries(INPUTS).flatMap(([name, { dtype }]) => numbers(tensors[name], dtype))
    expect([...latent!]).toEqual(want.map(Math.fround))
    const tenth = new Float32Array(1)
    fromFloat16(Uint16Array.of(0x2e66), tenth)
    expect([...data]).toEqual([tenth[0], -3])
    await policy.close()
  })

  test('has the values of float32, rounded to its own type', () => {
    const tensors = new Features(parseContract(version2Json(cell, INPUTS), 'test'), cell).fill(seen)
    for (const [kind, { dtypes }] of Object.entries(KINDS)) {
      const [first, ...others] = dtypes.map(dtype => numbers(tensors[`observation.${kind}.${dtype}`], dtype))
      others.forEach((values, i) => {
        const dtype = dtypes[i + 1]
        const whole = dtype === 'uint8' && kind === 'image'
        const want = whole ? first.map(value => value * 255) : first
        const nearness = whole ? 0.501 : dtype === 'float16' ? 2 ** -11 : 2 ** -24
        values.forEach((value, k) =>
          expect(Math.abs(value - want[k]), `${kind} ${dtype}`).toBeLessThanOrEqual(
            whole ? nearness : nearness * Math.abs(want[k]) + 2 ** -25,
          ),
        )
      })
    }
  })

  test.each([
    ['vector', 'uint8', 'inputs.x.dtype: expected "float32" or "float16" or "float64", got "uint8"'],
    ['tokens', 'float32', 'inputs.x.dtype: expected "int64" or "int32", got "float32"'],
    ['image', 'int32', 'inputs.x.dtype: expected "float32" or "uint8" or "float16", got "int32"'],
  ] as const)('%s is not of type %s', (kind, dtype, message) => {
    const { dtypes: _dtypes, ...input } = KINDS[kind]
    const json = version2Json(cell, { x: { ...input, dtype } })
    expect(() => parseContract(json, 'm.onnx')).toThrow(`m.onnx: not a policy contract: ${message}`)
  })

  test('is of version 2 of the contract', () => {
    const { dtypes: _dtypes, ...input } = KINDS.vector
    const json = { ...version2Json(cell, { x: { ...input, dtype: 'float16' } }), version: 1 }
    expect(() => parseContract(json, 'm.onnx')).toThrow('inputs.x.dtype: expected "float32", got "float16"')
  })
})
