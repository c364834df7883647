import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { EMPTY_TABLE } from '../../sim/cell/episode.js'
import { loadMujoco } from '../../sim/cell/mujoco.js'
import { worldSdf } from '../../sim/gazebo/world-sdf.js'
import { prehend } from '../e2e/prehend.js'
import { environment, hasWorldServer, startWorldServer } from './server.js'

const folder = mkdtempSync(join(tmpdir(), 'prehend-loop-'))
afterAll(() => { rmSync(folder, { recursive: true }) })

const here = { env: environment, timeout: 280_000 }

describe.skipIf(!hasWorldServer)('the loop over gz-transport', () => {
  let server: Awaited<ReturnType<typeof startWorldServer>>

  beforeAll(async () => {
    const file = join(folder, 'world.sdf')
    writeFileSync(file, worldSdf(await loadMujoco(), EMPTY_TABLE))
    server = await startWorldServer(file)
  })
  afterAll(() => server.stop())

  it('has the expert grasp in dartsim what is meant, through the wire and the emulated firmware, one episode after another', () => {
    const { status, stdout, stderr } = prehend(['eval', '--source', 'gazebo', '--policy', 'expert', '--episodes', '2', '--seed', '1', '--json'], here)
    expect(status, stderr).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ episodes: 2, successes: 2, source: 'gazebo', model: 'expert' })
    expect(stderr).not.toMatch(/fault/)
  }, 300_000)

  it('runs the shipped policy on pictures and wrenches of another simulator', () => {
    const { status, stdout, stderr } = prehend(['run', '--source', 'gazebo', '--objects', 'unseen', '--count', '1', '--episodes', '2', '--seed', '3', '--json'], here)
    expect(status, stderr).toBe(0)
    const { rgbFrames, forceSamples, observations, simulatedS, serial } = JSON.parse(stdout) as Record<string, number> & { serial: { crcErrors: number; framesSent: number } }
    // What a millisecond and a thirtieth of a second are, and what is held back by the tare and the first brackets.
    expect(forceSamples / simulatedS).toBeGreaterThan(850)
    expect(rgbFrames / simulatedS).toBeGreaterThan(25)
    expect(observations).toBeGreaterThan(0.8 * rgbFrames)
    expect(serial.framesSent).toBeGreaterThan(10)
    expect(serial.crcErrors).toBe(0)
  }, 300_000)

  it('says in one line that no world answers, and what to start', () => {
    const { status, stderr } = prehend(['run', '--source', 'gazebo', '--policy', 'expert'], { env: { ...environment, IGN_PARTITION: `nobody-${process.pid}` } })
    expect(status).toBe(2)
    const lines = stderr.trim().split('\n').filter((line) => line.startsWith('prehend: '))
    expect(lines).toHaveLength(1)
    expect(lines[0]).toMatch(/world\/prehend\/control.*partition.*prehend world OUT\.sdf/)
  })

  it('refuses two jobs on one world', () => {
    const { status, stderr } = prehend(['eval', '--source', 'gazebo', '--jobs', '2'])
    expect(status).toBe(2)
    expect(stderr).toMatch(/--source gazebo: one world runs one episode at a time; leave --jobs away/)
  })
})
