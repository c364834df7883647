import { InvalidArgumentError, Option } from 'commander'
import type { z } from 'zod'
import { messageOf, UsageError } from '../app/output/output.js'
import { PRECISION_HELP, PRECISIONS } from '../app/policies/models.js'
import { readWholeNumber, wholeNumber } from '../app/whole-number.js'
import { namespaceSchema } from '../robots/schema.js'
import { quantityRange, toSI, type QuantityRange } from '../robots/units.js'

/** `--precision`: which of a model's two files. */
export const precision = (): Option => new Option('--precision <p>', PRECISION_HELP).choices(PRECISIONS)

/** `--overwrite`, of every command that writes where a user says. */
export const overwrite = (): Option =>
  new Option('--overwrite', 'replace outputs that are there already, once the new ones are whole (default: refused)')

/** For commander: the value that `read` makes of a text and that `schema` allows. The message is theirs. */
export function argument<Value>(schema: z.ZodType<Value>, read: (text: string) => unknown): (text: string) => Value {
  return text => {
    const value = schema.safeParse(readOrRefuse(read, text))
    if (!value.success) throw new InvalidArgumentError(value.error.issues[0]!.message)
    return value.data
  }
}

function readOrRefuse(read: (text: string) => unknown, text: string): unknown {
  try {
    return read(text)
  } catch (error) {
    throw error instanceof UsageError ? new InvalidArgumentError(error.message) : error
  }
}

/** A whole number of at least `least` and at most `most`, for commander. */
export const integer = (least: number, most = Infinity): ((text: string) => number) =>
  argument(wholeNumber(least, most), readWholeNumber)

/** A number of times real time, or `max`, for commander. */
export function rate(text: string): number | 'max' {
  if (text === 'max') return 'max'
  const value = Number(text)
  if (!(value >= 0.001 && value <= 1000))
    throw new InvalidArgumentError('expected a number from 0.001 to 1000, or max.')
  return value
}

/** A number from 0 to `most`, for commander. */
export function amount(most: number): (text: string) => number {
  return text => {
    const value = Number(text)
    if (text.trim() === '' || !(value >= 0 && value <= most))
      throw new InvalidArgumentError(`expected a number from 0 to ${most}.`)
    return value
  }
}

const TIME = quantityRange('time', '0 s', '1 hour')
const SPAN = quantityRange('time', '1 ms', '1 hour')

/** A time with its unit (`500 ms`) of at most an hour, for commander; in s. */
export function duration(text: string): number {
  return timeIn(text, TIME)
}

/** A `duration` of at least a millisecond, for commander. */
export function span(text: string): number {
  return timeIn(text, SPAN)
}

function timeIn(text: string, range: QuantityRange): number {
  try {
    return toSI(text, 'time', range)
  } catch (error) {
    throw new InvalidArgumentError(`${messageOf(error)}.`)
  }
}

/** A namespace as ROS writes it, such as /left. */
export function namespace(text: string): string {
  const parsed = namespaceSchema.safeParse(text)
  if (!parsed.success) throw new InvalidArgumentError(`${parsed.error.issues[0]!.message}.`)
  return parsed.data
}
