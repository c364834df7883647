import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { prehendJson, python, temporaryFolder } from './prehend.js'

const folder = temporaryFolder()
const made = join(folder, 'made')

function replayed(bag: string, rate: string): { result: Record<string, unknown>; lines: string } {
  const out = join(folder, 'lines.jsonl')
  const result = prehendJson(['replay', bag, '--rate', rate, '--no-policy', '--observations', out])
  return { result, lines: readFileSync(out, 'utf8') }
}

describe('one recording is one sha256 and the same lines', () => {
  let first: ReturnType<typeof replayed>

  beforeAll(() => {
    python('make_bag.py', made, '--depth', '16UC1')
    first = replayed(made, 'max')
    expect(first.lines).not.toBe('')
  })

  function expectSame(bag: string, rate = 'max'): void {
    const { result, lines } = replayed(bag, rate)
    const told = ({ durationS, topics, observations, incomplete, dropped, sha256 }: Record<string, unknown>): object =>
      ({ durationS, topics: Object.fromEntries(Object.entries(topics as object).sort()), observations, incomplete, dropped, sha256 })
    expect(told(result)).toEqual(told(first.result))
    expect(lines).toBe(first.lines)
  }

  test('as a directory and as its .mcap', () => expectSame(join(made, 'made.mcap')))

  test('as fast as the machine can and at twice real time', () => expectSame(made, '2'))

  test('as a .db3 that rosbags converted it to, alone and in its directory', () => {
    const db3 = join(folder, 'as_db3')
    python('from rosbags.convert.__main__ import main; main()', '--src', made, '--dst', db3, '--dst-storage', 'sqlite3')
    expectSame(db3)
    expectSame(join(db3, 'as_db3.db3'))
  })

  test('with zstd chunks by rosbags', () => {
    const packed = join(folder, 'packed')
    python('make_bag.py', packed, '--depth', '16UC1', '--compress', 'zstd')
    expectSame(packed)
  })

  test.each(['lz4', 'zstd', 'none'])('with small %s chunks by the mcap package', compression => {
    const packed = join(folder, `${compression}.mcap`)
    python('rewrite_mcap.py', join(made, 'made.mcap'), packed, '--compression', compression.toUpperCase())
    expectSame(packed)
  })

  test('and a copy written by replay --out gives it again', () => {
    const copy = join(folder, 'copy.mcap')
    prehendJson(['replay', made, '--rate', 'max', '--no-policy', '--out', copy])
    const again = prehendJson(['replay', copy, '--rate', 'max', '--no-policy'])
    expect(again.sha256).toBe(first.result.sha256)
  })
})
