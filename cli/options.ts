import { InvalidArgumentError, Option } from 'commander'
import { namespaceSchema } from '../fusion/robot/schema.js'
import { toSI } from '../fusion/robot/units.js'

/** `--precision`: which of a model's two files. */
export const precision = (): Option => new Option('--precision <p>', 'NAME.onnx (fp32) or the NAME.int8.onnx beside it; left out, the file that --policy names, or the int8 one that comes with prehend').choices(['fp32', 'int8'])

/** A whole number of at least `least` and at most `most`, for commander. */
export function integer(least: number, most = Infinity): (text: string) => number {
  return text => {
    const value = Number(text)
    if (!/^[+-]?\d+$/.test(text) || !Number.isSafeInteger(value) || value < least || value > most) {
      throw new InvalidArgumentError(`expected a whole number ${most === Infinity ? `of at least ${least}` : `from ${least} to ${most}`}.`)
    }
    return value
  }
}

/** A positive number or `max`, for commander. */
export function rate(text: string): number | 'max' {
  if (text === 'max') return 'max'
  const value = Number(text)
  if (!(value > 0) || !Number.isFinite(value)) throw new InvalidArgumentError('expected a positive number or max.')
  return value
}

/** A non-negative number, for commander. */
export function amount(text: string): number {
  const value = Number(text)
  if (text.trim() === '' || !(value >= 0) || !Number.isFinite(value)) throw new InvalidArgumentError('expected a number of at least 0.')
  return value
}

/** A time with its unit (`500 ms`), for commander; in s, at least 0. */
export function duration(text: string): number {
  let value
  try {
    value = toSI(text, 'time')
  } catch (error) {
    throw new InvalidArgumentError(`${error instanceof Error ? error.message : String(error)}.`)
  }
  if (value < 0) throw new InvalidArgumentError('expected a time of at least 0.')
  return value
}

/** A `duration` above 0, for commander. */
export function span(text: string): number {
  const value = duration(text)
  if (value === 0) throw new InvalidArgumentError('expected a time above 0.')
  return value
}

/** A namespace as ROS writes it, such as /left. */
export function namespace(text: string): string {
  const parsed = namespaceSchema.safeParse(text)
  if (!parsed.success) throw new InvalidArgumentError(`${parsed.error.issues[0].message}.`)
  return parsed.data
}
