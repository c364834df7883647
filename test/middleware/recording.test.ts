import { join } from 'node:path'
import { Command } from 'commander'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { register } from '../../cli/commands/info.js'
import { openBag } from '../../middleware/bag/bag.js'
import { BagBus } from '../../middleware/bag/bag-bus.js'
import { BagWriter } from '../../middleware/bag/bag-writer.js'
import { readRows, type Row } from './bag-rows.js'
import { withRealRecording } from '../real-recording.js'
import { python, temporaryFolder } from './python-script.js'

const folder = temporaryFolder()
afterAll(() => folder.remove())

async function info(path: string): Promise<Record<string, unknown>> {
  let printed = ''
  const write = vi.spyOn(process.stdout, 'write').mockImplementation(chunk => {
    printed += String(chunk)
    return true
  })
  try {
    const program = new Command('prehend')
    register(program)
    await program.parseAsync(['node', 'prehend', 'info', path, '--json'])
  } finally {
    write.mockRestore()
  }
  return JSON.parse(printed) as Record<string, unknown>
}

/** Wrenches at 1 kHz and an image of `pixels` bytes every 33 ms. */
async function record(path: string, seconds: number, pixels: number): Promise<void> {
  const writer = new BagWriter(path, { epochSec: 1_700_000_000, metadata: { robot: 'robot: cell\n' } })
  const image = {
    stamp: 0,
    frameId: 'c',
    height: 1,
    width: pixels,
    encoding: 'mono8',
    isBigendian: false,
    step: pixels,
    data: new Uint8Array(pixels).fill(7),
  }
  const wrench = { stamp: 0, frameId: 'w', wrench: new Float64Array(6) }
  for (let ms = 1; ms <= seconds * 1000; ms++) {
    wrench.stamp = ms * 1e6
    writer.write('/w', 'geometry_msgs/msg/WrenchStamped', wrench, wrench.stamp)
    if (ms % 33 !== 0) continue
    image.stamp = wrench.stamp
    writer.write('/i', 'sensor_msgs/msg/Image', image, wrench.stamp)
    await new Promise(setImmediate)
  }
  await writer.close()
}

describe('reading', () => {
  it('keeps its memory flat over a bag of 200 MB', async () => {
    const path = join(folder.path, 'large.mcap')
    await record(path, 7, 1_000_000)
    const bag = await openBag(path)
    expect(bag.size).toBeGreaterThan(200e6)
    let most = 0
    let start: number | undefined
    for await (const batch of bag.batches()) {
      const { rss } = process.memoryUsage()
      if (batch[0].receive > 1e9 + bag.start) start ??= rss
      most = Math.max(most, rss)
    }
    await bag.close()
    expect((most - (start ?? 0)) / 1e6).toBeLessThan(120)
  })

  it('info tells the storage, the topics with rate and largest gap, and the metadata', async () => {
    const path = join(folder.path, 'small.mcap')
    await record(path, 1, 10)
    expect(await info(path)).toMatchObject({
      storage: 'mcap',
      start: '1700000000.001000000',
      durationS: 0.999,
      messages: 1030,
      damage: null,
      metadata: { robot: 'robot: cell\n' },
      topics: {
        '/w': { type: 'geometry_msgs/msg/WrenchStamped', count: 1000, largestGapMs: 1 },
        '/i': { type: 'sensor_msgs/msg/Image', count: 30, largestGapMs: 33 },
      },
    })
  })

  it('info tells of topics whatever JavaScript means by their names', async () => {
    const path = join(folder.path, 'names.mcap')
    const names = ['__proto__', 'constructor', 'toString', 'hasOwnProperty']
    const writer = new BagWriter(path, { epochSec: 1_700_000_000 })
    for (const [i, name] of names.entries())
      for (let n = 0; n <= i; n++) writer.write(name, 'std_msgs/msg/String', { data: 'a' }, n)
    await writer.close()
    const { topics } = (await info(path)) as { topics: Record<string, { count: number }> }
    expect(Object.entries(topics).map(([name, { count }]) => [name, count])).toEqual(
      names.map((name, i) => [name, i + 1]),
    )
  })

  it('a bus on a bag: its clock shows the receive times, and every message comes in order', async () => {
    const path = join(folder.path, 'bus.mcap')
    await record(path, 1, 10)
    const bus = await BagBus.open(path)
    const stamps: number[] = []
    bus.subscribe('/w', 'geometry_msgs/msg/WrenchStamped', (message, receive) => {
      expect(receive).toBe(message.stamp)
      expect(bus.clock.now()).toBe(receive)
      stamps.push(receive)
    })
    expect(await bus.play('max')).toBe(1030)
    expect(stamps.length).toBe(1000)
    await bus.close()
  })
})

describe('the real camera recording', () =>
  withRealRecording(real => {
    it('is read as rosbags reads it', async () => {
      const { rows, damage } = await readRows(real)
      expect(damage).toBeUndefined()
      expect(rows).toEqual(JSON.parse(python('read_bag.py', 'rosbags', real)) as Row[])
    })

    it('info finds its rates and its dropped pictures', async () => {
      const { topics } = (await info(real)) as {
        topics: Record<string, { count: number; rateHz: number; largestGapMs: number }>
      }
      expect(topics['/wrist/wrench'].count).toBe(930)
      expect(topics['/wrist/wrench'].rateHz).toBeCloseTo(1000, 0)
      expect(topics['/camera/color/image_raw'].largestGapMs).toBeCloseTo(100, 0)
    })
  }))
