import { z } from 'zod'
import { unknownName } from '../../robots/validation.js'
import type { Limits } from './limits.js'
import { centred, followedBy, inverse, standardised, UNCHANGED, type Affine } from './affine.js'

/** Units that a map may say, each with its SI unit and its size in that. */
const UNITS: ReadonlyMap<string, { readonly si: string; readonly size: number }> = new Map([
  ['deg', { si: 'rad', size: Math.PI / 180 }],
  ['deg/s', { si: 'rad/s', size: Math.PI / 180 }],
  ['mm', { si: 'm', size: 0.001 }],
  ['cm', { si: 'm', size: 0.01 }],
  ['mm/s', { si: 'm/s', size: 0.001 }],
  ['N mm', { si: 'N m', size: 0.001 }],
  ['%', { si: '', size: 0.01 }],
  ...['rad', 'rad/s', 'm', 'm/s', 'N', 'N m', ''].map(si => [si, { si, size: 1 }] as const),
])

const numbers = z.union([z.number(), z.array(z.number()).min(1)], { error: 'expected a number, or one for each value' })
const size = numbers.refine(given => [given].flat().every(each => each !== 0), {
  error: 'has a 0, by which is divided',
})

/** The keys of a map that say how the numbers of a graph differ from SI units. */
export const scalingFields = {
  scale: numbers.optional(),
  bias: numbers.optional(),
  mean: numbers.optional(),
  std: size.optional(),
  min: numbers.optional(),
  max: numbers.optional(),
}

type Fields = { readonly [Key in keyof typeof scalingFields]?: z.output<(typeof scalingFields)[Key]> | undefined }
const KEYS = Object.keys(scalingFields) as (keyof Fields)[]

/** Whether a map says how numbers differ from SI units. */
export function hasScaling(fields: Fields & { readonly unit?: unknown }): boolean {
  return fields.unit !== undefined || KEYS.some(key => fields[key] !== undefined)
}

/** The SI unit for a unit of a map; the unit itself where it is none of those that are converted. */
export const siUnit = (unit: string): string => UNITS.get(unit)?.si ?? unit

/** The size of a unit of a map in its SI unit. Undefined: no such unit. */
const unitSize = (unit: string): number | undefined => UNITS.get(unit)?.size

/** What is wrong with a unit of a map. Undefined: nothing. */
export function unitFault(unit: string): string | undefined {
  return UNITS.has(unit) ? undefined : unknownName('unit', unit, [...UNITS.keys()].filter(Boolean))
}

/** Limits in units, in SI units. `units`: one for all values, or one for each; none: SI units. */
export function limitsInSi(limits: Limits, units: readonly string[]): Limits {
  return limits.map((range, i) => {
    const size = unitSize(units[units.length === 1 ? 0 : i] ?? '') ?? 1
    return range && [range[0] * size, range[1] * size]
  })
}

/** What is wrong with these keys together. Undefined: nothing. */
export function scalingFault(fields: Fields): string | undefined {
  for (const [a, b] of [
    ['mean', 'std'],
    ['min', 'max'],
  ] as const)
    if ((fields[a] === undefined) !== (fields[b] === undefined))
      return fields[a] === undefined ? `${b} without ${a}` : `${a} without ${b}`
  if (fields.mean !== undefined && fields.min !== undefined) return 'either mean and std, or min and max'
  const lists = KEYS.filter(key => Array.isArray(fields[key]))
  const length = (key: keyof Fields): number => (fields[key] as readonly number[]).length
  const other = lists.find(key => length(key) !== length(lists[0]!))
  if (other !== undefined)
    return `${lists[0]!} has ${length(lists[0]!)} numbers, ${other} ${length(other)}; they are for the same values`
  const { min, max } = fields
  if (min === undefined || max === undefined) return undefined
  const least = [min].flat()
  const equal = least.findIndex((each, i) => each === (typeof max === 'number' ? max : (max[i] ?? max[0])))
  return equal >= 0
    ? `min and max are both ${least[equal]} (value ${equal}), by whose difference is divided`
    : undefined
}

/**
 * From SI units to the numbers that a graph takes. First the unit, then `scale` and `bias`, then the normalisation:
 * (x - mean) / std, or min to max as -1 to 1.
 */
export function intoGraph({ scale = 1, bias = 0, mean, std, min, max }: Fields, unit: readonly string[]): Affine {
  const sizes = unit.map(each => 1 / (unitSize(each) ?? 1))
  const inUnit: Affine = { scale: sizes.length === 1 ? sizes[0]! : sizes.length === 0 ? 1 : sizes, bias: 0 }
  return followedBy(followedBy(inUnit, { scale, bias }), normalised({ mean, std, min, max }))
}

/**
 * From the numbers that a graph gives to SI units: the normalisation away, then `scale` and `bias`, then the unit.
 * `unit`: one for all numbers, or one for each.
 */
export function outOfGraph({ scale = 1, bias = 0, mean, std, min, max }: Fields, unit: readonly string[]): Affine {
  const away = inverse(normalised({ mean, std, min, max }))
  const sizes = unit.map(each => unitSize(each) ?? 1)
  const toSi = sizes.length === 1 ? sizes[0]! : sizes
  return followedBy(followedBy(away, { scale, bias }), { scale: toSi, bias: 0 })
}

function normalised({ mean, std, min, max }: Pick<Fields, 'mean' | 'std' | 'min' | 'max'>): Affine {
  if (mean !== undefined && std !== undefined) return standardised(mean, std)
  return min !== undefined && max !== undefined ? centred(min, max) : UNCHANGED
}
