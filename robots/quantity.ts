import { PREFIXES, UNITS } from './unit-table.js'

const BASE = ['kg', 'm', 's', 'A', 'K', 'cd', 'mol', 'rad', 'bit'] as const

/** Powers of the base units, in the order of `BASE`. */
type Dimensions = readonly number[]

/** A quantity in SI. */
export interface Quantity {
  readonly value: number
  readonly dimensions: Dimensions
}

interface Unit {
  readonly name: string
  readonly size: number
  readonly prefixes: Readonly<Record<string, number>>
  readonly offset: number
  readonly dimensions: Dimensions
}

/** Of `kg m2 s-3`. */
function dimensionsOf(product: string): Dimensions {
  const factors = product.split(' ').map(factor => /^([A-Za-z]+)(-?\d+)?$/.exec(factor))
  return BASE.map(base => {
    const factor = factors.find(match => match?.[1] === base)
    return factor ? Number(factor[2] ?? 1) : 0
  })
}

/** By name, in the order of the table. */
const units = new Map<string, Unit>()
for (const [product, rows] of Object.entries(UNITS)) {
  const dimensions = dimensionsOf(product)
  for (const [names, size, prefixes, offset = 0] of rows) {
    for (const name of names.split(' '))
      units.set(name, { name, size, prefixes: PREFIXES[prefixes], offset, dimensions })
  }
}

/** `mm`: the unit m, of which one mm is 0.001. */
function find(word: string): { readonly unit: Unit; readonly prefix: number } | undefined {
  const exact = units.get(word)
  if (exact) return { unit: exact, prefix: 1 }
  for (const unit of units.values()) {
    if (!word.endsWith(unit.name)) continue
    const prefix = word.slice(0, word.length - unit.name.length)
    const factor = Object.hasOwn(unit.prefixes, prefix) ? unit.prefixes[prefix] : undefined
    if (factor !== undefined) return { unit, prefix: factor }
  }
  return undefined
}

const NUMBER = /[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/y
const SPACE = / */y
const WORD = /[A-Za-z0-9]*/y
const POWER = /\^ */y
const OPERATOR = /[*/]/y

/**
 * Reads a number and a product of units after it: `5 kg m / s^2`. A `/` is for the one unit behind it. A temperature
 * alone is taken from its own zero (`20 degC` is 293.15 K), within a product it is a difference. Throws a SyntaxError
 * that says what cannot be read.
 */
export function parseQuantity(text: string): Quantity {
  let at = 0
  const take = (pattern: RegExp): string => {
    pattern.lastIndex = at
    const found = pattern.exec(text)?.[0] ?? ''
    at += found.length
    return found
  }
  const number = take(NUMBER)
  let value = Number(number)
  const dimensions = BASE.map(() => 0)
  const factors: { readonly unit: Unit; readonly power: number }[] = []
  let operator = ''
  for (take(SPACE); at < text.length; take(SPACE)) {
    const start = at
    const word = take(WORD)
    if (!/^[A-Za-z]/.test(word)) throw new SyntaxError(`Unexpected "${text[start]}" in "${text}" at index ${at}`)
    const found = find(word)
    if (!found) throw new SyntaxError(`Unit "${word}" not found.`)
    take(SPACE)
    let power = operator === '/' ? -1 : 1
    if (take(POWER) !== '') {
      const exponent = take(NUMBER)
      if (exponent === '') throw new SyntaxError(`In "${text}", "^" must be followed by a floating-point number`)
      power *= Number(exponent)
    }
    const { unit, prefix } = found
    factors.push({ unit, power })
    value *= (unit.size * prefix) ** power
    unit.dimensions.forEach((dimension, i) => (dimensions[i]! += dimension * power))
    take(SPACE)
    operator = take(OPERATOR)
  }
  if (operator !== '') throw new SyntaxError(`Trailing characters: "${text}"`)
  const [first, ...others] = factors
  if (first?.power === 1 && others.length === 0) value += first.unit.size * first.unit.offset
  return { value, dimensions }
}

/** Whether two quantities are of one dimension. */
export const isAlike = (a: Quantity, b: Quantity): boolean =>
  a.dimensions.every((power, i) => Math.abs(power - b.dimensions[i]!) <= 1e-12)
