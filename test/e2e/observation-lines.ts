import { readFileSync } from 'node:fs'
import { expect } from 'vitest'
import type { ObservationLine } from '../../fusion/observation-line.js'

export function readLines(text: string): ObservationLine[] {
  return text
    .split('\n')
    .filter(line => line !== '')
    .map(line => JSON.parse(line) as ObservationLine)
}

export function linesOf(path: string): ObservationLine[] {
  return readLines(readFileSync(path, 'utf8'))
}

/** Number by number: within 1e-9, absolute or relative. */
function isClose(a: number, b: number): boolean {
  return Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(a), Math.abs(b))
}

/** Every field of every line; masks, counts, texts and hashes exactly. */
export function expectSameLines(got: readonly ObservationLine[], wanted: readonly ObservationLine[]): void {
  expect(got.map(line => line.stamp)).toEqual(wanted.map(line => line.stamp))
  got.forEach((line, index) => {
    const other = wanted[index]
    const exact = ({ mask, wrenchCount, rgbSha256, depthSha256, voice }: ObservationLine): object => ({
      mask,
      wrenchCount,
      rgbSha256,
      depthSha256,
      voice: voice.map(({ text, confidence }) => ({ text, confidence })),
    })
    expect(exact(line), `line ${index}`).toEqual(exact(other))
    const numbers = ({ wrenchMean, forcePyramid, voice }: ObservationLine): number[] => [
      ...wrenchMean,
      ...forcePyramid.flat(),
      ...voice.map(v => v.ageS),
    ]
    const [a, b] = [numbers(line), numbers(other)]
    expect(a.length, `line ${index}`).toBe(b.length)
    const apart = a.map((value, k) => ({ k, value, wanted: b[k] })).filter(({ k, value }) => !isClose(value, b[k]))
    expect(apart, `line ${index}`).toEqual([])
  })
}
