import type protobufjs from 'protobufjs/minimal.js'
import { protobuf } from '../../peers/commonjs.js'
import { requirePeers } from '../../peers/peers.js'
import { PolicyError } from '../policy-error.js'

type Reader = protobufjs.Reader

/** An input or output of a graph. A dimension that is a name or undefined may have any size. */
export interface GraphTensor {
  readonly name: string
  readonly dtype: string
  readonly shape: readonly (number | string | undefined)[]
}

export type Precision = 'fp32' | 'int8'

/** The contents of an ONNX file without its nodes and weights. */
export interface OnnxModel {
  readonly irVersion: number
  readonly producer: string
  /** By domain; the standard domain is ''. */
  readonly opsets: ReadonlyMap<string, number>
  readonly metadata: ReadonlyMap<string, string>
  readonly inputs: readonly GraphTensor[]
  readonly outputs: readonly GraphTensor[]
  /** Number of values in the initialisers of the graph. */
  readonly parameters: number
  /** `int8`: most weights are stored as 8-bit integers. */
  readonly precision: Precision
  /** Files with weights, as the model names them, and how many bytes of each it needs. */
  readonly external: ReadonlyMap<string, number>
  /** Size of the file in bytes. */
  readonly bytes: number
}

/** Field numbers of onnx.proto3 (IR version 3 and later). */
const MODEL = { irVersion: 1, producer: 2, graph: 7, opset: 8, metadata: 14, functions: 25 } as const
const GRAPH = { node: 1, initializer: 5, input: 11, output: 12, sparse: 15 } as const
const FUNCTION = { node: 7 } as const
const NODE = { attribute: 5 } as const
/** Fields of an attribute that hold tensors, graphs or sparse tensors. */
const ATTRIBUTE = { tensor: 5, graph: 6, tensors: 10, graphs: 11, sparse: 22, sparses: 23 } as const
const SPARSE = { values: 1, indices: 2 } as const
const VALUE = { name: 1, type: 2 } as const
const TYPE = { tensor: 1 } as const
const TENSOR_TYPE = { element: 1, shape: 2 } as const
const SHAPE = { dimension: 1 } as const
const DIMENSION = { value: 1, name: 2 } as const
const TENSOR = { dims: 1, element: 2, name: 8, external: 13 } as const
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
 * Reads the description of a model. Weights are skipped, not copied. `where` names the model in messages. Throws
 * PolicyError `POLICY_NOT_ONNX`.
 */
export function readOnnx(bytes: Uint8Array, where: string): OnnxModel {
  requirePeers(where, 'protobufjs')
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
 * A copy of the model's bytes with these metadata entries. They replace entries with the same keys. Everything else is
 * unchanged.
 */
export function withMetadata(bytes: Uint8Array, entries: Readonly<Record<string, string>>): Uint8Array {
  requirePeers('metadata of an ONNX file', 'protobufjs')
  const kept: Uint8Array[] = []
  const reader = protobuf().Reader.create(bytes)
  while (reader.pos < reader.len) {
    const start = reader.pos
    const tag = reader.uint32()
    const replaced = tag >>> 3 === MODEL.metadata && Object.hasOwn(entries, readEntry(message(reader))[0])
    if (tag >>> 3 !== MODEL.metadata) reader.skipType(tag & 7)
    if (!replaced) kept.push(bytes.subarray(start, reader.pos))
  }
  const writer = protobuf().Writer.create()
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

function readModel(bytes: Uint8Array): OnnxModel | undefined {
  let irVersion = 0
  let producer = ''
  let graph: Graph | undefined
  const opsets = new Map<string, number>()
  const metadata = new Map<string, string>()
  const external = new Map<string, number>()
  fields(protobuf().Reader.create(bytes), {
    [MODEL.irVersion]: reader => {
      irVersion = Number(reader.int64())
    },
    [MODEL.producer]: reader => {
      producer = reader.string()
    },
    [MODEL.graph]: reader => {
      graph = readGraph(message(reader), external)
    },
    [MODEL.opset]: reader => {
      opsets.set(...readOpset(message(reader)))
    },
    [MODEL.metadata]: reader => {
      metadata.set(...readEntry(message(reader)))
    },
    [MODEL.functions]: reader =>
      fields(message(reader), { [FUNCTION.node]: inner => readNode(message(inner), external) }),
  })
  if (graph === undefined || irVersion < 1 || opsets.size === 0) return undefined
  return { irVersion, producer, opsets, metadata, ...graph, external, bytes: bytes.length }
}

type Graph = Pick<OnnxModel, 'inputs' | 'outputs' | 'parameters' | 'precision'>

function readGraph(graph: Reader, external: Map<string, number>): Graph {
  const inputs: GraphTensor[] = []
  const outputs: GraphTensor[] = []
  const initialisers = new Set<string>()
  let parameters = 0
  let integers = 0
  fields(graph, {
    [GRAPH.input]: reader => inputs.push(readValue(message(reader))),
    [GRAPH.output]: reader => outputs.push(readValue(message(reader))),
    [GRAPH.initializer]: reader => {
      const { name, size, dtype } = readTensor(message(reader), external)
      initialisers.add(name)
      parameters += size
      if (dtype === 'int8' || dtype === 'uint8') integers += size
    },
    [GRAPH.sparse]: reader => readSparse(message(reader), external),
    [GRAPH.node]: reader => readNode(message(reader), external),
  })
  // Before IR version 4, all initialisers are listed among the inputs too.
  return {
    inputs: inputs.filter(({ name }) => !initialisers.has(name)),
    outputs,
    parameters,
    precision: 2 * integers > parameters ? 'int8' : 'fp32',
  }
}

/** Finds the external data of a node, whose attributes may hold tensors and whole graphs. */
function readNode(node: Reader, external: Map<string, number>): void {
  const tensor = (reader: Reader): unknown => readTensor(message(reader), external)
  const graph = (reader: Reader): unknown => readGraph(message(reader), external)
  const sparse = (reader: Reader): unknown => readSparse(message(reader), external)
  const attribute: Fields = {
    [ATTRIBUTE.tensor]: tensor,
    [ATTRIBUTE.tensors]: tensor,
    [ATTRIBUTE.graph]: graph,
    [ATTRIBUTE.graphs]: graph,
    [ATTRIBUTE.sparse]: sparse,
    [ATTRIBUTE.sparses]: sparse,
  }
  fields(node, { [NODE.attribute]: reader => fields(message(reader), attribute) })
}

function readSparse(sparse: Reader, external: Map<string, number>): void {
  const tensor = (reader: Reader): unknown => readTensor(message(reader), external)
  fields(sparse, { [SPARSE.values]: tensor, [SPARSE.indices]: tensor })
}

/** Reads what a tensor is, and adds the file of its values where they are not in the model. */
function readTensor(
  tensor: Reader,
  external: Map<string, number>,
): { name: string; size: number; dtype: string | undefined } {
  let name = ''
  let dtype: string | undefined
  let size = 1
  const outside = new Map<string, string>()
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
    [TENSOR.external]: reader => {
      outside.set(...readEntry(message(reader)))
    },
  })
  const location = outside.get('location')
  if (location !== undefined) {
    const end = Number(outside.get('offset') ?? 0) + Number(outside.get('length') ?? 0)
    external.set(location, Math.max(external.get(location) ?? 0, end))
  }
  return { name, size, dtype }
}

function readValue(value: Reader): GraphTensor {
  let name = ''
  let dtype = 'undefined'
  const shape: (number | string | undefined)[] = []
  const dimension: Fields = {
    [SHAPE.dimension]: reader => {
      let length: number | string | undefined
      fields(message(reader), {
        // Some exporters write 0 or -1 for any size.
        [DIMENSION.value]: inner => {
          const value = Number(inner.int64())
          length = value > 0 ? value : undefined
        },
        [DIMENSION.name]: inner => {
          const name = inner.string()
          length = name === '' ? undefined : name
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

/** Passes each field of a message to its reader. Fields without a reader are skipped. */
function fields(reader: Reader, readers: Fields): void {
  while (reader.pos < reader.len) {
    const tag = reader.uint32()
    const wire = tag & 7
    const read = readers[tag >>> 3]
    if (read !== undefined && (wire === VARINT || wire === DELIMITED)) read(reader, wire)
    else reader.skipType(wire)
  }
}

/** The embedded message that comes next, without a copy of its bytes. */
function message(reader: Reader): Reader {
  const length = reader.uint32()
  const start = reader.pos
  reader.skip(length)
  return protobuf().Reader.create(reader.buf.subarray(start, start + length))
}
