import { z } from 'zod'
import { unknownName } from './validation.js'
import { article, describeDimension, quantityRange, toSI, type Dimension } from './units.js'

export type Path = readonly PropertyKey[]
/** Throws a RobotError with the place in the file. */
export type Fail = (code: 'ROBOT_UNKNOWN_KEY' | 'ROBOT_UNIT' | 'ROBOT_INVALID', path: Path, message: string) => never

const NS = 1e9

const capital = (text: string): string => text[0]!.toUpperCase() + text.slice(1)

/**
 * The schema of a quantity from `least` to `most`, both inclusive and with their units. A value outside is a mistake,
 * which would otherwise be commanded or waited for. Gives SI units times `scale`.
 */
export function quantity(dimension: Dimension, [least, most]: readonly [string, string], note: string, scale = 1) {
  const { si: unit, example } = describeDimension(dimension)
  const range = quantityRange(dimension, least, most)
  return z
    .union([z.number(), z.string()], { error: `expected ${article(dimension)} such as '${example}', ${range.text}` })
    .transform((value, context) => {
      try {
        const si = toSI(value, dimension, range)
        return scale === 1 ? si : Math.round(si * scale)
      } catch (error) {
        context.addIssue({ code: 'custom', message: (error as RangeError).message, params: { unit: true } })
        return z.NEVER
      }
    })
    .meta({
      description:
        `${note} ${capital(article(dimension))} such as '${example}', ${range.text}; a plain number is in ` +
        `${unit}.`,
    })
}

/** The position of a joint. `unit` is undefined where the file gives a plain number. */
export interface JointPosition {
  readonly value: number
  readonly unit: 'rad' | 'm' | undefined
}

/**
 * The schema of the position of a joint that turns or slides: an angle or a length, by its unit. `least` and `most` are
 * without a unit and hold for rad and for m.
 */
export function angleOrLength([least, most]: readonly [string, string], note: string) {
  const angle = quantityRange('angle', `${least} rad`, `${most} rad`)
  const length = quantityRange('length', `${least} m`, `${most} m`)
  return z
    .union([z.number(), z.string()], { error: "expected an angle such as '90 deg' or a length such as '85 mm'" })
    .transform((value, context): JointPosition => {
      try {
        if (typeof value === 'number') return { value: toSI(value, 'angle', angle), unit: undefined }
        return isLength(value)
          ? { value: toSI(value, 'length', length), unit: 'm' }
          : { value: toSI(value, 'angle', angle), unit: 'rad' }
      } catch (error) {
        context.addIssue({ code: 'custom', message: (error as RangeError).message, params: { unit: true } })
        return z.NEVER
      }
    })
    .meta({ description: `${note} An angle such as '90 deg' or a length such as '85 mm'; a plain number is in SI.` })
}

function isLength(value: string): boolean {
  try {
    toSI(value, 'length')
    return true
  } catch {
    return false
  }
}

/** The schema of a time. Gives whole nanoseconds. */
export const time = (note: string, range: readonly [string, string]) => quantity('time', range, note, NS)

export const range = (dimension: Dimension, ends: readonly [string, string], note: string) =>
  z
    .tuple([quantity(dimension, ends, 'From.'), quantity(dimension, ends, 'To.')], {
      error: `expected two values: [from, to]`,
    })
    .refine(([from, to]) => from < to, { error: 'from must be below to' })
    .meta({ description: note })

export const name = (what: string) =>
  z
    .string({ error: `expected ${what}` })
    .regex(/^[A-Za-z][A-Za-z0-9_-]*$/, { error: `expected ${what}: letters, digits, _ and -, a letter first` })

export const triple = (
  dimension: Dimension,
  ends: readonly [string, string],
  [first, second, third]: readonly [string, string, string],
  note: string,
) =>
  z
    .tuple([quantity(dimension, ends, first), quantity(dimension, ends, second), quantity(dimension, ends, third)], {
      error: `expected three values: [${first}, ${second}, ${third}]`.toLowerCase().replaceAll('.', ''),
    })
    .meta({ description: note })

export const rosType = (known: readonly [string, ...string[]]) =>
  z.enum(known, {
    error: issue =>
      typeof issue.input === 'string'
        ? unknownName('type', issue.input, known)
        : `expected a type: ${known.join(', ')}`,
  })

export const word = <const T extends readonly [string, ...string[]]>(what: string, words: T) =>
  z.enum(words, {
    error: issue =>
      typeof issue.input === 'string'
        ? unknownName(what, issue.input, words)
        : `expected a ${what}: ${words.join(', ')}`,
  })

export const count = (note: string, most: number, least = 1) =>
  z
    .int({ error: `expected a whole number from ${least} to ${most}` })
    .min(least, { error: `must be from ${least} to ${most}` })
    .max(most, { error: `must be from ${least} to ${most}` })
    .meta({ description: note })
