import { copyFileSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import Database from 'libsql'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { BagError } from '../../middleware/bag/bag-error.js'
import { byTime, readRows, type Row } from './bag-rows.js'
import { python, temporaryFolder } from './python-script.js'

const folder = temporaryFolder()
const at = (name: string): string => join(folder.path, name)
let source: Row[]

beforeAll(() => {
  source = JSON.parse(python('write_bags.py', folder.path)) as Row[]
})
afterAll(() => folder.remove())

/** What can be read; undefined where one clear line refuses the whole. */
async function attempt(path: string): Promise<{ rows: Row[]; damage: string | undefined } | undefined> {
  try {
    return await readRows(path)
  } catch (error) {
    expect(error).toBeInstanceOf(BagError)
    expect((error as Error).message).not.toContain('\n')
    return undefined
  }
}

describe('a bag that was cut off', () => {
  it.each(['none.mcap', 'lz4.mcap', 'zstd.mcap', 'one_chunk.mcap'])(
    '%s, anywhere: gives only true messages, in order, and says that it is damaged',
    async name => {
      const whole = readFileSync(at(name))
      const known = new Set(source.map(row => row.join()))
      await fc.assert(
        fc.asyncProperty(fc.integer({ min: 0, max: whole.length - 1 }), async length => {
          writeFileSync(at('cut.mcap'), whole.subarray(0, length))
          const read = await attempt(at('cut.mcap'))
          if (read === undefined) {
            expect(length).toBeLessThan(8)
            return
          }
          expect(read.damage).toContain('cut off')
          expect(read.rows).toEqual(byTime(read.rows))
          expect(read.rows.every(row => known.has(row.join()))).toBe(true)
        }),
        { numRuns: 60 },
      )
    },
  )

  it.each(['none.mcap', 'lz4.mcap'])('%s, in the head of a chunk: says that it is cut off', async name => {
    const whole = readFileSync(at(name))
    const chunk = 6
    let start = 8
    while (whole[start] !== chunk) start += 9 + Number(whole.readBigUInt64LE(start + 1))
    for (let length = start; length < start + 60; length++) {
      writeFileSync(at('cut.mcap'), whole.subarray(0, length))
      expect((await readRows(at('cut.mcap'))).damage).toBe(`the file is cut off at byte ${length}`)
    }
  })

  it('uncompressed: gives every message before the cut, also those of the chunk that was cut', async () => {
    const whole = readFileSync(at('none.mcap'))
    for (const share of [0.3, 0.5, 0.9]) {
      const cut = whole.subarray(0, Math.floor(whole.length * share))
      writeFileSync(at('cut.mcap'), cut)
      const read = await readRows(at('cut.mcap'))
      const written = source.slice(0, read.rows.length)
      expect(read.rows).toEqual(byTime(written))
      expect(read.rows.length).toBeGreaterThan(source.length * (share - 0.1))
    }
  })

  it('a .db3: gives only true messages, in order, and says that it is damaged', async () => {
    const size = readFileSync(at('one.db3')).length
    const known = new Set(source.map(row => row.join()))
    let most = 0
    for (const share of [0.01, 0.1, 0.4, 0.7, 0.95, 0.999]) {
      copyFileSync(at('one.db3'), at('cut.db3'))
      truncateSync(at('cut.db3'), Math.floor(size * share))
      const read = await attempt(at('cut.db3'))
      if (read === undefined) continue
      expect(read.damage).toContain('damaged')
      expect(read.rows).toEqual(byTime(read.rows))
      expect(read.rows.every(row => known.has(row.join()))).toBe(true)
      most = Math.max(most, read.rows.length)
    }
    expect(most).toBeGreaterThan(source.length / 3)
  })
})

describe('a bag with damaged bytes', () => {
  it.each(['none.mcap', 'lz4.mcap', 'zstd.mcap'])(
    '%s: in the middle of a chunk: gives all before it and no false message',
    async name => {
      const bytes = readFileSync(at(name))
      const middle = bytes.length >> 1
      for (let i = 0; i < 64; i++) bytes[middle + i] ^= 0x5a
      writeFileSync(at('bad.mcap'), bytes)
      const { rows, damage } = await readRows(at('bad.mcap'))
      expect(damage).toMatch(/chunk at byte \d+/)
      const expected = byTime(source)
      expect(rows).toEqual(expected.slice(0, rows.length))
      expect(rows.length).toBeGreaterThan(source.length / 4)
      expect(rows.length).toBeLessThan(source.length)
    },
  )

  it.each([
    ['data', 'UPDATE messages SET data'],
    ['a time', 'UPDATE messages SET timestamp'],
    ['a topic of a message', 'UPDATE messages SET topic_id'],
    ['a name', 'UPDATE topics SET name'],
  ])('a .db3 in which %s has become a text that is none: no crash', async (what, update) => {
    const path = at(`${what}.db3`)
    copyFileSync(at('one.db3'), path)
    const database = new Database(path)
    database.exec(`${update} = CAST(x'ff00' AS TEXT) WHERE id = 3`)
    database.close()
    const read = await attempt(path)
    if (what === 'a name') return expect(read).toBeUndefined()
    if (what !== 'data') expect(read?.damage).toContain('damaged')
    expect(read?.rows.length).toBeGreaterThan(0)
  })

  it('any bytes anywhere: never a crash, never a hang', async () => {
    for (const name of ['zstd.mcap', 'none.mcap', 'one.db3']) {
      const whole = readFileSync(at(name))
      await fc.assert(
        fc.asyncProperty(
          fc.integer({ min: 16, max: whole.length - 9 }),
          fc.uint8Array({ minLength: 1, maxLength: 8 }),
          async (place, noise) => {
            const bytes = Buffer.from(whole)
            bytes.set(noise, place)
            writeFileSync(at('noise'), bytes)
            const read = await attempt(at('noise'))
            if (read) expect(read.rows.length).toBeLessThanOrEqual(source.length)
          },
        ),
        { numRuns: 40 },
      )
    }
  })
})

describe('a path that is no bag', () => {
  it.each([
    ['empty', Buffer.alloc(0), 'BAG_EMPTY'],
    ['text', Buffer.from('hello, I am not a bag'), 'BAG_FORMAT'],
  ])('%s: one line', async (name, bytes, code) => {
    writeFileSync(at(name), bytes)
    await expect(readRows(at(name))).rejects.toMatchObject({ code, exit: 2 })
  })

  it('a directory without metadata.yaml: refused unless it holds exactly one bag file', async () => {
    await expect(readRows(folder.path)).rejects.toMatchObject({ code: 'BAG_METADATA', exit: 2 })
  })
})
