import { DTYPE_BYTES, type DType } from '../contract/dtype.js'
import { elements } from '../contract/shape.js'
import { fromFloat16, toFloat16 } from './float16.js'

/** The values of a tensor. A float16 is its bits (Uint16Array), a bool a byte that is 0 or 1. */
export type TensorData = Float32Array | Float64Array | BigInt64Array | Int32Array | Uint16Array | Uint8Array | Int8Array

/** The place of a tensor in a block of memory. */
export interface Slot {
  readonly name: string
  readonly dtype: DType
  readonly shape: readonly number[]
  /** Bytes from the start of the block. */
  readonly offset: number
}

const ALIGNMENT = 64

/**
 * Places tensors one after another from `start` on, each at a multiple of 64 bytes. `end`: length of the block in
 * bytes.
 */
export function layout(
  specs: Readonly<Record<string, { readonly dtype: DType; readonly shape: readonly number[] } | undefined>>,
  start = 0,
): { readonly slots: readonly Slot[]; readonly end: number } {
  const slots: Slot[] = []
  let end = start
  for (const [name, spec] of Object.entries(specs)) {
    if (spec === undefined) continue
    const { dtype, shape } = spec
    slots.push({ name, dtype, shape, offset: end })
    end += Math.ceil((elements(shape) * DTYPE_BYTES[dtype]) / ALIGNMENT) * ALIGNMENT
  }
  return { slots, end }
}

/** The typed array of a slot, as a view of its block. */
export function view(slot: Slot, memory: ArrayBufferLike): TensorData {
  return arrayOf(slot.dtype, memory, slot.offset, elements(slot.shape))
}

/** A typed array of `length` values in a block of memory. */
export function arrayOf(dtype: DType, memory: ArrayBufferLike, offset: number, length: number): TensorData {
  switch (dtype) {
    case 'float32':
      return new Float32Array(memory, offset, length)
    case 'float16':
      return new Uint16Array(memory, offset, length)
    case 'float64':
      return new Float64Array(memory, offset, length)
    case 'int32':
      return new Int32Array(memory, offset, length)
    case 'int64':
      return new BigInt64Array(memory, offset, length)
    case 'int8':
      return new Int8Array(memory, offset, length)
    case 'uint8':
    case 'bool':
      return new Uint8Array(memory, offset, length)
  }
}

/** Copies values to the values of a tensor: floats to float16 by rounding, whole numbers as they are. */
export function write(from: TensorData, to: TensorData, dtype: DType): void {
  if (dtype === 'float16' && !(from instanceof Uint16Array)) toFloat16(from as Float32Array, to as Uint16Array)
  else if (from instanceof BigInt64Array === to instanceof BigInt64Array)
    (to as { set(all: TensorData): void }).set(from)
  else if (from instanceof BigInt64Array) for (let i = 0; i < from.length; i++) to[i] = Number(from[i])
  else for (let i = 0; i < from.length; i++) to[i] = BigInt(from[i] as number)
}

/** The values of a tensor as float32, in a new array. */
export function float32Of(data: TensorData, dtype: DType): Float32Array {
  const out = new Float32Array(data.length)
  if (dtype === 'float16') fromFloat16(data as Uint16Array, out)
  else if (data instanceof BigInt64Array) out.set(Array.from(data, Number))
  else out.set(data)
  return out
}
