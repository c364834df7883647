import type { ObservationLine } from '../fusion/observation-line.js'

/** Observations as `prehend replay --observations` writes them: one JSON object a line; empty lines do not count. */
export const readLines = (text: string): ObservationLine[] =>
  text
    .split('\n')
    .filter(line => line !== '')
    .map(line => JSON.parse(line) as ObservationLine)

/** Within 1e-9, absolute or relative: another machine's sums may end in another digit. */
const isClose = (a: number, b: number): boolean => Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(a), Math.abs(b))

/**
 * Compares observations with golden ones, field by field: numbers within 1e-9 (absolute or relative), all else exactly.
 * Returns one text a difference, such as `line 3: wrenchMean.2: 0.5, golden 0.25`; empty where they agree.
 */
export function differences(got: readonly ObservationLine[], golden: readonly ObservationLine[]): string[] {
  const found = got.length === golden.length ? [] : [`${got.length} lines, golden ${golden.length}`]
  for (let i = 0; i < Math.min(got.length, golden.length); i++) compare(`line ${i}`, got[i], golden[i], found)
  return found
}

function compare(where: string, got: unknown, golden: unknown, found: string[]): void {
  if (typeof got === 'number' && typeof golden === 'number' && isClose(got, golden)) return
  if (isObject(got) && isObject(golden)) {
    const keys = new Set([...Object.keys(got), ...Object.keys(golden)])
    const at = where.includes(':') ? `${where}.` : `${where}: `
    for (const key of keys) compare(`${at}${key}`, got[key], golden[key], found)
  } else if (got !== golden) found.push(`${where}: ${JSON.stringify(got)}, golden ${JSON.stringify(golden)}`)
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null
