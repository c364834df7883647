import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openBag } from '../../middleware/bag/bag.js'
import { byTime, readRows, rowsOf, type Row } from './bag-rows.js'
import { python, temporaryFolder } from './python-script.js'

const folder = temporaryFolder()
let written: Row[]

beforeAll(() => {
  written = JSON.parse(python('write_bags.py', folder.path)) as Row[]
})
afterAll(() => folder.remove())

const KINDS = [
  'dir_mcap',
  'dir_mcap_zstd',
  'dir_db3',
  'dir_db3_message',
  'dir_db3_file',
  'none.mcap',
  'lz4.mcap',
  'zstd.mcap',
  'one_chunk.mcap',
  'no_statistics.mcap',
  'no_chunks.mcap',
  'one.db3',
]

describe('a bag that rosbags or mcap wrote', () => {
  it.each(KINDS)('%s: gives every message, byte for byte, in receive order', async kind => {
    expect(await readRows(join(folder.path, kind))).toEqual({ rows: byTime(written), damage: undefined })
  })

  it('in two files that overlap in time: gives the messages of both in receive order, ties in file order', async () => {
    const expected = byTime([...written.filter((_row, i) => i % 2 === 0), ...written.filter((_row, i) => i % 2 === 1)])
    expect((await readRows(join(folder.path, 'split'))).rows).toEqual(expected)
  })

  it.each(KINDS)('%s: tells its topics, counts and times before it is read', async kind => {
    const bag = await openBag(join(folder.path, kind))
    try {
      const counts = new Map<string, number>()
      for (const [topic, type] of written) counts.set(`${topic} ${type}`, (counts.get(`${topic} ${type}`) ?? 0) + 1)
      expect(new Map(bag.topics.map(({ name, type, count }) => [`${name} ${type}`, count]))).toEqual(counts)
      const times = byTime(written).map(([, , time]) => BigInt(time))
      const zero = BigInt(bag.epochSec) * 1_000_000_000n
      expect([zero + BigInt(bag.start), zero + BigInt(bag.end)]).toEqual([times[0], times.at(-1)])
      expect(bag.durationNs).toBe(bag.end - bag.start)
    } finally {
      await bag.close()
    }
  })

  it('can be read twice', async () => {
    const bag = await openBag(join(folder.path, 'lz4.mcap'))
    try {
      expect(await rowsOf(bag)).toEqual(await rowsOf(bag))
    } finally {
      await bag.close()
    }
  })
})

describe('a path that is not a rosbag2 recording', () => {
  it.each([
    ['nowhere', 'BAG_MISSING', /no such bag/],
    ['other.db3', 'BAG_FORMAT', /no table of rosbag2 topics/],
  ])('%s: one line and %s', async (name, code, line) => {
    const error = await openBag(join(folder.path, name)).then(
      () => undefined,
      (e: unknown) => e as Error,
    )
    expect(error).toMatchObject({ code, exit: 2 })
    expect(error?.message).toMatch(line)
    expect(error?.message).not.toContain('\n')
  })
})
