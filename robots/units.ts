import { isAlike, parseQuantity, type Quantity } from './quantity.js'

/** The SI unit of each dimension, and an example with a unit. Robot files use the dimensions down to the acceleration. */
const DIMENSIONS = {
  time: { si: 's', example: '40 ms' },
  rate: { si: 'Hz', example: '30 Hz' },
  length: { si: 'm', example: '85 mm' },
  force: { si: 'N', example: '40 N' },
  speed: { si: 'm/s', example: '0.35 m/s' },
  'angular acceleration': { si: 'rad/s^2', example: '10 rad/s^2' },
  'angular speed': { si: 'rad/s', example: '180 deg/s' },
  angle: { si: 'rad', example: '90 deg' },
  torque: { si: 'N m', example: '2 N m' },
  acceleration: { si: 'm/s^2', example: '1 m/s^2' },
  mass: { si: 'kg', example: '0.1 kg' },
  temperature: { si: 'K', example: '300 K' },
  area: { si: 'm^2', example: '1 m^2' },
} as const

export type Dimension = keyof typeof DIMENSIONS

/** `a length`, `an angle`. */
export const article = (dimension: Dimension): string => `${/^[aeiou]/.test(dimension) ? 'an' : 'a'} ${dimension}`

/** The SI unit and an example of a dimension, for messages and documents. */
export function describeDimension(dimension: Dimension): { readonly si: string; readonly example: string } {
  return DIMENSIONS[dimension]
}

/**
 * A number followed by unit words. Nothing else is read, so no text of a robot file is ever evaluated as an expression.
 */
const QUANTITY = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*([A-Za-z][A-Za-z0-9 /*^-]*)?$/

/**
 * Reads `85 mm` (or a plain number, taken as SI) as a number in the SI unit of `dimension`, rounded to 12 significant
 * digits so that two spellings of one quantity are one number. Throws a RangeError that says what was got and what was
 * wanted; also where it is not finite or outside `range`.
 */
export function toSI(value: number | string, dimension: Dimension, range = anything(dimension)): number {
  const number = read(value, dimension)
  if (number >= range.least && number <= range.most) return number
  throw new RangeError(`got ${JSON.stringify(value)}, must be ${range.text}`)
}

/** The range of a quantity, in the SI unit of its dimension. */
export interface QuantityRange {
  readonly least: number
  readonly most: number
  /** `from 1 mm/s to 10 m/s` */
  readonly text: string
}

/** The range from `least` to `most`, both inclusive and with units: `'1 mm/s'`, `'10 m/s'`. */
export function quantityRange(dimension: Dimension, least: string, most: string): QuantityRange {
  return { least: read(least, dimension), most: read(most, dimension), text: `from ${least} to ${most}` }
}

const anything = (dimension: Dimension): QuantityRange => ({
  least: -Number.MAX_VALUE,
  most: Number.MAX_VALUE,
  text: `finite, ${article(dimension)} such as '${DIMENSIONS[dimension].example}'`,
})

function read(value: number | string, dimension: Dimension): number {
  const wanted = `wanted ${article(dimension)} such as '${DIMENSIONS[dimension].example}'`
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new RangeError(`got ${value}, ${wanted}`)
    return round12(value)
  }
  const text = value.trim()
  if (text.length > 64 || !QUANTITY.test(text))
    throw new RangeError(`cannot read '${text.slice(0, 64)}' as a quantity, ${wanted}`)
  let parsed: Quantity
  try {
    parsed = parseQuantity(text)
  } catch (error) {
    throw new RangeError(`cannot read '${text}': ${error instanceof Error ? error.message : String(error)} ${wanted}`, {
      cause: error,
    })
  }
  if (!isAlike(parsed, one(dimension))) throw new RangeError(`got '${text}' (${nameOf(parsed)}), ${wanted}`)
  return round12(parsed.value)
}

/** One of the SI unit of a dimension. */
const one = (dimension: Dimension): Quantity => parseQuantity(`1 ${DIMENSIONS[dimension].si}`)

function nameOf(parsed: Quantity): string {
  for (const name of Object.keys(DIMENSIONS) as Dimension[]) {
    if (isAlike(parsed, one(name))) return article(name)
  }
  return isAlike(parsed, parseQuantity('1')) ? 'no unit' : 'another dimension'
}

export function round12(value: number): number {
  return Number(value.toPrecision(12)) + 0
}
