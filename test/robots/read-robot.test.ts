import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readRobot } from '../../app/robot/load-robot.js'

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'prehend-robots-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('--robot', () => {
  it('means a shipped file where it is left out or a bare name', () => {
    expect(readRobot().name).toBe('cell')
    expect(readRobot('cell').sha256).toBe(readRobot().sha256)
    expect(readRobot('real_camera').name).toBe('real_camera')
  })

  it('takes a path', () => {
    const path = join(folder, 'mine.yaml')
    writeFileSync(path, readRobot().canonical)
    expect(readRobot(path)).toEqual(readRobot())
  })

  it('names the file and the line of a mistake', () => {
    const path = join(folder, 'wrong.yaml')
    writeFileSync(path, 'robot: wrong\ntick: { rate: 0 Hz }\nstreams: {}\n')
    expect(() => readRobot(path)).toThrow(
      `${path}:2: tick.rate: got "0 Hz", must be from 0.01 Hz to 1000 kHz (and 1 more)`,
    )
  })

  it.each([
    [
      'a file that is not there',
      () => join(folder, 'none.yaml'),
      'none.yaml: cannot read this robot file: there is no such file',
    ],
    ['a folder', () => `${folder}/`, 'cannot read this robot file: it is a folder'],
    ['a name that is not shipped', () => 'cel', "'cel': no such robot, did you mean 'cell'?"],
  ])('refuses %s in one line, exit code 2', (_what, name, message) => {
    const error: unknown = (() => {
      try {
        return readRobot(name())
      } catch (thrown) {
        return thrown
      }
    })()
    expect(error).toMatchObject({ code: 'ROBOT_UNREADABLE', exit: 2 })
    expect((error as Error).message).toContain(message)
    expect((error as Error).message).not.toContain('\n')
  })
})
