import { InvalidArgumentError, Option } from 'commander'
import type { z } from 'zod'
import { EXECUTION_HELP, readExecution } from '../app/option-values/execution.js'
import { readNamespace } from '../app/option-values/namespace.js'
import { readTime } from '../app/option-values/time.js'
import { readWholeNumber, wholeNumber } from '../app/option-values/whole-number.js'
import { UsageError } from '../app/output/output.js'
import { ENCODER_HELP, PRECISION_HELP, PRECISIONS } from '../app/policies/model-path.js'

/** `--precision`: which of a model's two files is used. */
export const precision = (): Option => new Option('--precision <p>', PRECISION_HELP).choices(PRECISIONS)

/** `--encoder`: of a policy that is a head. */
export const encoder = (): Option => new Option('--encoder <file>', ENCODER_HELP)

/** `--execution`: of every command that carries out the chunks of a policy. */
export const execution = (): Option =>
  new Option('--execution <mode>', EXECUTION_HELP).argParser((text: string) => readOrRefuse(readExecution, text))

/** `--overwrite`, of every command that writes to a path of the user's choice. */
export const overwrite = (): Option =>
  new Option('--overwrite', 'replace outputs that are there already, once the new ones are whole (default: refused)')

/**
 * A parser for commander: `read` reads the text, `schema` checks the value. A refusal has the message of the one that
 * refused.
 */
export function argument<Value>(schema: z.ZodType<Value>, read: (text: string) => unknown): (text: string) => Value {
  return text => {
    const value = schema.safeParse(readOrRefuse(read, text))
    if (!value.success) throw new InvalidArgumentError(value.error.issues[0]!.message)
    return value.data
  }
}

/** Calls `read` with a text. Its UsageError becomes commander's error of an argument. */
function readOrRefuse<Value>(read: (text: string) => Value, text: string): Value {
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

/** A time with its unit (`500 ms`) of at most an hour, for commander; in s. */
export const duration = (text: string): number => readOrRefuse(readTime, text)

/** A `duration` of at least a millisecond, for commander. */
export const span = (text: string): number => readOrRefuse(time => readTime(time, '1 ms'), text)

/** A namespace as ROS writes it, such as /left, for commander. */
export const namespace = (text: string): string => readOrRefuse(readNamespace, text)
