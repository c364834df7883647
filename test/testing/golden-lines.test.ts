import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { differences, readLines } from '../../testing/golden-lines.js'

const golden = readLines(readFileSync(new URL('../../examples/data/press.jsonl', import.meta.url), 'utf8'))
const [first, ...rest] = golden

test('lines that agree have no differences; a number may differ by 1e-9', () => {
  expect(golden).toHaveLength(5)
  expect(differences(golden, golden)).toEqual([])
  const mean = first.wrenchMean.map(value => value + 5e-10)
  expect(differences([{ ...first, wrenchMean: mean }, ...rest], golden)).toEqual([])
})

test.each([
  [{ wrenchMean: [1, ...first.wrenchMean.slice(1)] }, 'line 0: wrenchMean.0: 1, golden 0'],
  [{ stamp: '0.000000000' }, `line 0: stamp: "0.000000000", golden "${first.stamp}"`],
  [{ rgbSha256: null }, `line 0: rgbSha256: null, golden "${first.rgbSha256}"`],
  [{ wrenchMean: first.wrenchMean.slice(1) }, 'line 0: wrenchMean.5: undefined, golden 0'],
  [{ mask: { ...first.mask, depth: 1 as const } }, 'line 0: mask.depth: 1, golden 0'],
])('names the field and both values: %j', (change, text) => {
  expect(differences([{ ...first, ...change }, ...rest], golden)).toContain(text)
})

test('lines that are missing are a difference', () => {
  expect(differences(rest, golden)[0]).toBe('4 lines, golden 5')
})
