import { createHash } from 'node:crypto'
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import { STS3215_MODEL } from '../../../drivers/feetech/sts3215.js'
import { SerialPort } from '../../../drivers/serial-port.js'
import { ServoBus } from '../../../drivers/servo/servo-bus.js'
import { ArmKinematics } from '../../../sim/arm/arm-kinematics.js'
import { loadMujoco } from '../../../sim/embedded/mujoco.js'
import type { MainModule } from '../../../sim/embedded/mujoco.js'
import type { CellFrame, CellOptions } from '../../../sim/simulated-cell.js'
import { ARM_JOINTS, JOINTS } from '../../../sim/so101/arm.js'
import { kinematicsXml } from '../../../sim/so101/cell-xml.js'
import { So101Expert } from '../../../sim/so101/expert.js'
import { SetPoints } from '../../../sim/so101/set-points.js'
import { So101Cell } from '../../../sim/so101/so101-cell.js'
import { BAUD } from '../../../sim/so101/so101-servos.js'

let mj: MainModule
beforeAll(async () => {
  mj = await loadMujoco()
})

const toClose: (() => unknown)[] = []
afterEach(async () => {
  for (const close of toClose.splice(0).toReversed()) await close()
})

async function start(options: Partial<CellOptions> = {}): Promise<So101Cell> {
  const cell = await So101Cell.start({ mode: 'lockstep', seed: 5, objects: 'seen', ...options })
  toClose.push(() => cell.close())
  return cell
}

async function busOf(cell: So101Cell): Promise<ServoBus> {
  const joints = JOINTS.map((name, i) => ({ name, id: i + 1 }))
  const port = new SerialPort({ path: cell.ports.arm, baud: BAUD })
  const bus = new ServoBus(port, { model: STS3215_MODEL, joints, baud: BAUD, patience: 300 })
  toClose.push(() => bus.close())
  await bus.connect()
  return bus
}

/** All that a cell sends, in the order of its arrival. */
interface Samples {
  readonly overhead: CellFrame[]
  readonly wrist: CellFrame[]
  readonly wrench: number[]
  readonly receives: number[]
  readonly hash: ReturnType<typeof createHash>
}

function listen(cell: So101Cell): Samples {
  const samples: Samples = { overhead: [], wrist: [], wrench: [], receives: [], hash: createHash('sha256') }
  for (const name of ['overhead', 'wrist'] as const)
    cell.cameras[name].start(frame => {
      samples[name].push(frame)
      samples.hash.update(frame.rgb).update(Uint8Array.from(frame.depth)).update(`${name} ${frame.stamp}`)
    })
  cell.wrist.start((stamp, wrench) => {
    samples.wrench.push(stamp)
    samples.hash.update(Float64Array.of(stamp, ...wrench))
  })
  cell.onReceive = receive => samples.receives.push(receive)
  return samples
}

const grow = (numbers: readonly number[]): boolean => numbers.every((value, i) => i === 0 || value > numbers[i - 1]!)

describe('the SO-101 cell in lockstep', () => {
  test('sends two cameras at 30 Hz and a wrist sensor at 1 kHz, in receive order', async () => {
    const cell = await start()
    const samples = listen(cell)
    const { command, objects, target, timeout } = await cell.reset(0)
    expect(objects).toContain(target)
    expect(command).toContain(target)
    expect(timeout).toBe(20e9)
    await cell.advance(1e9)
    for (const name of ['overhead', 'wrist'] as const) {
      const frames = samples[name]
      expect(frames.length).toBeGreaterThanOrEqual(29)
      expect(frames.length).toBeLessThanOrEqual(30)
      expect(grow(frames.map(({ stamp }) => stamp))).toBe(true)
      expect(frames[0]).toMatchObject({ width: 128, height: 128 })
      // Both see the table: most pixels have a depth between 5 cm and 1 m.
      const seen = frames[3]!.depth.filter(mm => mm > 50 && mm < 1000).length
      expect(seen).toBeGreaterThan(0.6 * 128 * 128)
    }
    // The cameras are two, not one: their exposures are not at the same time.
    expect(samples.overhead[3]!.stamp).not.toBe(samples.wrist[3]!.stamp)
    expect(samples.wrench.length).toBeGreaterThan(990)
    expect(samples.receives).toEqual(samples.receives.toSorted((a, b) => a - b))
    expect(cell.stats.lostSamples).toBe(0)
    expect(cell.stats.renderedFrames).toBeGreaterThanOrEqual(samples.overhead.length + samples.wrist.length)
  })

  /** The expert's episode over the bus, in simulated time. */
  async function drive(): Promise<{ readonly success: boolean; readonly hash: string; readonly until: number }> {
    const cell = await start()
    const samples = listen(cell)
    await cell.reset(0, { say: 'put the red cube in the left bin' })
    const bus = await busOf(cell)
    await bus.torque(true)
    const arm = new ArmKinematics(mj, { xml: kinematicsXml(), joints: JOINTS.slice(0, ARM_JOINTS), site: 'tcp' })
    toClose.push(() => arm.close())
    const expert = new So101Expert(arm)
    const setPoints = new SetPoints()
    let { position } = await bus.read()
    setPoints.reset(position)
    let until = 0
    for (; !cell.verdict().done; until += 10e6) {
      setPoints.advance(expert.rates({ ...cell.truth(), joints: position }), position, 0.01)
      await bus.write(setPoints.values)
      ;({ position } = await bus.read())
      await cell.advance(until + 10e6)
    }
    expect(bus.stats).toMatchObject({ crcErrors: 0, timeouts: 0 })
    return { success: cell.verdict().success, hash: samples.hash.digest('hex'), until }
  }

  test('lets the expert win over the wire, and gives one result for one seed, to the last pixel', async () => {
    const first = await drive()
    expect(first.success).toBe(true)
    expect(await drive()).toEqual(first)
  }, 180_000)

  test('begins each episode as if it were the first', async () => {
    const run = async (before: number[]): Promise<string> => {
      const cell = await start()
      for (const index of before) {
        await cell.reset(index)
        await cell.advance(200e6)
        // What is on its way arrives before the next episode begins, as between the episodes of a run.
        await cell.skip(230e6)
      }
      const samples = listen(cell)
      const from = before.length === 0 ? 0 : 230e6
      await cell.reset(4)
      await cell.advance(from + 300e6)
      const stamps = [...samples.overhead, ...samples.wrist].map(({ stamp }) => stamp - from)
      const pictures = [...samples.overhead, ...samples.wrist].map(({ rgb }) =>
        createHash('sha256').update(rgb).digest('hex'),
      )
      return JSON.stringify([stamps, pictures, cell.truth().joints])
    }
    expect(await run([2])).toBe(await run([]))
  })

  test.each([true, false])('refuses what is under way when it is closed (cameras: %s)', async hasCameras => {
    const cell = await start(hasCameras ? {} : { camera: false, mode: 'realtime' })
    let errors = 0
    cell.onError = () => void errors++
    const pending = hasCameras ? cell.reset(0).then(() => cell.advance(5e9)) : cell.reset(0)
    const refused = expect(pending).rejects.toMatchObject({ code: 'CELL_CLOSED' })
    if (hasCameras) await new Promise<void>(resolve => cell.wrist.start(() => resolve()))
    await cell.close()
    await refused
    await expect(cell.reset(1)).rejects.toMatchObject({ code: 'CELL_CLOSED' })
    expect(errors).toBe(0)
  })

  test('says what it cannot do, in one line', async () => {
    const cell = await start({ camera: false })
    expect(() => cell.truth()).toThrow('truth: reset() comes first')
    await expect(start({ count: 20 })).rejects.toThrow('seen: has 8 objects, 20 are to lie on the table')
    await expect(start({ camera: { width: 64, height: 64, rate: 30 } })).rejects.toThrow('give at least 128x128')
    const real = await start({ mode: 'realtime', camera: false })
    await expect(real.advance(1e9)).rejects.toThrow('this cell runs in real time')
  })
})

describe('the SO-101 cell in real time', () => {
  test('moves the arm as its bus says, while both cameras and the wrist sensor send', async () => {
    const cell = await start({ mode: 'realtime' })
    const samples = listen(cell)
    await cell.reset(1)
    const bus = await busOf(cell)
    await bus.torque(true)
    const { position } = await bus.read()
    const goal = [...position]
    goal[0] = 0.5
    await bus.write(goal)
    for (;;) {
      const state = await bus.read()
      expect(state.faults).toEqual(['', '', '', '', '', ''])
      if (Math.abs(state.position[0]! - 0.5) < 0.03 && samples.overhead.length > 15 && samples.wrist.length > 15) break
    }
    expect(cell.truth().joints[0]).toBeGreaterThan(0.4)
    for (const name of ['overhead', 'wrist'] as const) expect(grow(samples[name].map(({ stamp }) => stamp))).toBe(true)
    expect(grow(samples.wrench)).toBe(true)
    expect(samples.wrench.length).toBeGreaterThan(10 * samples.overhead.length)
    expect(cell.stats.realTimeFactor).toBeGreaterThan(1)
  })
})
