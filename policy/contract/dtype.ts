/** The types of tensors that a policy may have, with the bytes of one value. */
export const DTYPE_BYTES = {
  float32: 4,
  float16: 2,
  float64: 8,
  uint8: 1,
  int8: 1,
  int32: 4,
  int64: 8,
  bool: 1,
} as const

export type DType = keyof typeof DTYPE_BYTES

export const DTYPES = Object.keys(DTYPE_BYTES) as DType[]
