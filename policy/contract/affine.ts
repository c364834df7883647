/**
 * How numbers are scaled one by one: y = scale * x + bias. A list has one number for each value. A single number counts
 * for all values.
 */
export interface Affine {
  readonly scale: number | readonly number[]
  readonly bias: number | readonly number[]
}

export const UNCHANGED: Affine = { scale: 1, bias: 0 }

type Numbers = number | readonly number[]

const at = (numbers: Numbers, i: number): number => (typeof numbers === 'number' ? numbers : numbers[i]!)

/** Combines two lists of numbers, or single numbers. */
function combine(a: Numbers, b: Numbers, f: (a: number, b: number) => number): Numbers {
  if (typeof a === 'number' && typeof b === 'number') return f(a, b)
  const { length } = typeof a === 'number' ? (b as readonly number[]) : a
  return Array.from({ length }, (_, i) => f(at(a, i), at(b, i)))
}

/** `first`, then `second`: second(first(x)). Lists must be of one length. */
export function followedBy(first: Affine, second: Affine): Affine {
  return {
    scale: combine(second.scale, first.scale, (b, a) => b * a),
    bias: combine(
      combine(second.scale, first.bias, (b, a) => b * a),
      second.bias,
      (a, b) => a + b,
    ),
  }
}

/** The way back: x = (y - bias) / scale. No scale may be 0. */
export function inverse({ scale, bias }: Affine): Affine {
  return {
    scale: combine(scale, 0, s => 1 / s),
    // A bias of 0 stays 0, not -0.
    bias: combine(bias, scale, (b, s) => (b === 0 ? 0 : -b / s)),
  }
}

/** y = (x - mean) / std. */
export function standardised(mean: Numbers, std: Numbers): Affine {
  return inverse({ scale: std, bias: mean })
}

/** The range from `least` to `most` becomes -1 to 1. */
export function centred(least: Numbers, most: Numbers): Affine {
  return inverse({
    scale: combine(most, least, (b, a) => (b - a) / 2),
    bias: combine(most, least, (b, a) => (b + a) / 2),
  })
}
