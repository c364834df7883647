import { z } from 'zod'
import { elements } from './shape.js'

const perValue = z.union([z.number(), z.array(z.number()).min(1)], {
  error: 'expected a number, or one for each channel or value',
})

/**
 * How the numbers of an input become those that the graph takes: value * scale + bias. One number counts for all. A list
 * has one for each channel of a picture and for each value of a vector, a window or a pyramid, or one for every single
 * number.
 */
export const inputScalingFields = { scale: perValue.optional(), bias: perValue.optional() }

export interface InputScaling {
  readonly scale?: number | readonly number[] | undefined
  readonly bias?: number | readonly number[] | undefined
}

/** What is wrong with the scaling of an input whose one value has this shape. Undefined: nothing. */
export function inputScalingFault(
  { scale, bias }: InputScaling,
  shape: readonly number[],
  dtype: string,
): string | undefined {
  if (scale === undefined && bias === undefined) return undefined
  if (dtype === 'uint8') return 'a picture of whole numbers has no scale and no bias: its graph wants 0 to 255'
  const lengths = [shape[1] ?? 1, elements(shape)]
  for (const [key, given] of [
    ['scale', scale],
    ['bias', bias],
  ] as const)
    if (Array.isArray(given) && !lengths.includes(given.length))
      return `${key} has ${given.length} numbers: write one, or ${[...new Set(lengths)].join(' or ')}`
  return undefined
}
