import { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { CellLoop, type CellLoopOptions } from '../../app/session/cell-loop.js'
import { loadPolicy } from '../../app/policies/policies.js'
import { readRobot } from '../../app/robot/load-robot.js'
import { SerialPort } from '../../drivers/serial-port.js'
import { openPseudoTerminal, type PseudoTerminal } from '../../sim/firmware/pseudo-terminal.js'
import { So101Cell } from '../../sim/so101/so101-cell.js'
import { BAUD } from '../../sim/so101/so101-servos.js'

const robot = readRobot('so101')
const STEP = 10_000_000

/** What a loop on the SO-101 cell does, looked at every 10 ms of its bus. */
class Watched {
  readonly errors: string[] = []
  readonly notices: string[] = []
  /** s since the episode began, why the motion was held, and the fastest joint, rad/s. */
  readonly samples: { readonly s: number; readonly hold: string; readonly fastest: number }[] = []
  loop!: CellLoop

  static async start(options: Partial<CellLoopOptions> = {}): Promise<Watched> {
    const watched = new Watched()
    const { make } = await loadPolicy('expert', robot)
    watched.loop = await CellLoop.start({
      robot,
      mode: 'lockstep',
      seed: 3,
      objects: 'seen',
      say: 'put the red cube in the left bin',
      policy: make,
      onNotice: text => watched.notices.push(text),
      onError: error => watched.errors.push((error as Error).message),
      ...options,
    })
    return watched
  }

  /** Runs an episode. `at`: what happens at which s of it. */
  async episode(at: Readonly<Record<number, () => void>> = {}): ReturnType<CellLoop['episode']> {
    const { loop } = this
    const { clock } = loop.bus
    let start = NaN
    let before: { readonly now: number; readonly joints: Float64Array } | undefined
    const announced = loop.bus.subscribe('/episode', 'std_msgs/msg/String', () => {
      start = clock.now()
      for (const [s, act] of Object.entries(at)) clock.at(start + Number(s) * 1e9, act)
    })
    const looking = clock.every(STEP, () => {
      if (Number.isNaN(start)) return
      const { joints } = (loop.cell as So101Cell).truth()
      const now = clock.now()
      const moved = before ? joints.map((angle, i) => Math.abs(angle - before!.joints[i])) : [0]
      const fastest = before ? Math.max(...moved) / ((now - before.now) / 1e9) : 0
      before = { now, joints }
      this.samples.push({ s: (now - start) / 1e9, hold: loop.control.hold, fastest })
    })
    const result = await loop.episode(0)
    looking.dispose()
    announced.dispose()
    return result
  }

  between(from: number, to: number): Watched['samples'] {
    return this.samples.filter(({ s }) => s >= from && s <= to)
  }
}

let watched: Watched | undefined
const toClose: (() => unknown)[] = []
afterEach(async () => {
  await watched?.loop.close()
  watched = undefined
  for (const close of toClose.splice(0)) await close()
})

/** A cable between the loop and the cell's port, which can be pulled out and put back. */
class Cable {
  readonly path = join(mkdtempSync(join(tmpdir(), 'prehend-cable-')), 'port')
  readonly #port: SerialPort
  #terminal: PseudoTerminal | undefined

  constructor(cell: So101Cell) {
    this.#port = new SerialPort({ path: cell.ports.arm, baud: BAUD })
    this.#port.on('bytes', bytes => this.#terminal?.write(bytes))
  }

  async plugIn(): Promise<void> {
    await this.#port.open()
    const terminal = (this.#terminal = openPseudoTerminal())
    // What travels while the cell is being closed is lost.
    terminal.onBytes(bytes => void this.#port.write(bytes).catch(() => undefined))
    rmSync(this.path, { force: true })
    symlinkSync(terminal.path, this.path)
  }

  async pull(): Promise<void> {
    const terminal = this.#terminal
    this.#terminal = undefined
    await terminal?.close()
  }

  async close(): Promise<void> {
    await this.pull()
    await this.#port.close()
    rmSync(join(this.path, '..'), { recursive: true })
  }
}

describe('the loop on the SO-101 cell', () => {
  it('stands still within 0.3 s of a stop, stays so, and counts the episode as stopped', async () => {
    watched = await Watched.start()
    const result = await watched.episode({ 1: () => watched?.loop.say('stop') })
    expect(Math.max(...watched.between(0.6, 1).map(({ fastest }) => fastest))).toBeGreaterThan(0.5)
    const after = watched.between(1.3, 9)
    expect(after.length).toBeGreaterThan(90)
    expect(Math.max(...after.map(({ fastest }) => fastest))).toBeLessThan(0.05)
    expect(new Set(after.map(({ hold }) => hold))).toEqual(new Set(['stop']))
    expect(result).toMatchObject({ success: false, reason: 'stopped' })
    expect(watched.loop.cell.verdict()).toMatchObject({ done: true, success: true })
    expect(watched.errors).toEqual([])
  }, 120_000)

  it('puts the object into the bin that was named last', async () => {
    watched = await Watched.start({ say: 'put the red cube in the right bin' })
    const result = await watched.episode({ 1.2: () => watched?.loop.say('no, the left bin') })
    expect(result).toMatchObject({ success: true, target: 'red cube' })
    expect(watched.errors).toEqual([])
  }, 120_000)

  it('holds when its bus is unplugged in the middle, says so once, and wins after the plug', async () => {
    let cable: Cable | undefined
    watched = await Watched.start({
      cell: async options => {
        const cell = await So101Cell.start(options)
        cable = new Cable(cell)
        toClose.push(() => cable?.close())
        await cable.plugIn()
        Object.assign(cell.ports, { arm: cable.path })
        return cell
      },
    })
    const result = await watched.episode({ 1: () => void cable?.pull(), 1.6: () => void cable?.plugIn() })
    expect(watched.errors).toEqual([expect.stringContaining('the device is gone')])
    expect(new Set(watched.between(1.2, 1.6).map(({ hold }) => hold))).toEqual(new Set(['arm']))
    expect(Math.max(...watched.between(1.4, 1.6).map(({ fastest }) => fastest))).toBeLessThan(0.05)
    expect(watched.loop.serialStats.reconnects).toBe(1)
    expect(result).toMatchObject({ success: true })
  }, 180_000)

  it('runs in real time: both cameras, the joints and the wrist are heard, and an interrupt ends it', async () => {
    watched = await Watched.start({ mode: 'realtime' })
    const { loop } = watched
    const heard = new Map<string, number>()
    for (const topic of ['/overhead/image_raw', '/wrist/image_raw'])
      loop.bus.subscribe(topic, 'sensor_msgs/msg/Image', () => heard.set(topic, (heard.get(topic) ?? 0) + 1))
    for (const topic of ['/joint_states', '/control/arm/command'])
      loop.bus.subscribe(topic, 'sensor_msgs/msg/JointState', () => heard.set(topic, (heard.get(topic) ?? 0) + 1))
    const done = new Promise<void>(resolve => {
      const timer = loop.bus.clock.every(STEP, () => {
        if (heard.size < 4 || [...heard.values()].some(count => count < 5)) return
        timer.dispose()
        resolve()
      })
    })
    const episode = watched.episode()
    await done
    await loop.interrupt()
    expect(await episode).toMatchObject({ reason: 'interrupted' })
    expect(loop.cell.stats.realTimeFactor).toBeGreaterThan(1)
  }, 120_000)
})
