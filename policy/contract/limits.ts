import { z } from 'zod'

/** The schema of limits: the least and the largest value of each value or column, or null for none. */
export const limitsSchema = z
  .array(
    z
      .tuple([z.number(), z.number()], { error: 'expected [least, largest], or null for none' })
      .refine(([least, largest]) => least < largest, { error: 'the first is not below the second' })
      .readonly()
      .nullable(),
  )
  .readonly()

/** The range of each value, in SI units. null: the value has none. */
export type Limits = z.output<typeof limitsSchema>
/** The least and the largest value of a number. */
export type Range = NonNullable<Limits[number]>

/** The limits of values that have these ranges. Undefined: none has one. */
export function limitsOf(ranges: readonly (Range | undefined)[]): Limits | undefined {
  return ranges.some(range => range !== undefined) ? ranges.map(range => range ?? null) : undefined
}
