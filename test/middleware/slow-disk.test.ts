import { promisify } from 'node:util'
import { readFileSync, writevSync as written } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { openBag } from '../../middleware/bag/bag.js'
import { BagWriter, type BagWriterOptions } from '../../middleware/bag/bag-writer.js'
import { BagError } from '../../middleware/bag/bag-error.js'
import { partOf } from '../../middleware/output-path.js'
import { within } from '../../app/session/within.js'
import { temporaryFolder } from './python-script.js'

const disk = vi.hoisted(() => ({ release: (): void => undefined, stalled: Promise.resolve(), waited: 0 }))

/** A disk that takes nothing until it is released. */
vi.mock('node:fs', async original => {
  const module = await original<typeof import('node:fs')>()
  type Write = (descriptor: number, buffers: Uint8Array[], position: number) => Promise<{ bytesWritten: number }>
  const writev: { [promisify.custom]?: Write } = (): void => undefined
  writev[promisify.custom] = async (descriptor, buffers, position) => {
    await disk.stalled
    return { bytesWritten: module.writevSync(descriptor, buffers, position) }
  }
  return {
    ...module,
    writev,
    writevSync: (...args: Parameters<typeof written>) => {
      disk.waited++
      return module.writevSync(...args)
    },
  }
})

const folder = temporaryFolder()
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

function writer(name: string, options: BagWriterOptions = {}) {
  const path = join(folder.path, name)
  const errors: BagError[] = []
  const bag = new BagWriter(path, { epochSec: 0, onFailure: error => errors.push(error), ...options })
  const put = (time: number): void => bag.write('/rgb', 'sensor_msgs/msg/Image', picture, time)
  return { path, errors, bag, put }
}

describe('a disk that stalls', () => {
  beforeEach(() => {
    disk.waited = 0
    disk.stalled = new Promise(resolve => {
      disk.release = resolve
    })
  })

  it('never holds up who records in real time: beyond 64 MB it refuses, and what waited is whole', async () => {
    const { path, errors, bag, put } = writer('stalled.mcap', { realTime: true })
    for (let i = 0; i < 200; i++) put(i)
    expect(disk.waited).toBe(0)
    expect(errors).toEqual([
      expect.objectContaining({
        code: 'BAG_WRITE',
        exit: 1,
        message: expect.stringMatching(
          /stalled\.mcap: cannot be written: the disk is too slow: \d+ MB wait for it; the \d+\.\d MB before that are kept in .*stalled\.part\.mcap$/,
        ) as unknown,
      }),
    ])
    disk.release()
    await expect(bag.close()).rejects.toBe(errors[0])
    const [, kept] = /the (\d+\.\d) MB/.exec(errors[0].message) ?? []
    expect(readFileSync(partOf(path)).length / 1e6).toBeCloseTo(Number(kept), 0)
    const read = await openBag(partOf(path))
    expect(read.damage).toBeUndefined()
    expect(read.messageCount).toBeGreaterThan(64e6 / picture.data.length)
    expect(read.messageCount).toBeLessThan(bag.messages + 1)
    await read.close()
  })

  it('holds up who writes where time waits, and loses nothing', async () => {
    const { path, errors, bag, put } = writer('waiting.mcap')
    for (let i = 0; i < 200; i++) put(i)
    expect(disk.waited).toBeGreaterThan(0)
    disk.release()
    await bag.close()
    expect(errors).toEqual([])
    const read = await openBag(path)
    expect(read.messageCount).toBe(200)
    await read.close()
  })

  it('is waited for at the end for as long as bytes move, and no longer', async () => {
    const { bag, put } = writer('slow.mcap')
    for (let i = 0; i < 20; i++) put(i)
    const closing = bag.close()
    await expect(within(50, 'recording', closing, () => bag.written)).rejects.toThrow(
      'recording: did not close within 0.05 s',
    )
    let moved = 0
    setTimeout(disk.release, 400)
    await within(100, 'recording', closing, () => moved++)
    expect(moved).toBeGreaterThan(3)
  })
})
