import protobuf from 'protobufjs/minimal.js'
import type { Contract } from './contract.js'
import { PolicyError } from '../policy-error.js'

type Reader = protobuf.Reader

/** A graph's input or output. An undefined dimension may have any size. */
export interface GraphTensor {
  readonly name: string
  readonly dtype: string
  readonly shape: readonly (number | undefined)[]
}

export type Precision = 'fp32' | 'int8'

/** What stands in an ONNX file beside its nodes and weights. */
export interface OnnxModel {
  readonly irVersion: number
  readonly producer: string
  /** By domain; the standard one is ''. */
  readonly opsets: ReadonlyMap<string, number>
  readonly metadata: ReadonlyMap<string, string>
  readonly inputs: readonly GraphTensor[]
  readonly outputs: readonly GraphTensor[]
  /** Values in the graph's initialisers. */
  readonly parameters: number
  /** `int8`: its largest weights are stored as 8-bit integers. */
  readonly precision: Precision
  /** Size of the file. */
  readonly bytes: number
}

/** Field numbers of onnx.proto3 (IR version 3 and later). */
const MODEL = { irVersion: 1, producer: 2, graph: 7, opset: 8, metadata: 14 } as const
const GRAPH = { initializer: 5, input: 11, output: 12 } as const
const VALUE = { name: 1, type: 2 } as const
const TYPE = { tensor: 1 } as const
const TENSOR_TYPE = { element: 1, shape: 2 } as const
const SHAPE = { dimension: 1 } as const
const DIMENSION = { value: 1 } as const
const TENSOR = { dims: 1, element: 2, name: 8 } as const
const OPSET = { domain: 1, version: 2 } as const
const ENTRY = { key: 1, value: 2 } as const
const VARINT = 0
const DELIMITED = 2

/** onnx.TensorProto.DataType. */
const DTYPES: readonly string[] = [
  'undefined',
  'float32',
  'uint8',
  'int8',
  'uint16',
  'int16',
  'int32',
  'int64',
  'string',
  'bool',
  'float16',
  'float64',
  'uint32',
  'uint64',
]

/**
 * Reads a model's description; weights are skipped, not copied. `where` names it in messages. Throws PolicyError
 * `POLICY_NOT_ONNX`.
 */
export function readOnnx(bytes: Uint8Array, where: string): OnnxModel {
  try {
    const model = readModel(bytes)
    if (model !== undefined) return model
  } catch (error) {
    throw new PolicyError(
      'POLICY_NOT_ONNX',
      `${where}: not an ONNX model: ${bytes.length === 0 ? 'it is empty' : 'broken or cut off'}; give a ` +
        'complete .onnx file',
      { cause: error },
    )
  }
  throw new PolicyError('POLICY_NOT_ONNX', `${where}: not an ONNX model: it has no graph; give a .onnx file`)
}

/**
 * A copy of the model's bytes in which these metadata entries stand, in place of any of the same keys; all else stays
 * as it is.
 */
export function withMetadata(bytes: Uint8Array, entries: Readonly<Record<string, string>>): Uint8Array {
  const kept: Uint8Array[] = []
  const reader = protobuf.Reader.create(bytes)
  while (reader.pos < reader.len) {
    const start = reader.pos
    const tag = reader.uint32()
    const replaced = tag >>> 3 === MODEL.metadata && Object.hasOwn(entries, readEntry(message(reader))[0])
    if (tag >>> 3 !== MODEL.metadata) reader.skipType(tag & 7)
    if (!replaced) kept.push(bytes.subarray(start, reader.pos))
  }
  const writer = protobuf.Writer.create()
  for (const [key, value] of Object.entries(entries)) {
    writer
      .uint32((MODEL.metadata << 3) | DELIMITED)
      .fork()
      .uint32((ENTRY.key << 3) | DELIMITED)
      .string(key)
      .uint32((ENTRY.value << 3) | DELIMITED)
      .string(value)
      .ldelim()
  }
  return Buffer.concat([...kept, writer.finish()])
}

/**
 * Everything in which a contract and the model's own graph differ (name, dtype, shape), one line each; empty where they
 * agree.
 */
export function checkAgainstGraph(contract: Contract, model: OnnxModel): string[] {
  return [
    ...tensorDifferences('input', contract.inputs, model.inputs),
    ...model.inputs
      .filter(({ name }) => !Object.hasOwn(contract.inputs, name))
      .map(({ name }) => `input ${name}: in the graph, not in the contract`),
    ...tensorDifferences('output', contract.outputs, model.outputs),
  ]
}

function tensorDifferences(
  side: string,
  specs: Readonly<Record<string, { readonly dtype: string; readonly shape: readonly number[] } | undefined>>,
  tensors: readonly GraphTensor[],
): string[] {
  return Object.entries(specs).flatMap(([name, spec]) => {
    if (spec === undefined) return []
    const tensor = tensors.find(candidate => candidate.name === name)
    if (tensor === undefined)
      return [`${side} ${name}: in the contract, not in the graph (it has ${tensors.map(t => t.name).join(', ')})`]
    const differences: string[] = []
    if (tensor.dtype !== spec.dtype)
      differences.push(`${side} ${name}: ${spec.dtype} in the contract, ${tensor.dtype} in the graph`)
    const fits =
      tensor.shape.length === spec.shape.length &&
      tensor.shape.every((length, i) => length === undefined || length === spec.shape[i])
    if (!fits)
      differences.push(
        `${side} ${name}: shape ${shapeText(spec.shape)} in the contract, ${shapeText(tensor.shape)} in the graph`,
      )
    return differences
  })
}

/** `[1, ?, 6]`. */
export function shapeText(shape: readonly (number | undefined)[]): string {
  return `[${shape.map(length => length ?? '?').join(', ')}]`
}

function readModel(bytes: Uint8Array): OnnxModel | undefined {
  let irVersion = 0
  let producer = ''
  let graph: Graph | undefined
  const opsets = new Map<string, number>()
  const metadata = new Map<string, string>()
  fields(protobuf.Reader.create(bytes), {
    [MODEL.irVersion]: reader => {
      irVersion = Number(reader.int64())
    },
    [MODEL.producer]: reader => {
      producer = reader.string()
    },
    [MODEL.graph]: reader => {
      graph = readGraph(message(reader))
    },
    [MODEL.opset]: reader => {
      opsets.set(...readOpset(message(reader)))
    },
    [MODEL.metadata]: reader => {
      metadata.set(...readEntry(message(reader)))
    },
  })
  if (graph === undefined || irVersion < 1 || opsets.size === 0) return undefined
  return { irVersion, producer, opsets, metadata, ...graph, bytes: bytes.length }
}

type Graph = Pick<OnnxModel, 'inputs' | 'outputs' | 'parameters' | 'precision'>

function readGraph(graph: Reader): Graph {
  const inputs: GraphTensor[] = []
  const outputs: GraphTensor[] = []
  const initialisers = new Set<string>()
  let parameters = 0
  let integers = 0
  fields(graph, {
    [GRAPH.input]: reader => inputs.push(readValue(message(reader))),
    [GRAPH.output]: reader => outputs.push(readValue(message(reader))),
    [GRAPH.initializer]: reader => {
      const { name, size, dtype } = readInitialiser(message(reader))
      initialisers.add(name)
      parameters += size
      if (dtype === 'int8' || dtype === 'uint8') integers += size
    },
  })
  // Before IR version 4 every initialiser is listed among the inputs too.
  return {
    inputs: inputs.filter(({ name }) => !initialisers.has(name)),
    outputs,
    parameters,
    precision: 2 * integers > parameters ? 'int8' : 'fp32',
  }
}

function readInitialiser(tensor: Reader): { name: string; size: number; dtype: string | undefined } {
  let name = ''
  let dtype: string | undefined
  let size = 1
  fields(tensor, {
    [TENSOR.dims]: (reader, wire) => {
      const end = wire === DELIMITED ? reader.uint32() + reader.pos : reader.pos + 1
      while (reader.pos < end) size *= Number(reader.int64())
    },
    [TENSOR.element]: reader => {
      dtype = DTYPES[reader.int32()]
    },
    [TENSOR.name]: reader => {
      name = reader.string()
    },
  })
  return { name, size, dtype }
}

function readValue(value: Reader): GraphTensor {
  let name = ''
  let dtype = 'undefined'
  const shape: (number | undefined)[] = []
  const dimension: Fields = {
    [SHAPE.dimension]: reader => {
      let length: number | undefined
      fields(message(reader), {
        [DIMENSION.value]: inner => {
          length = Number(inner.int64())
        },
      })
      shape.push(length)
    },
  }
  const tensorType: Fields = {
    [TENSOR_TYPE.element]: reader => {
      const code = reader.int32()
      dtype = DTYPES[code] ?? `type ${code}`
    },
    [TENSOR_TYPE.shape]: reader => fields(message(reader), dimension),
  }
  fields(value, {
    [VALUE.name]: reader => {
      name = reader.string()
    },
    [VALUE.type]: reader => fields(message(reader), { [TYPE.tensor]: inner => fields(message(inner), tensorType) }),
  })
  return { name, dtype, shape }
}

function readOpset(opset: Reader): [domain: string, version: number] {
  let domain = ''
  let version = 0
  fields(opset, {
    [OPSET.domain]: reader => {
      domain = reader.string()
    },
    [OPSET.version]: reader => {
      version = Number(reader.int64())
    },
  })
  return [domain === 'ai.onnx' ? '' : domain, version]
}

function readEntry(entry: Reader): [key: string, value: string] {
  let key = ''
  let value = ''
  fields(entry, {
    [ENTRY.key]: reader => {
      key = reader.string()
    },
    [ENTRY.value]: reader => {
      value = reader.string()
    },
  })
  return [key, value]
}

type Fields = Readonly<Record<number, (reader: Reader, wire: number) => unknown>>

/** Hands every field of a message that has a reader to it and skips the others. */
function fields(reader: Reader, readers: Fields): void {
  while (reader.pos < reader.len) {
    const tag = reader.uint32()
    const wire = tag & 7
    const read = readers[tag >>> 3]
    if (read !== undefined && (wire === VARINT || wire === DELIMITED)) read(reader, wire)
    else reader.skipType(wire)
  }
}

/** The embedded message that comes next, on the same bytes. */
function message(reader: Reader): Reader {
  const length = reader.uint32()
  const start = reader.pos
  reader.skip(length)
  return protobuf.Reader.create(reader.buf.subarray(start, start + length))
}
