import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { unpackFile } from '../../middleware/zstd/unpack-file.js'
import { ZstdError } from '../../middleware/zstd/zstd-error.js'
import { python, temporaryFolder } from './python-script.js'

const folder = temporaryFolder()
const at = (name: string): string => join(folder.path, name)
let packed: [name: string, length: number, sha256: string][]

beforeAll(() => {
  packed = JSON.parse(python('pack_zstd.py', folder.path)) as typeof packed
})
afterAll(() => folder.remove())

async function unpack(name: string, most = Infinity): Promise<{ length: number; sha256: string }> {
  const file = await open(at(name))
  const hash = createHash('sha256')
  let length = 0
  try {
    await unpackFile(file, async bytes => {
      length += bytes.length
      if (length > most) throw new RangeError('more than was packed')
      hash.update(bytes)
    })
    return { length, sha256: hash.digest('hex') }
  } finally {
    await file.close()
  }
}

describe('zstd, block by block', () => {
  it(
    'gives what the reference implementation packed: every level, checksum, window, with and without ' + 'a size',
    async () => {
      for (const [name, length, sha256] of packed)
        expect([name, await unpack(name)]).toEqual([name, { length, sha256 }])
    },
  )

  it('frames one after the other are one file; those that are to be skipped are', async () => {
    const two = Buffer.concat([
      Buffer.from('502a4d18030000006e6f70', 'hex'),
      readFileSync(at('words.3')),
      readFileSync(at('empty.1')),
      readFileSync(at('few.19')),
    ])
    writeFileSync(at('two'), two)
    const [words, few] = ['words.3', 'few.19'].map(name => packed.find(([other]) => other === name)?.[1] ?? NaN)
    expect((await unpack('two')).length).toBe(words + few)
  })

  it('damaged or cut off: says so, or gives no more than the file may hold, and never hangs', async () => {
    const names = packed.map(([name]) => name).filter(name => /^(words|floats|runs|few|short)/.test(name))
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...names),
        fc.nat(),
        fc.uint8Array({ minLength: 1, maxLength: 6 }),
        fc.boolean(),
        async (name, place, noise, cut) => {
          const bytes = Buffer.from(readFileSync(at(name)))
          const from = place % bytes.length
          if (!cut) bytes.set(noise.subarray(0, bytes.length - from), from)
          writeFileSync(at('bad'), cut ? bytes.subarray(0, from) : bytes)
          const answer = await unpack('bad', 1 << 26).catch((error: unknown) => error)
          if (answer instanceof Error) expect(answer).toBeInstanceOf(ZstdError)
        },
      ),
      { numRuns: 150 },
    )
  })

  it('a checksum is checked', async () => {
    const bytes = readFileSync(at('noise.1'))
    bytes[bytes.length >> 1] ^= 1
    writeFileSync(at('flipped'), bytes)
    await expect(unpack('flipped')).rejects.toThrow('fails its checksum')
  })
})
