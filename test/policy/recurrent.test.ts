import { afterAll, describe, expect, test } from 'vitest'
import type { Observation } from '../../fusion/observation.js'
import { CONTRACT_KEY } from '../../policy/contract/contract.js'
import { OnnxPolicy } from '../../policy/runtime/onnx-policy.js'
import {
  cell,
  fullValues,
  observation,
  onnxBytes,
  Scratch,
  version2Json,
  type ModelInfo,
  type TensorInfo,
} from './onnx-models.js'

const scratch = new Scratch()
afterAll(() => scratch.remove())

const STATES = {
  h_in: { as: 'state', output: 'h_out', dtype: 'float32', shape: [1, 1] },
  steps: { as: 'state', output: 'steps_out', dtype: 'int64', shape: [1] },
}
const WIDTH = { dtype: 'float32', shape: [1, 1], as: 'vector', from: ['gripper'] }

interface Outputs {
  readonly h?: TensorInfo
  readonly states?: Record<string, object>
}

/** h becomes h / 2 + width, steps become steps + 1. The chunk is h and the steps; the latent is h too. */
function model({ h = { name: 'h_out', dtype: 'float32', shape: [1, 1] }, states = STATES }: Outputs = {}): ModelInfo {
  const inputs = { width: WIDTH, ...states }
  const json = version2Json(cell, inputs, { latent: { dtype: 'float32', shape: [1, 1] } })
  return {
    inputs: [
      { name: 'width', dtype: 'float32', shape: [1, 1] },
      { name: 'h_in', dtype: 'float32', shape: [1, 1] },
      { name: 'steps', dtype: 'int64', shape: [1] },
    ],
    outputs: [
      { name: 'action_chunk', dtype: 'float32', shape: [1, 1, 2] },
      { name: 'latent', dtype: 'float32', shape: [1, 1] },
      h,
      { name: 'steps_out', dtype: 'int64', shape: [1] },
    ],
    initialisers: [
      { name: 'half', shape: [1], data: Float32Array.of(0.5) },
      { name: 'one', shape: [1], data: BigInt64Array.of(1n) },
      { name: 'row', shape: [3], data: BigInt64Array.of(1n, 1n, 2n) },
      { name: 'pair', shape: [2], data: BigInt64Array.of(1n, 1n) },
    ],
    nodes: [
      { op: 'Mul', inputs: ['h_in', 'half'], outputs: ['faded'] },
      { op: 'Add', inputs: ['faded', 'width'], outputs: ['h_out'] },
      { op: 'Add', inputs: ['steps', 'one'], outputs: ['steps_out'] },
      { op: 'Identity', inputs: ['h_out'], outputs: ['latent'] },
      { op: 'Cast', inputs: ['steps_out'], outputs: ['counted'], attributes: { to: 1 } },
      { op: 'Reshape', inputs: ['counted', 'pair'], outputs: ['count'] },
      { op: 'Concat', inputs: ['h_out', 'count'], outputs: ['flat'], attributes: { axis: 1 } },
      { op: 'Reshape', inputs: ['flat', 'row'], outputs: ['action_chunk'] },
    ],
    metadata: { [CONTRACT_KEY]: JSON.stringify(json) },
  }
}

const at = (index: number, width: number, episode = 0): Observation => ({
  ...observation({ ...fullValues(), gripper: { kind: 'vector', data: Float64Array.of(width) } }, 1e9 + index * 33e6),
  index,
  episode,
})

const file = scratch.file('recurrent.onnx', onnxBytes(model()))

/** What the policy answers to these observations, asked for all at once. */
async function answers(policy: OnnxPolicy, seen: readonly Observation[]): Promise<number[][]> {
  const chunks = await Promise.all(seen.map(each => policy.infer(each)))
  return chunks.map(({ data, latent }) => [...data, latent![0]])
}

describe('a recurrent state', () => {
  test('is the output of the run before, zeros at the start of an episode and after a jump of time', async () => {
    const policy = await OnnxPolicy.load(file, cell)
    const seen = [at(0, 1), at(1, 2), at(2, 4), at(3, 1, 1), at(4, 1, 1)]
    const want = [
      [1, 1, 1],
      [2.5, 2, 2.5],
      [5.25, 3, 5.25],
      [1, 1, 1],
      [1.5, 2, 1.5],
    ]
    expect(await answers(policy, seen)).toEqual(want)
    // Another aligner counts its observations from 0 again.
    expect(await answers(policy, seen)).toEqual(want)
    await policy.close()
  })

  test('begins with its initial values, of its type', async () => {
    const states = { h_in: { ...STATES.h_in, initial: [4] }, steps: { ...STATES.steps, initial: 7 } }
    const policy = await OnnxPolicy.load(scratch.file('initial.onnx', onnxBytes(model({ states }))), cell)
    const want = [
      [3, 8, 3],
      [2.5, 9, 2.5],
      [3, 8, 3],
    ]
    expect(await answers(policy, [at(0, 1), at(1, 1), at(2, 1, 1)])).toEqual(want)
    await policy.close()
    const wrong = scratch.file(
      'long.onnx',
      onnxBytes(model({ states: { ...states, h_in: { ...STATES.h_in, initial: [1, 2] } } })),
    )
    await expect(OnnxPolicy.load(wrong, cell)).rejects.toThrow(/initial has 2 numbers, the state 1: write one, or 1/)
  })

  test('is not changed by an observation that is refused', async () => {
    const policy = await OnnxPolicy.load(file, cell)
    const wrong = { ...at(1, 0, 1), values: new Map([['gripper', { kind: 'vector', data: new Float64Array(2) }]]) }
    expect(await answers(policy, [at(0, 1)])).toEqual([[1, 1, 1]])
    await expect(policy.infer(wrong as Observation)).rejects.toMatchObject({ code: 'POLICY_INPUT' })
    // The episode that began with the refused one begins with the next.
    expect(await answers(policy, [at(2, 3, 1), at(3, 3, 1)])).toEqual([
      [3, 1, 3],
      [4.5, 2, 4.5],
    ])
    await policy.close()
  })

  test.each([
    [
      { h: { name: 'h_out', dtype: 'float32', shape: [1, 2] } },
      'input h_in: is float32 [1, 1], and its output h_out float32 [1, 2]; a state has one type and one shape',
    ],
    [
      { states: { ...STATES, steps: { ...STATES.steps, output: 'h_out' } } },
      'input steps: is int64 [1], and its output h_out float32 [1, 1]; a state has one type and one shape',
    ],
    [
      { states: { ...STATES, h_in: { ...STATES.h_in, output: 'hidden' } } },
      'input h_in: its output hidden is not in the graph (it has action_chunk, latent, h_out, steps_out)',
    ],
  ] as [Outputs, string][])('that does not fit the graph is refused in one line: %o', async (outputs, message) => {
    const path = scratch.file('wrong.onnx', onnxBytes(model(outputs)))
    await expect(OnnxPolicy.load(path, cell)).rejects.toMatchObject({
      code: 'POLICY_GRAPH',
      message: `${path}: its contract and its graph differ: ${message}`,
    })
  })
})
