import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { EMPTY_TABLE } from '../../sim/embedded/episode.js'
import { loadMujoco } from '../../sim/embedded/mujoco.js'
import { worldSdf } from '../../sim/gazebo/world-sdf.js'
import { FAILURE_REASONS } from '../../sim/simulated-cell.js'
import { startPrehend } from '../e2e/prehend.js'
import { endWithTests } from './programs.js'
import { environment, hasWorldServer, startWorldServer } from './server.js'

endWithTests()

/** Of `eval --json`. */
interface Result {
  readonly successes: number
  readonly failures: Readonly<Record<string, number>>
  readonly simulatedS: number
  readonly wallS: number
  readonly realTimeFactor?: number
}

it.skipIf(!hasWorldServer)(
  'has the shipped policy, which learned in MuJoCo, grasp in dartsim: 20 episodes',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'prehend-loop-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const file = join(folder, 'world.sdf')
    writeFileSync(file, worldSdf(await loadMujoco(), EMPTY_TABLE))
    const server = await startWorldServer(file)
    onTestFinished(async () => void (await server.stop()))
    const benchmark = ['eval', '--episodes', '20', '--objects', 'seen', '--seed', '1', '--json']
    // In lockstep neither heeds how much of the machine it gets.
    const [gazebo, sim] = await Promise.all(
      [[...benchmark, '--source', 'gazebo'], benchmark].map(args => startPrehend(args, environment).end),
    )
    expect([gazebo.status, sim.status], `${gazebo.stderr}${sim.stderr}`).toEqual([0, 0])
    const [there, here] = [gazebo, sim].map(({ stdout }) => JSON.parse(stdout) as Result)
    console.log(
      `the shipped policy, 20 episodes of seen objects, seed 1: won ${there.successes} in Gazebo's ` +
        `physics, ${here.successes} in MuJoCo; ` +
        `lost there: ${JSON.stringify(there.failures)}; ${there.simulatedS.toFixed(0)} simulated s in ` +
        `${there.wallS.toFixed(0)} s`,
    )
    expect(there).toMatchObject({ episodes: 20, source: 'gazebo', serial: { crcErrors: 0 } })
    expect(there.successes + Object.values(there.failures).reduce((sum, n) => sum + n, 0)).toBe(20)
    expect(FAILURE_REASONS.filter(reason => reason !== 'fault')).toEqual(
      expect.arrayContaining(Object.keys(there.failures)),
    )
    expect(gazebo.stderr).not.toMatch(/fault/)
    expect(there.realTimeFactor).toBeGreaterThan(0)
    expect(here).not.toHaveProperty('realTimeFactor')
    // It had 19, the one before 20 and 19, and an earlier policy 15 and 17: less than that is no chance of the physics,
    // but a loop that is broken.
    expect(there.successes).toBeGreaterThanOrEqual(15)
  },
  1_800_000,
)
