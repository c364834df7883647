import { elements, type DType } from '../contract/contract.js'

export type TensorData = Float32Array | BigInt64Array | Uint8Array

/** A tensor's place in a block of memory. */
export interface Slot {
  readonly name: string
  readonly dtype: DType
  readonly shape: readonly number[]
  /** Bytes from the block's start. */
  readonly offset: number
}

const BYTES: Readonly<Record<DType, number>> = { float32: 4, int64: 8, uint8: 1 }
const ALIGNMENT = 64

/** Tensors one after another, each at a multiple of 64 bytes, from `start` on; `end` is the block's length so far. */
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
    end += Math.ceil((elements(shape) * BYTES[dtype]) / ALIGNMENT) * ALIGNMENT
  }
  return { slots, end }
}

/** The typed array of a slot, on its block. */
export function view(slot: Slot, memory: ArrayBufferLike): TensorData {
  const length = elements(slot.shape)
  switch (slot.dtype) {
    case 'float32':
      return new Float32Array(memory, slot.offset, length)
    case 'int64':
      return new BigInt64Array(memory, slot.offset, length)
    case 'uint8':
      return new Uint8Array(memory, slot.offset, length)
  }
}
