import { copyFileSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from '@foxglove/rosmsg'
import { MessageReader } from '@foxglove/rosmsg2-serialization'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { openBag, type BagMessage } from '../../middleware/bag/bag.js'
import { BagWriter } from '../../middleware/bag/bag-writer.js'
import { zstdCompression } from '../../middleware/bag/compression.js'
import { decode, encode } from '../../middleware/cdr/codecs.js'
import { definitionText } from '../../middleware/cdr/definitions.js'
import type { TypeName } from '../../middleware/messages.js'
import { byTime, readRows, type Row } from './bag-rows.js'
import { python, temporaryFolder } from './python-script.js'

/** Files named full.mcap lie on a disk that is full. */
vi.mock('../../middleware/output-path.js', async original => {
  const module = await original<typeof import('../../middleware/output-path.js')>()
  return {
    ...module,
    createPart: (path: string, options: object) =>
      path.endsWith('full.mcap') ? openSync('/dev/full', 'w') : module.createPart(path, options),
  }
})

const folder = temporaryFolder()
let source: Row[]
const metadata = { robot: 'robot: cell\n', sha256: 'ab'.repeat(32) }

/** Reads one bag and hands each message, still valid, to `use`. */
async function each(path: string, use: (message: BagMessage, epochSec: number) => void): Promise<void> {
  const bag = await openBag(path)
  try {
    for await (const batch of bag.batches()) for (const message of batch) use(message, bag.epochSec)
  } finally {
    await bag.close()
  }
}

async function epochOf(path: string): Promise<number> {
  const bag = await openBag(path)
  await bag.close()
  return bag.epochSec
}

beforeAll(async () => {
  source = byTime(JSON.parse(python('write_bags.py', folder.path)) as Row[])
  const from = join(folder.path, 'none.mcap')
  const epochSec = await epochOf(from)
  for (const [name, compression] of [
    ['raw.mcap', undefined],
    ['packed.mcap', await zstdCompression()],
    ['folder', undefined],
  ] as const) {
    const writer = new BagWriter(join(folder.path, name), {
      epochSec,
      metadata,
      ...(compression ? { compression } : {}),
    })
    await each(from, message => writer.writeRaw(message))
    await writer.close()
  }
  const again = new BagWriter(join(folder.path, 'again.mcap'), { epochSec, metadata })
  await each(from, ({ topic, type, data, receive }) =>
    again.write(topic, type as TypeName, decode(type as TypeName, data, epochSec), receive),
  )
  await again.close()
})
afterAll(() => folder.remove())

describe('a bag that was written here', () => {
  it('has a voice event of version 1 in the layout that its own definition says', async () => {
    const path = join(folder.path, 'version-1.mcap')
    const type = 'prehend_interfaces/msg/VoiceEvent'
    const event = encode(type, { stamp: 5, frameId: 'script', text: 'stop', confidence: 1, speaker: 'somebody' }, 9)
    const writer = new BagWriter(path, { epochSec: 9 })
    writer.writeRaw({ topic: '/voice', type, receive: 5, data: event.subarray(0, -2) })
    writer.writeRaw({ topic: '/voice', type, receive: 6, data: Uint8Array.of(1, 2, 3) })
    await writer.close()
    const written: Buffer[] = []
    await each(path, ({ data }) => written.push(Buffer.from(data)))
    const today = new MessageReader(parse(definitionText(type) ?? '', { ros2: true }))
    expect(today.readMessage(written[0])).toMatchObject({ version: 2, speaker: 1 })
    expect([...written[1]]).toEqual([1, 2, 3])
  })

  it.each(['raw.mcap', 'packed.mcap', 'folder'])(
    '%s: is read by rosbags, message by message, with definitions',
    name => {
      const rows = JSON.parse(python('read_bag.py', 'rosbags', join(folder.path, name))) as Row[]
      expect(rows).toEqual(source)
    },
  )

  it.each(['raw.mcap', 'packed.mcap', 'folder/folder_0.mcap'])(
    '%s: is read by python mcap with every checksum',
    name => {
      const rows = JSON.parse(python('read_bag.py', 'mcap', join(folder.path, name))) as Row[]
      expect(byTime(rows)).toEqual(source)
    },
  )

  it.each(['raw.mcap', 'packed.mcap', 'folder'])('%s: is read back here with its metadata', async name => {
    expect((await readRows(join(folder.path, name))).rows).toEqual(source)
    const bag = await openBag(join(folder.path, name))
    await bag.close()
    expect(bag.metadata).toEqual(metadata)
    expect(bag.messageCount).toBe(source.length)
  })

  it(
    'decoded and encoded again: every type but CameraInfo, which drops r, p and binning, keeps its ' + 'bytes',
    async () => {
      const { rows } = await readRows(join(folder.path, 'again.mcap'))
      const kept = (row: Row): boolean => row[0] !== '/info'
      expect(rows.filter(kept)).toEqual(source.filter(kept))
      const seen = JSON.parse(python('read_bag.py', 'rosbags', join(folder.path, 'again.mcap'))) as Row[]
      expect(seen.length).toBe(source.length)
    },
  )
})

describe('a bag that is being written', () => {
  const wrench = { stamp: 5, frameId: 'w', wrench: new Float64Array(6) }

  it('has its name only once it is closed, and is whole then', async () => {
    for (const name of ['late.mcap', 'late']) {
      const path = join(folder.path, name)
      const writer = new BagWriter(path, { epochSec: 1_700_000_000 })
      writer.write('/w', 'geometry_msgs/msg/WrenchStamped', wrench, 7)
      expect(existsSync(path)).toBe(false)
      await writer.close()
      expect((await readRows(path)).rows.map(([topic, , time]) => [topic, time])).toEqual([
        ['/w', '1700000000000000007'],
      ])
    }
  })

  it('leaves nothing when it is discarded', async () => {
    const before = readdirSync(folder.path)
    for (const name of ['gone.mcap', 'gone']) {
      const writer = new BagWriter(join(folder.path, name))
      writer.write('/w', 'geometry_msgs/msg/WrenchStamped', wrench, 7)
      await writer.discard()
    }
    expect(readdirSync(folder.path)).toEqual(before)
  })

  it('without a message is a bag without messages', async () => {
    const path = join(folder.path, 'nothing.mcap')
    await new BagWriter(path).close()
    expect(await readRows(path)).toEqual({ rows: [], damage: undefined })
  })

  it('says once, at once, that the disk is full, then takes nothing, and says so again at its end', async () => {
    const path = join(folder.path, 'full.mcap')
    const errors: unknown[] = []
    const writer = new BagWriter(path, { epochSec: 0, onFailure: error => errors.push(error) })
    const picture = {
      stamp: 1,
      frameId: 'c',
      width: 640,
      height: 480,
      encoding: 'rgb8',
      isBigendian: false,
      step: 1920,
      data: new Uint8Array(640 * 480 * 3),
    }
    const put = (): void => writer.write('/rgb', 'sensor_msgs/msg/Image', picture, 7)
    while (errors.length === 0) {
      put()
      await new Promise(resolve => setImmediate(resolve))
    }
    const taken = writer.messages
    for (let i = 0; i < 1000; i++) put()
    expect(errors).toEqual([
      expect.objectContaining({
        code: 'BAG_WRITE',
        exit: 1,
        message: expect.stringMatching(
          /full\.mcap: cannot be written: ENOSPC.* are kept in .*full\.part\.mcap$/,
        ) as unknown,
      }),
    ])
    expect(writer.messages).toBe(taken)
    await expect(writer.close()).rejects.toBe(errors[0])
  })

  it('keeps what came before a time that no recording can hold', async () => {
    const path = join(folder.path, 'eternal.mcap')
    const writer = new BagWriter(path, { epochSec: 0 })
    for (const time of [1, 2, 1e30]) writer.write('/a', 'std_msgs/msg/String', { data: '' }, time)
    await expect(writer.close()).rejects.toThrow(/eternal\.mcap: cannot be written/)
    expect((await readRows(join(folder.path, 'eternal.part.mcap'))).rows).toHaveLength(2)
  })

  it('has what it took in its file within a second, whatever comes, where rosbags, mcap and we read it', async () => {
    for (const name of ['dying.mcap', 'dying']) {
      const path = join(folder.path, name)
      const writer = new BagWriter(path, { epochSec: 1_700_000_000, metadata })
      const times = Array.from({ length: 20 }, (_, i) => i + 7)
      for (const time of times) writer.write('/w', 'geometry_msgs/msg/WrenchStamped', wrench, time)
      const file = name === 'dying' ? join(`${path}.part`, 'dying_0.mcap') : join(folder.path, 'dying.part.mcap')
      const empty = readFileSync(file).length
      await vi.waitFor(() => expect(readFileSync(file).length).toBeGreaterThan(empty + 20 * 80), 900)
      // As it would lie there if the process died now.
      const left = join(folder.path, `left-${name}`)
      if (name === 'dying') mkdirSync(left)
      for (const part of name === 'dying' ? readdirSync(`${path}.part`) : [''])
        copyFileSync(part === '' ? file : join(`${path}.part`, part), part === '' ? left : join(left, part))
      await writer.discard()
      const found = (rows: Row[]): unknown => rows.map(([topic, , time]) => [topic, time])
      const expected = times.map(time => ['/w', `17000000000000000${String(time).padStart(2, '0')}`])
      expect(found(JSON.parse(python('read_bag.py', 'rosbags', left)) as Row[])).toEqual(expected)
      expect(
        found(JSON.parse(python('read_bag.py', 'mcap', name === 'dying' ? join(left, 'dying_0.mcap') : left)) as Row[]),
      ).toEqual(expected)
      const { rows, damage } = await readRows(left)
      expect([found(rows), damage]).toEqual([expected, undefined])
      const bag = await openBag(left)
      await bag.close()
      expect(bag.metadata).toEqual(metadata)
    }
  })

  it('is written by one at a time: a second one is refused, and neither is touched', async () => {
    for (const name of ['shared.mcap', 'shared']) {
      const path = join(folder.path, name)
      const first = new BagWriter(path, { epochSec: 1_700_000_000 })
      for (const overwrite of [false, true]) {
        expect(() => new BagWriter(path, { overwrite })).toThrow(
          expect.objectContaining({
            code: 'BAG_EXISTS',
            exit: 2,
            message: expect.stringMatching(/this command writes it already/) as unknown,
          }),
        )
      }
      first.write('/w', 'geometry_msgs/msg/WrenchStamped', wrench, 7)
      await first.close()
      expect((await readRows(path)).rows).toHaveLength(1)
    }
  })

  it(
    'takes the place of a recording that is there only where that is asked for, and only once it is ' + 'whole',
    async () => {
      for (const name of ['again_there.mcap', 'again_there']) {
        const path = join(folder.path, name)
        const write = async (options: object, messages: number): Promise<void> => {
          const writer = new BagWriter(path, { epochSec: 1_700_000_000, ...options })
          for (let i = 0; i < messages; i++) writer.write('/w', 'geometry_msgs/msg/WrenchStamped', wrench, 7)
          expect(existsSync(path)).toBe(messages > 1)
          await writer.close()
        }
        await write({}, 1)
        await expect(write({}, 2)).rejects.toThrow(
          expect.objectContaining({
            code: 'BAG_EXISTS',
            message: expect.stringMatching(/is there already.*--overwrite/) as unknown,
          }),
        )
        expect((await readRows(path)).rows).toHaveLength(1)
        await write({ overwrite: true }, 2)
        expect((await readRows(path)).rows).toHaveLength(2)
      }
      const path = join(folder.path, 'again_there')
      writeFileSync(join(path, 'notes.txt'), 'mine')
      expect(() => new BagWriter(path, { overwrite: true })).toThrow(/other things in it/)
      expect(readdirSync(folder.path).filter(name => /again_there.*(part|old)/.test(name))).toEqual([])
    },
  )

  it.each(['meanwhile', 'meanwhile.mcap'])(
    'takes away nothing that came to be there while it wrote, with overwrite too: %s',
    async name => {
      const path = join(folder.path, name)
      const writer = new BagWriter(path, { epochSec: 1_700_000_000, overwrite: true })
      writer.write('/a', 'std_msgs/msg/String', { data: '' }, 1)
      mkdirSync(path)
      writeFileSync(join(path, 'notes.txt'), 'mine')
      await expect(writer.close()).rejects.toThrow(/something came to be there meanwhile/)
      expect(readFileSync(join(path, 'notes.txt'), 'utf8')).toBe('mine')
    },
  )

  it('refuses a folder that is there and a place that cannot be written, and says so in one line', () => {
    const there = join(folder.path, 'folder')
    expect(() => new BagWriter(there)).toThrow(expect.objectContaining({ code: 'BAG_EXISTS', exit: 2 }))
    const file = join(folder.path, 'a-file')
    writeFileSync(file, 'mine')
    expect(() => new BagWriter(join(file, 'x.mcap'))).toThrow(expect.objectContaining({ code: 'BAG_WRITE', exit: 2 }))
    expect(readFileSync(file, 'utf8')).toBe('mine')
  })
})
