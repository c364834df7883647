import { existsSync, mkdirSync, mkdtempSync, openSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { freePath } from '../../ros2/free-path.js'
import { NodeRecording } from '../../ros2/node-recording.js'

/** Writing to files named full.mcap fails as on a full disk. */
vi.mock('../../middleware/output-path.js', async original => {
  const module = await original<typeof import('../../middleware/output-path.js')>()
  return {
    ...module,
    createPart: (path: string, options: object) =>
      path.endsWith('full.mcap') ? openSync('/dev/full', 'w') : module.createPart(path, options),
  }
})

describe("a node's recording", () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'prehend-record-'))
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  it('takes the next free name, also past unfinished recordings', () => {
    const at = (name: string): string => join(folder, name)
    expect(freePath(at('run.mcap'))).toBe(at('run.mcap'))
    writeFileSync(at('run.part.mcap'), '')
    expect(freePath(at('run.mcap'))).toBe(at('run_1.mcap'))
    writeFileSync(at('run_1.mcap'), '')
    symlinkSync(at('nowhere'), at('run_2.mcap'))
    expect(freePath(at('run.mcap'))).toBe(at('run_3.mcap'))
    expect(freePath(at('run/'))).toBe(at('run'))
    mkdirSync(at('run'))
    mkdirSync(at('run_1.part'))
    expect(freePath(at('run/'))).toBe(at('run_2'))
    expect(freePath(join(at('run.part.mcap'), 'x.mcap'))).toBe(join(at('run.part.mcap'), 'x.mcap'))
  })

  it('that the disk refuses is reported once and in its status, and does not disturb the node', async () => {
    const path = join(folder, 'full.mcap')
    const told: string[] = []
    const recording = new NodeRecording(
      path,
      { epochSec: 0 },
      { info: text => told.push(text), error: text => told.push(text) },
    )
    expect(told).toEqual([`records into ${path}`])
    expect(recording.status).toMatchObject({
      name: 'recording',
      level: 'ok',
      values: { path, messages: 0, failed: false },
    })
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
    while (told.length === 1) {
      recording.write('/rgb', 'sensor_msgs/msg/Image', picture, 7)
      await new Promise(resolve => setImmediate(resolve))
    }
    for (let i = 0; i < 100; i++) recording.write('/rgb', 'sensor_msgs/msg/Image', picture, 7)
    expect(recording.status).toMatchObject({
      level: 'error',
      message: expect.stringMatching(/ENOSPC/) as unknown,
      values: { failed: true },
    })
    expect(await recording.close(true)).toBe(1)
    expect(told.slice(1)).toEqual([
      expect.stringMatching(/the recording ends here: .*full\.mcap: cannot be written: ENOSPC/),
    ])
  })

  it('is whole with exit code undefined at its end, and leaves nothing where it had not begun', async () => {
    for (const begun of [true, false]) {
      const path = join(folder, `${begun}.mcap`)
      const recording = new NodeRecording(
        path,
        {},
        {
          info: () => undefined,
          error: text => {
            throw new Error(text)
          },
        },
      )
      expect(await recording.close(begun)).toBeUndefined()
      expect(existsSync(path)).toBe(begun)
    }
  })
})
