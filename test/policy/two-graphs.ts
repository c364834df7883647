import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { CONTRACT_KEY } from '../../policy/contract/contract.js'
import type { Robot } from '../../robots/robot.js'
import { onnxBytes, type ModelInfo, type Scratch, type TensorInfo } from './onnx-models.js'

/** An encoder and a head for the streams rgb, tool and wrench of a robot with an arm and a gripper, and what they compute. */

const WIDTH = 0.06
const EFFORT = 30
/** The arm's columns in m and rad are this times the graph's numbers. */
export const SCALE = 1e-4
/** Number of ticks in the history of the head. */
export const FELT = 3

const robotOf = ({ name, sha256, canonical }: Robot) => ({ name, sha256, canonical })

/** latent is the mean of the picture (0 to 1), and the sum of the tool's pose. */
export function encoderContract(robot: Robot) {
  return {
    version: 2,
    name: 'eyes',
    robot: robotOf(robot),
    inputs: {
      picture: { as: 'image', dtype: 'float32', shape: [1, 3, 6, 8], from: ['rgb'] },
      pose: { as: 'vector', dtype: 'float32', shape: [1, 7], from: ['tool'] },
    } as Record<string, object>,
    features: { latent: { dtype: 'float32', shape: [1, 2] } } as Record<string, object>,
  }
}

const tensors = (specs: Record<string, object>): TensorInfo[] =>
  Object.entries(specs).map(([name, spec]) => ({ name, ...(spec as Omit<TensorInfo, 'name'>) }))

export function encoderModel(json: ReturnType<typeof encoderContract>): ModelInfo {
  return {
    inputs: tensors(json.inputs),
    outputs: [{ name: 'latent', dtype: 'float32', shape: [1, 2] }],
    initialisers: [{ name: 'one', shape: [2], data: BigInt64Array.of(1n, 1n) }],
    nodes: [
      { op: 'ReduceMean', inputs: ['picture'], outputs: ['seen'], attributes: { keepdims: 0 } },
      { op: 'ReduceSum', inputs: ['pose'], outputs: ['there'], attributes: { keepdims: 0 } },
      { op: 'Reshape', inputs: ['seen', 'one'], outputs: ['a'] },
      { op: 'Reshape', inputs: ['there', 'one'], outputs: ['b'] },
      { op: 'Concat', inputs: ['a', 'b'], outputs: ['latent'], attributes: { axis: 1 } },
    ],
    metadata: { [CONTRACT_KEY]: JSON.stringify(json) },
  }
}

/** One row: latent, then the force along z at the tick and two ticks before, then a width and an effort. */
export function headContract(robot: Robot, sha256: string) {
  return {
    version: 2,
    name: 'hand',
    robot: robotOf(robot),
    tick: { period: 0.01 } as object | undefined,
    encoder: { sha256, max_age: 0.2 } as object | undefined,
    inputs: {
      latent: { as: 'feature', output: 'latent', dtype: 'float32', shape: [1, 2] },
      felt: { as: 'window', dtype: 'float32', shape: [1, FELT, 6], from: ['wrench'], history: { ticks: FELT } },
    } as Record<string, object>,
    outputs: {
      action_chunk: {
        dtype: 'float32',
        shape: [1, 1, 6],
        rate: 10,
        groups: [
          { name: 'arm', kind: 'pose', counts: 'offset', rotation: 'yaw', frame: 'tool', scale: SCALE },
          { name: 'gripper', kind: 'gripper', channels: ['width', 'effort'] },
        ],
      },
    },
  }
}

export function headModel(json: ReturnType<typeof headContract>): ModelInfo {
  return {
    inputs: tensors(json.inputs),
    outputs: [{ name: 'action_chunk', dtype: 'float32', shape: [1, 1, 6] }],
    initialisers: [
      { name: 'flat', shape: [2], data: BigInt64Array.of(1n, BigInt(6 * FELT)) },
      { name: 'z', shape: [2], data: BigInt64Array.of(BigInt(6 * FELT - 4), 2n) },
      { name: 'grip', shape: [1, 2], data: Float32Array.of(WIDTH, EFFORT) },
      { name: 'row', shape: [3], data: BigInt64Array.of(1n, 1n, 6n) },
    ],
    nodes: [
      { op: 'Reshape', inputs: ['felt', 'flat'], outputs: ['all'] },
      { op: 'Gather', inputs: ['all', 'z'], outputs: ['forces'], attributes: { axis: 1 } },
      { op: 'Concat', inputs: ['latent', 'forces', 'grip'], outputs: ['values'], attributes: { axis: 1 } },
      { op: 'Reshape', inputs: ['values', 'row'], outputs: ['action_chunk'] },
    ],
    metadata: { [CONTRACT_KEY]: JSON.stringify(json) },
  }
}

/** What the head answers, by hand. `forces`: along z at the tick and at the oldest tick of its history. */
export function rowByHand(latent: readonly number[], forces: readonly number[]): number[] {
  const arm = [...latent, ...forces].map(value => Math.fround(Math.fround(value) * SCALE))
  return [...arm, Math.fround(WIDTH), EFFORT]
}

export interface TwoGraphs {
  readonly head: string
  readonly encoder: string
}

/** Changes to the fixtures, for what does not fit. */
export interface TwoGraphsOptions {
  readonly encoder?: (json: ReturnType<typeof encoderContract>) => void
  readonly head?: (json: ReturnType<typeof headContract>) => void
}

/** Writes both files. `name` begins their names. */
export function writeTwoGraphs(
  scratch: Scratch,
  robot: Robot,
  name = '',
  { encoder, head }: TwoGraphsOptions = {},
): TwoGraphs {
  const eyes = encoderContract(robot)
  encoder?.(eyes)
  const bytes = onnxBytes(encoderModel(eyes))
  const hand = headContract(robot, createHash('sha256').update(bytes).digest('hex'))
  head?.(hand)
  scratch.file(`${name}encoder.onnx`, bytes)
  scratch.file(`${name}head.onnx`, onnxBytes(headModel(hand)))
  return { head: join(scratch.path, `${name}head.onnx`), encoder: join(scratch.path, `${name}encoder.onnx`) }
}
