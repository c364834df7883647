import fc from 'fast-check'
import { unit, Unit } from 'mathjs'
import { describe, expect, it } from 'vitest'
import { parseQuantity } from '../../robots/quantity.js'

/** mathjs, as a reference: all units that it knows, and how it reads a product of them. */
const { UNITS, BASE_DIMENSIONS } = Unit as unknown as {
  readonly UNITS: Readonly<Record<string, { readonly prefixes: object }>>
  readonly BASE_DIMENSIONS: readonly string[]
}
/** Its value is an imaginary number. */
const IMAGINARY = 'VAR'
const names = Object.keys(UNITS).filter(name => !name.endsWith(IMAGINARY))

type Read = ReturnType<typeof parseQuantity>

interface Parsed {
  readonly dimensions: readonly number[]
  readonly value: unknown
  toNumber(unit: string): number
}

/** In the dimensions' base units; a temperature from 0 K. */
function reference(text: string): { readonly value: number; readonly dimensions: readonly number[] } {
  const parsed = unit(text) as unknown as Parsed
  const kelvin = BASE_DIMENSIONS.map(name => (name === 'TEMPERATURE' ? 1 : 0))
  const isTemperature = parsed.dimensions.every((power, i) => power === kelvin[i])
  return { value: isTemperature ? parsed.toNumber('K') : Number(parsed.value), dimensions: parsed.dimensions }
}

function outcome<T>(read: (text: string) => T, text: string): T | string {
  try {
    return read(text)
  } catch (error) {
    return (error as Error).message
  }
}

function expectSame(text: string): void {
  const [ours, theirs] = [outcome(parseQuantity, text), outcome(reference, text)]
  if (typeof ours === 'string' || typeof theirs === 'string') {
    expect(ours, text).toBe(theirs)
    return
  }
  const digits = ({ value, dimensions }: Read): string => `${value.toPrecision(12)} ${dimensions.join()}`
  // An assertion for each of 15,000 takes seconds.
  if (digits(ours) === digits(theirs)) return
  // Zero of either sign is one dimension.
  expect(
    ours.dimensions.map(power => power + 0),
    text,
  ).toEqual(theirs.dimensions.map(power => power + 0))
  expect(ours.value.toPrecision(12), text).toBe(theirs.value.toPrecision(12))
}

describe('quantities are read as mathjs reads them', () => {
  it('every unit, with every prefix that it takes, and with those of others', () => {
    const prefixes = new Set(Object.values(UNITS).flatMap(({ prefixes: own }) => Object.keys(own)))
    expect(names.length).toBeGreaterThan(240)
    for (const name of names) for (const prefix of prefixes) expectSame(`2.5 ${prefix}${name}`)
  })

  it('products, quotients and powers, and what is none', () => {
    const word = fc.constantFrom(...names, 'mm', 'kg', 'ms', 'e', 'e3', 'furlong', '3', '^', '^2', '^-1', '^-', '^2e1')
    const text = fc
      .tuple(
        fc.constantFrom('5', '-2.5', '+.5', '1e3', '4e', '3.'),
        fc.array(fc.tuple(fc.constantFrom('', ' ', '  ', '*', ' / ', '/', '-', '^ '), word), { maxLength: 6 }),
      )
      .map(([number, words]) => number + words.flat().join(''))
      // An operator right behind the number is no quantity of ours.
      .filter(made => !/^[^A-Za-z]*[*/]/.test(made.replace(/^[+-]?[\d.]+([eE][+-]?\d+)?/, '')) && !/\.$/.test(made))
    fc.assert(fc.property(text, expectSame), { numRuns: 3000 })
  })
})
