import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { EMPTY_TABLE } from '../../sim/embedded/episode.js'
import { loadMujoco } from '../../sim/embedded/mujoco.js'
import { worldSdf } from '../../sim/gazebo/world-sdf.js'
import { prehend, startPrehend } from '../e2e/prehend.js'
import { endWithTests, openNode, world } from './programs.js'
import { environment, hasWorldServer, startWorldServer } from './server.js'

endWithTests()

const folder = mkdtempSync(join(tmpdir(), 'prehend-loop-'))
afterAll(() => {
  rmSync(folder, { recursive: true })
})

const here = { env: environment, timeout: 280_000 }

describe.skipIf(!hasWorldServer)('the loop over gz-transport', () => {
  let server: Awaited<ReturnType<typeof startWorldServer>>

  beforeAll(async () => {
    const file = join(folder, 'world.sdf')
    writeFileSync(file, worldSdf(await loadMujoco(), EMPTY_TABLE))
    server = await startWorldServer(file)
  })
  const started = new Set<ReturnType<typeof startPrehend>>()
  const start = (args: readonly string[]): ReturnType<typeof startPrehend> => {
    const running = startPrehend(args, environment)
    started.add(running)
    return running
  }
  afterAll(async () => {
    for (const { child } of started) child.kill('SIGKILL')
    await server.stop()
  })

  it('has the expert grasp in dartsim what is meant, through the wire and the emulated firmware, one ' +
    'episode after another, whoever else is there', async () => {
    // Of another version of discovery, in another partition: the transport warns of it.
    const stranger = await openNode({ ...world(), IGN_TRANSPORT_TOPIC_STATISTICS: '1' })
    const { status, stdout, stderr } = await start([
      'eval',
      '--source',
      'gazebo',
      '--policy',
      'expert',
      '--episodes',
      '2',
      '--seed',
      '1',
    ]).end
    await stranger.node.close()
    expect(status, stderr).toBe(0)
    expect(stdout).toMatch(/^2 of 2 episodes won/)
    expect(stdout).toMatch(/model expert .*\nthe simulator steps at \d+\.\d+ of real time\n/)
    expect(stderr).not.toMatch(/fault/)
  }, 300_000)

  it('runs the shipped policy on pictures and wrenches of another simulator', () => {
    const { status, stdout, stderr } = prehend(
      ['run', '--source', 'gazebo', '--objects', 'unseen', '--count', '1', '--episodes', '2', '--seed', '3', '--json'],
      here,
    )
    expect(status, stderr).toBe(0)
    const { rgbFrames, forceSamples, observations, simulatedS, serial, realTimeFactor } = JSON.parse(stdout) as Record<
      string,
      number
    > & { serial: { crcErrors: number; framesSent: number } }
    // What a millisecond and a thirtieth of a second are, and what is held back by the tare and the first brackets.
    expect(forceSamples / simulatedS).toBeGreaterThan(850)
    expect(rgbFrames / simulatedS).toBeGreaterThan(25)
    expect(observations).toBeGreaterThan(0.8 * rgbFrames)
    expect(serial.framesSent).toBeGreaterThan(10)
    expect(serial.crcErrors).toBe(0)
    expect(realTimeFactor).toBeGreaterThan(0)
  }, 300_000)

  it('says in one line that no world answers, and what to start', () => {
    const { status, stderr } = prehend(['run', '--source', 'gazebo', '--policy', 'expert'], {
      env: { ...environment, IGN_PARTITION: `nobody-${process.pid}` },
    })
    expect(status).toBe(2)
    const lines = stderr
      .trim()
      .split('\n')
      .filter(line => line.startsWith('prehend: '))
    expect(lines).toHaveLength(1)
    expect(lines[0]).toMatch(/world\/prehend\/control.*partition.*prehend world OUT\.sdf/)
  })

  it('refuses two jobs on one world', () => {
    const { status, stderr } = prehend(['eval', '--source', 'gazebo', '--jobs', '2'])
    expect(status).toBe(2)
    expect(stderr).toMatch(/--source gazebo: one world runs one episode at a time; leave --jobs away/)
  })
})
