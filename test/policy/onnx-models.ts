import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import protobuf from 'protobufjs/minimal.js'
import { CONTRACT_KEY, parseContract, type Contract } from '../../policy/contract/contract.js'
import type { Observation, Quality, StreamValue } from '../../fusion/observation.js'
import type { Robot } from '../../robots/robot.js'
import { parseRobot } from '../../robots/robot-file.js'

/** ONNX models that are written field by field, for the tests. */
type Writer = protobuf.Writer
type Body = (writer: Writer) => unknown

const CODES: Record<string, number> = {
  float32: 1,
  uint8: 2,
  int8: 3,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  float64: 11,
}

const bytes = (writer: Writer, field: number, body: Body): void => {
  const inner = writer.uint32((field << 3) | 2).fork()
  body(inner)
  inner.ldelim()
}
const text = (writer: Writer, field: number, value: string): void => {
  writer.uint32((field << 3) | 2).string(value)
}
const integer = (writer: Writer, field: number, value: number): void => {
  writer.uint32(field << 3).int64(value)
}

export interface TensorInfo {
  readonly name: string
  readonly dtype: string
  readonly shape: readonly (number | string)[]
}

export interface NodeInfo {
  readonly op: string
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  readonly attributes?: Readonly<Record<string, number>>
}

export interface Initialiser {
  readonly name: string
  readonly shape: readonly number[]
  readonly data: Float32Array | BigInt64Array
  /** The file beside the model that has it. Left out: the model itself. */
  readonly external?: { readonly location: string; readonly offset: number }
}

export interface ModelInfo {
  readonly inputs: readonly TensorInfo[]
  readonly outputs: readonly TensorInfo[]
  readonly nodes: readonly NodeInfo[]
  readonly initialisers?: readonly Initialiser[]
  readonly metadata?: Readonly<Record<string, string>>
}

function valueInfo(writer: Writer, field: number, { name, dtype, shape }: TensorInfo): void {
  bytes(writer, field, value => {
    text(value, 1, name)
    bytes(value, 2, type =>
      bytes(type, 1, tensor => {
        integer(tensor, 1, CODES[dtype])
        bytes(tensor, 2, dims => {
          for (const length of shape) {
            bytes(dims, 1, dim => {
              if (typeof length === 'number') integer(dim, 1, length)
              else text(dim, 2, length)
            })
          }
        })
      }),
    )
  })
}

export function onnxBytes(info: ModelInfo): Uint8Array {
  const model = protobuf.Writer.create()
  integer(model, 1, 8)
  text(model, 2, 'prehend tests')
  bytes(model, 7, graph => {
    info.nodes.forEach((node, i) =>
      bytes(graph, 1, out => {
        for (const name of node.inputs) text(out, 1, name)
        for (const name of node.outputs) text(out, 2, name)
        text(out, 3, `node${i}`)
        text(out, 4, node.op)
        for (const [name, value] of Object.entries(node.attributes ?? {})) {
          bytes(out, 5, attribute => {
            text(attribute, 1, name)
            integer(attribute, 3, value)
            integer(attribute, 20, 2)
          })
        }
      }),
    )
    text(graph, 2, 'test')
    for (const { name, shape, data, external } of info.initialisers ?? []) {
      bytes(graph, 5, tensor => {
        for (const length of shape) integer(tensor, 1, length)
        integer(tensor, 2, data instanceof Float32Array ? 1 : 7)
        text(tensor, 8, name)
        if (external === undefined) {
          tensor.uint32((9 << 3) | 2).bytes(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
        } else {
          for (const [key, value] of Object.entries({ ...external, length: data.byteLength })) {
            bytes(tensor, 13, entry => {
              text(entry, 1, key)
              text(entry, 2, String(value))
            })
          }
          integer(tensor, 14, 1)
        }
      })
    }
    for (const input of info.inputs) valueInfo(graph, 11, input)
    for (const output of info.outputs) valueInfo(graph, 12, output)
  })
  bytes(model, 8, opset => integer(opset, 2, 17))
  for (const [key, value] of Object.entries(info.metadata ?? {})) {
    bytes(model, 14, entry => {
      text(entry, 1, key)
      text(entry, 2, value)
    })
  }
  return model.finish()
}

export const robotText = readFileSync(new URL('../../robots/cell.yaml', import.meta.url), 'utf8')
export const cell = parseRobot(robotText, 'robots/cell.yaml')
export const vocabulary = ['<pad>', '<unk>', 'pick', 'the', 'red', 'box', 'no', 'green', 'one']

/** The shipped policy's contract with pictures of 8 x 6 pixels, as plain JSON. */
export function contractJson() {
  const tensor = (shape: number[], as: string, from: string[], more: object = {}) => ({
    dtype: 'float32',
    shape,
    from,
    as,
    ...more,
  })
  return {
    version: 1,
    name: 'tiny',
    robot: { name: cell.name, sha256: cell.sha256, canonical: cell.canonical },
    inputs: {
      rgbd: tensor([1, 4, 6, 8], 'rgbd', ['rgb', 'depth']),
      force_pyramid: tensor([1, 6, 24], 'pyramid', ['wrench']),
      voice_tokens: tensor([1, 32], 'tokens', ['voice'], { dtype: 'int64', per_event: 8 }),
      voice_age: tensor([1, 4], 'ages', ['voice']),
      proprioception: tensor([1, 8], 'vector', ['tool', 'gripper']),
      modality_mask: tensor([1, 4], 'mask', ['rgb', 'depth', 'wrench', 'voice']),
    } as Record<string, ReturnType<typeof tensor>>,
    outputs: {
      action_chunk: {
        dtype: 'float32',
        shape: [1, 2, 6],
        frame: 'tool',
        rate: 30,
        channels: ['dx', 'dy', 'dz', 'dyaw', 'width', 'effort'].map((name, i) => ({
          name,
          unit: ['m', 'm', 'm', 'rad', 'm', 'N'][i],
        })),
      },
      grasp_success: { dtype: 'float32', shape: [1] },
      gate: { dtype: 'float32', shape: [1, 4] },
      latent: { dtype: 'float32', shape: [1, 8] },
    } as Record<string, { dtype: string; shape: number[] }>,
    vocabulary,
    training: { commit: 'abc', episodes: 3 },
  }
}

/** A contract of version 2 for a robot's streams, with these inputs. Its chunk is a row of two joints. */
export function version2Json(robot: Robot, inputs: Record<string, object>, outputs: Record<string, object> = {}) {
  return {
    version: 2,
    name: 'second',
    robot: { name: robot.name, sha256: robot.sha256, canonical: robot.canonical },
    inputs,
    outputs: {
      action_chunk: {
        dtype: 'float32',
        shape: [1, 1, 2],
        rate: 30,
        groups: [{ name: 'gripper', kind: 'gripper', channels: ['width', 'effort'] }],
      },
      ...outputs,
    },
    vocabulary,
  }
}

export type ContractJson = ReturnType<typeof contractJson>
export const contractOfJson = (json: ContractJson): Contract => parseContract(json, 'test')

/**
 * A model with the given contract. Every output depends on an input: the chunk is a constant plus the first mask value,
 * the gate is the mask, the latent is proprioception, and success is the sum of all other inputs.
 */
export function tinyModel(
  json: ContractJson = contractJson(),
  chunk: readonly number[] = Array.from({ length: 12 }, (_, i) => i / 100),
): ModelInfo {
  const { inputs, outputs } = json
  const rest = Object.keys(inputs).filter(name => name !== 'voice_tokens')
  return {
    inputs: Object.entries(inputs).map(([name, { dtype, shape }]) => ({ name, dtype, shape })),
    outputs: Object.entries(outputs).map(([name, { dtype, shape }]) => ({ name, dtype, shape })),
    initialisers: [
      { name: 'chunk', shape: [1, 2, 6], data: Float32Array.from(chunk) },
      { name: 'one', shape: [1], data: BigInt64Array.of(1n) },
      { name: 'first', shape: [1], data: BigInt64Array.of(0n) },
    ],
    nodes: [
      { op: 'Gather', inputs: ['modality_mask', 'first'], outputs: ['first_mask'], attributes: { axis: 1 } },
      { op: 'Add', inputs: ['chunk', 'first_mask'], outputs: ['action_chunk'] },
      { op: 'Identity', inputs: ['modality_mask'], outputs: ['gate'] },
      { op: 'Identity', inputs: ['proprioception'], outputs: ['latent'] },
      { op: 'Cast', inputs: ['voice_tokens'], outputs: ['words'], attributes: { to: 1 } },
      ...[...rest, 'words'].map(name => ({
        op: 'ReduceSum',
        inputs: [name],
        outputs: [`sum_${name}`],
        attributes: { keepdims: 0 },
      })),
      { op: 'Sum', inputs: [...rest, 'words'].map(name => `sum_${name}`), outputs: ['sum'] },
      { op: 'Reshape', inputs: ['sum', 'one'], outputs: ['grasp_success'] },
    ],
    metadata: { [CONTRACT_KEY]: JSON.stringify(json), other: 'kept ✓' },
  }
}

/** A folder that is removed after the tests of a file. */
export class Scratch {
  readonly path = mkdtempSync(join(tmpdir(), 'prehend-policy-'))

  file(name: string, content: Uint8Array | string): string {
    const path = join(this.path, name)
    writeFileSync(path, content)
    return path
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true })
  }
}

const PRESENT: Quality = { present: true, held: false, age: 0, gap: 0, count: 1 }
const ABSENT: Quality = { ...PRESENT, present: false, count: 0 }

/** An observation with the given values. A value that is undefined is missing. */
export function observation(
  values: Readonly<Record<string, StreamValue | undefined>>,
  stamp = 1_000_000_000,
): Observation {
  const entries = Object.entries(values)
  return {
    index: 0,
    episode: 0,
    stamp,
    emitted: stamp,
    values: new Map(entries),
    quality: new Map(entries.map(([name, value]) => [name, value === undefined ? ABSENT : PRESENT])),
    mask: { rgb: 1, depth: 1, force: 1, voice: 1, proprioception: 1 },
  }
}

/** A value for every stream of the cell. Values differ from place to place. */
export function fullValues(): Record<string, StreamValue> {
  return {
    rgb: {
      kind: 'image',
      width: 8,
      height: 6,
      channels: 3,
      data: Uint8Array.from({ length: 144 }, (_, i) => (i * 37) % 256),
    },
    depth: {
      kind: 'depth',
      width: 8,
      height: 6,
      data: Uint16Array.from({ length: 48 }, (_, i) => (i % 7 === 0 ? 0 : 500 + i)),
    },
    wrench: {
      kind: 'window',
      mean: Float64Array.of(1, 2, 3, 4, 5, 6),
      count: 33,
      pyramid: Float64Array.from({ length: 144 }, (_, i) => Math.sin(i)),
    },
    voice: {
      kind: 'events',
      events: [
        { text: 'Pick the red box!', stamp: 0, ageS: 90, confidence: 1 },
        { text: 'No, the green-one zebra', stamp: 1, ageS: 0.25, confidence: 1 },
      ],
    },
    tool: { kind: 'vector', data: Float64Array.of(0.1, 0.2, 0.3, 0, 0, 0.6, 0.8) },
    gripper: { kind: 'vector', data: Float64Array.of(0.085) },
  }
}
