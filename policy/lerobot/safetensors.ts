import { z } from 'zod'
import { issueText, short, validate } from '../../robots/validation.js'
import { elements } from '../contract/shape.js'
import { PolicyError } from '../policy-error.js'

/** A tensor of a safetensors file. */
export interface SafeTensor {
  readonly shape: readonly number[]
  readonly data: Float64Array
}

/** Bytes of the largest file of statistics that is read, and of its header. */
export const LARGEST_STATISTICS = 1 << 26
const LARGEST_HEADER = 1 << 20
const PREFIX = 8

const whole = z.int().min(0)
const entry = z.strictObject({
  dtype: z.string(),
  shape: z.array(whole),
  data_offsets: z.tuple([whole, whole]),
})
const headerSchema = z.record(z.string(), z.union([entry, z.record(z.string(), z.string())]))

/** The types that are read, with the bytes of a value. */
const READERS: Readonly<
  Record<string, { readonly bytes: number; readonly read: (view: DataView, at: number) => number }>
> = {
  F64: { bytes: 8, read: (view, at) => view.getFloat64(at, true) },
  F32: { bytes: 4, read: (view, at) => view.getFloat32(at, true) },
  I64: { bytes: 8, read: (view, at) => Number(view.getBigInt64(at, true)) },
  I32: { bytes: 4, read: (view, at) => view.getInt32(at, true) },
}

/**
 * Reads a safetensors file (huggingface/safetensors): the length of the header as u64, the header as JSON, then the
 * values, little-endian and row-major. `where` names it in messages. Throws PolicyError `POLICY_CHECKPOINT` where it is
 * broken, too large, or has a type that no statistics have.
 */
export function readSafetensors(bytes: Uint8Array, where: string): ReadonlyMap<string, SafeTensor> {
  const broken = (why: string): PolicyError =>
    new PolicyError('POLICY_CHECKPOINT', `${where}: not a safetensors file of statistics: ${why}`)
  if (bytes.length > LARGEST_STATISTICS) throw broken(`it has ${bytes.length} bytes, at most ${LARGEST_STATISTICS}`)
  if (bytes.length < PREFIX) throw broken('it is cut off')
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const length = Number(view.getBigUint64(0, true))
  if (length > LARGEST_HEADER) throw broken(`its header has ${length} bytes, at most ${LARGEST_HEADER}`)
  const begin = PREFIX + length
  if (begin > bytes.length) throw broken('it is cut off')
  let json: unknown
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(PREFIX, begin)))
  } catch {
    throw broken('its header is not JSON')
  }
  const { data: header, issues } = validate(headerSchema, json)
  if (issues) throw broken(`its header: ${issueText(issues[0]!)}`)
  const tensors = new Map<string, SafeTensor>()
  for (const [name, value] of Object.entries(header)) {
    if (name === '__metadata__') continue
    const { data: given } = entry.safeParse(value)
    if (given === undefined) throw broken(`'${short(name)}' has no type, shape and place`)
    const reader = Object.hasOwn(READERS, given.dtype) ? READERS[given.dtype] : undefined
    if (reader === undefined)
      throw broken(`'${short(name)}' is of the type ${short(given.dtype)}; read are ${Object.keys(READERS).join(', ')}`)
    const [from, to] = given.data_offsets
    const count = elements(given.shape)
    if (to - from !== count * reader.bytes || begin + to > bytes.length)
      throw broken(`the place of '${short(name)}' does not fit its shape or the file`)
    const data = Float64Array.from({ length: count }, (_, i) => reader.read(view, begin + from + i * reader.bytes))
    tensors.set(name, { shape: given.shape, data })
  }
  return tensors
}
