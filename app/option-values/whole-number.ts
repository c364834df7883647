import { z } from 'zod'

/** The schema of a whole number from `least` to `most`. It has one message for everything that is none. */
export function wholeNumber(least: number, most = Infinity): z.ZodType<number> {
  const error = `expected a whole number ${most === Infinity ? `of at least ${least}` : `from ${least} to ${most}`}.`
  const number = z.int({ error }).min(least, { error })
  return most === Infinity ? number : number.max(most, { error })
}

/** The whole number that a text is; NaN where it is none. */
export const readWholeNumber = (text: string): number => (/^[+-]?\d+$/.test(text) ? Number(text) : NaN)
