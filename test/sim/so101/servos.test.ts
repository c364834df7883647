import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import { STS3215_MODEL } from '../../../drivers/feetech/sts3215.js'
import { SerialPort } from '../../../drivers/serial-port.js'
import { ServoBus } from '../../../drivers/servo/servo-bus.js'
import { ArmKinematics } from '../../../sim/arm/arm-kinematics.js'
import { loadMujoco } from '../../../sim/embedded/mujoco.js'
import type { MainModule } from '../../../sim/embedded/mujoco.js'
import { paceLine } from '../../../sim/firmware/paced-line.js'
import { openPseudoTerminal } from '../../../sim/firmware/pseudo-terminal.js'
import { stepInRealTime } from '../../../sim/firmware/real-time-steps.js'
import { loadFamily } from '../../../sim/objects/object-file.js'
import { ARM_JOINTS, JOINTS } from '../../../sim/so101/arm.js'
import { kinematicsXml } from '../../../sim/so101/cell-xml.js'
import { drawEpisode } from '../../../sim/so101/episode.js'
import { So101Expert } from '../../../sim/so101/expert.js'
import { So101Judge } from '../../../sim/so101/judge.js'
import type { Verdict } from '../../../sim/simulated-cell.js'
import { SetPoints } from '../../../sim/so101/set-points.js'
import { BAUD, So101Servos } from '../../../sim/so101/so101-servos.js'
import { So101World } from '../../../sim/so101/so101-world.js'
import { truthOf } from '../../../sim/so101/truth.js'

let mj: MainModule
beforeAll(async () => {
  mj = await loadMujoco()
})

const toClose: (() => unknown)[] = []
afterEach(async () => {
  for (const close of toClose.splice(0).toReversed()) await close()
})

/** The arm's servos on a pseudo-terminal, and a bus that has found them and given them torque. */
async function connected(servos: So101Servos): Promise<ServoBus> {
  const terminal = openPseudoTerminal()
  toClose.push(() => terminal.close())
  paceLine(terminal, servos.line)
  const port = new SerialPort({ path: terminal.path, baud: BAUD })
  const joints = JOINTS.map((name, i) => ({ name, id: i + 1 }))
  const bus = new ServoBus(port, { model: STS3215_MODEL, joints, baud: BAUD, patience: 300 })
  toClose.push(() => bus.close())
  await bus.connect()
  await bus.torque(true)
  return bus
}

function cell(): { world: So101World; servos: So101Servos } {
  const world = new So101World(mj)
  toClose.push(() => world.close())
  return { world, servos: new So101Servos(world.servos) }
}

describe('the arm on its bus, a pseudo-terminal at 1 Mbaud', () => {
  test('goes where the goal registers say, in real time, within the sag that its servos report', async () => {
    const { world, servos } = cell()
    world.reset({ placed: [] })
    servos.restart(0)
    toClose.push(
      stepInRealTime(timeNs => {
        world.step()
        servos.step(timeNs)
      }),
    )
    const bus = await connected(servos)
    const goal = [0.4, -0.6, 0.6, 1, -0.5, 0.3]
    await bus.write(goal)
    for (;;) {
      const { position, velocity, load, voltage, faults } = await bus.read()
      expect(faults).toEqual(['', '', '', '', '', ''])
      expect(voltage[0]).toBeCloseTo(12)
      const isThere = goal.every((angle, i) => Math.abs(position[i]! - angle) < 0.06)
      if (!isThere || velocity.some(rate => Math.abs(rate) > 0.01)) continue
      // The loop is proportional, so a joint that carries weight hangs below its goal by its load.
      for (const [i, angle] of goal.entries()) expect(angle - position[i]!).toBeCloseTo(load[i]! / 9.83, 2)
      expect(Math.abs(load[1]!)).toBeGreaterThan(0.02)
      break
    }
    expect(bus.stats).toMatchObject({ crcErrors: 0, timeouts: 0 })
  })

  /** Drives an episode through the bus in simulated time: a sync read and a sync write for every 10 ms. */
  async function drive(index: number, seed: number): Promise<{ verdict: Verdict; angles: number[] }> {
    const { world, servos } = cell()
    const arm = new ArmKinematics(mj, { xml: kinematicsXml(), joints: JOINTS.slice(0, ARM_JOINTS), site: 'tcp' })
    toClose.push(() => arm.close())
    const expert = new So101Expert(arm)
    const episode = drawEpisode(loadFamily('small', 'seen'), seed, index)
    world.reset(episode)
    servos.restart(0)
    const bus = await connected(servos)
    const judge = new So101Judge(episode, world, 0)
    const setPoints = new SetPoints()
    setPoints.reset((await bus.read()).position)
    for (let ms = 0; !judge.verdict.done; ms++) {
      if (episode.correction !== undefined && ms === Math.ceil(episode.correction.at / 1e6))
        judge.said(episode.correction.text, ms * 1e6)
      if (ms % 10 === 0) {
        const { position } = await bus.read()
        const rates = expert.rates({ ...truthOf(episode, world, judge), joints: position })
        setPoints.advance(rates, position, 0.01)
        await bus.write(setPoints.values)
        // A sync write has no answer. Once a read behind it is answered, the servos have its goals.
        await bus.read()
      }
      world.step()
      servos.step((ms + 1) * 1e6)
      judge.step(world, (ms + 1) * 1e6)
    }
    expect(bus.stats).toMatchObject({ crcErrors: 0, timeouts: 0 })
    return { verdict: judge.verdict, angles: world.servos.map(({ angle }) => angle) }
  }

  test('lets the expert win over the wire, on what the servos measure, with one result for one seed', async () => {
    const first = await drive(0, 5)
    expect(first.verdict).toMatchObject({ success: true })
    expect(await drive(0, 5)).toEqual(first)
  }, 120_000)
})
