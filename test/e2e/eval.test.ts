import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { prehend, prehendJson, temporaryFolder } from './prehend.js'

const folder = temporaryFolder()
const EVAL = ['eval', '--policy', 'expert', '--seed', '11', '--count', '1']

/** The lines of a results file. */
const linesOf = (path: string): Record<string, unknown>[] => readFileSync(path, 'utf8').trimEnd().split('\n').map(line => JSON.parse(line) as Record<string, unknown>)

describe('a benchmark', () => {
  test('in two processes has the episodes of one, a line each, in their order', () => {
    const [one, two] = ['one.jsonl', 'two.jsonl'].map(name => join(folder, name))
    const whole = prehendJson([...EVAL, '--episodes', '2', '--results', one])
    const split = prehendJson([...EVAL, '--episodes', '2', '--jobs', '2', '--results', two])
    expect(Object.keys(split)).toEqual(Object.keys(whole))
    const lines = linesOf(one)
    // What is drawn is the same; a sensor's noise goes on from episode to episode.
    const drawn = ({ index, command, target, fragile }: Record<string, unknown>): object => ({ index, command, target, fragile })
    expect(linesOf(two).map(drawn)).toEqual(lines.map(drawn))
    expect(lines.map(({ index }) => index)).toEqual([0, 1])
    for (const line of lines) expect(Object.keys(line)).toEqual(expect.arrayContaining(['command', 'target', 'fragile', 'success', 'reason', 'peakForce', 'seconds']))
    expect(lines.filter(({ success }) => success)).toHaveLength(whole.successes as number)
  })

  test('whose results cannot be written says so before the first episode, and leaves nothing', () => {
    const { status, stderr } = prehend([...EVAL, '--episodes', '1', '--results', folder])
    expect([status, stderr]).toEqual([2, expect.stringMatching(/^prehend: .*is a folder; name a file to write\n$/)])
    expect(existsSync(`${folder}.part`)).toBe(false)
    expect(readdirSync(folder).filter(name => name.endsWith('.part'))).toEqual([])
  })
})
