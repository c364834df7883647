import { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { CellLoop } from '../../app/session/cell-loop.js'
import { readRobot } from '../../app/robot/load-robot.js'
import type { DriverError } from '../../drivers/driver-error.js'
import type { Policy } from '../../policy/policy.js'
import type { SimulatedCell } from '../../sim/simulated-cell.js'
import { EmbeddedCell } from '../../sim/embedded/embedded-cell.js'
import { SteppedClock } from '../../middleware/local/stepped-clock.js'
import { startFirmwareHost } from '../../sim/firmware/host.js'
import { lockstep } from '../../app/session/lockstep.js'
import { SpringPlant } from '../../sim/firmware/spring-plant.js'
import { Blind, Watched } from './faulted-loop.js'

/** Speed below which the tool counts as standing still, m/s. */
const STILL = 0.01
const sideways = (width: (s: number) => number = () => 0.085): Blind => new Blind({ v: [0.06, 0, 0], width })
const fastest = (samples: readonly { speed: number }[]): number => Math.max(...samples.map(({ speed }) => speed))
const codes = (errors: readonly unknown[]): unknown[] => errors.map(error => (error as DriverError).code)

let watched: Watched | undefined
afterEach(async () => {
  await watched?.loop.close()
  watched = undefined
})

describe('stop', () => {
  it(
    'in mid-motion: the tool stands still within 50 ms and stays so, and no gripper move is sent any ' + 'more',
    async () => {
      watched = await Watched.start(
        sideways(s => 0.08 - 0.03 * s),
        { say: undefined },
      )
      const { control } = watched.loop
      let asked = NaN
      const widths: number[] = []
      watched.loop.bus.subscribe('/gripper/joint_states', 'sensor_msgs/msg/JointState', () =>
        widths.push(control.status?.requestedWidth ?? NaN),
      )
      const result = await watched.episode(3, {
        1: () => {
          watched?.loop.say('stop')
          asked = widths.length
        },
      })
      expect(fastest(watched.between(0.8, 1))).toBeGreaterThan(0.04)
      expect(fastest(watched.between(1.06, 3))).toBeLessThan(STILL)
      expect(new Set(widths.slice(asked + 3)).size).toBe(1)
      expect(new Set(widths.slice(0, asked)).size).toBeGreaterThan(5)
      expect(control.stops).toBe(1)
      expect(result).toMatchObject({ success: false, reason: 'stopped' })
      expect(watched.loop.cell.verdict()).toMatchObject({ done: true, success: true })
      expect(watched.errors).toEqual([])
    },
  )

  it.each([
    [0.3, 0, 0],
    [-0.2, 0.22, 0],
    [0.2, 0, 0.2],
  ])('from full speed, and turning (%j m/s): the same', async (...v) => {
    watched = await Watched.start(new Blind({ v, yawRate: 2.5, width: () => 0.085 }), { say: undefined })
    const result = await watched.episode(3, { 0.62: () => watched?.loop.say('stop') })
    expect(fastest(watched.between(0.5, 0.62))).toBeGreaterThan(0.2)
    expect(fastest(watched.between(0.68, 3))).toBeLessThan(STILL)
    expect([result.success, result.reason]).toEqual([false, 'stopped'])
    expect(watched.loop.cell.verdict()).toMatchObject({ done: true, success: true })
  })

  it('reaches the arm before it reaches the judge, who counts from then on', async () => {
    const order: string[] = []
    let told: string[] = []
    watched = await Watched.start(sideways(), {
      cell: async options => {
        const cell = await EmbeddedCell.start(options)
        const { setToolTarget, said } = cell
        cell.setToolTarget = pose => {
          order.push('set-point')
          setToolTarget.call(cell, pose)
        }
        cell.said = text => {
          order.push(text)
          said.call(cell, text)
        }
        return cell
      },
    })
    await watched.episode(1.1, {
      1.003: () => {
        order.length = 0
        watched?.loop.say('stop')
        told = [...order]
      },
    })
    expect(told).toEqual(['set-point', 'stop'])
    expect(watched.errors).toEqual([])
  })

  it("by an interrupt during the cell's reset: the episode does not begin", async () => {
    watched = await Watched.start(sideways())
    let targets = 0
    watched.loop.bus.subscribe('/tool_target', 'geometry_msgs/msg/PoseStamped', () => targets++)
    const episode = watched.loop.episode(0)
    await watched.loop.interrupt()
    expect(await episode).toBeUndefined()
    expect(targets).toBe(0)
  })
})

describe('over-force', () => {
  it(
    'stops a policy that drives into the table: the motion ends, the arm only rises, the strike is ' + 'reported',
    async () => {
      watched = await Watched.start(new Blind({ v: [0.01, 0, 0.08], width: () => 0 }))
      const { loop } = watched
      const result = await watched.episode(6)
      expect(result.reason).toBe('table_struck')
      expect(loop.cell.verdict().peakStrike).toBeGreaterThan(40)
      // The judge's verdict is done, and the policy goes on.
      const { clock } = loop.bus
      if (!(clock instanceof SteppedClock)) throw new Error('not in lockstep')
      const struck = clock.now()
      const heights: number[] = []
      const looking = clock.every(4_000_000, () => heights.push((loop.cell as SimulatedCell).truth().tool[2]))
      await lockstep(loop.bus, clock, loop.cell, () => clock.now() > struck + 1e9)
      looking.dispose()
      const { guard } = loop.control
      expect(guard.trips).toBeGreaterThan(0)
      expect(heights[0] - Math.min(...heights)).toBeLessThan(0.005)
      const last = heights.slice(-100)
      expect(Math.max(...last) - Math.min(...last)).toBeLessThan(0.001)
      expect(watched.errors).toEqual([])
    },
  )
})

describe('a source that falls silent in mid-motion', () => {
  it.each([
    ['camera', 0.25],
    ['wrench', 0.05],
  ] as const)('%s: the arm holds, and goes on when it is back', async (name, limit) => {
    watched = await Watched.start(sideways())
    const { cell, control } = watched.loop
    const source = name === 'camera' ? cell.cameras.color! : cell.wrist
    const { listener } = source
    const result = await watched.episode(2.4, {
      0.8: () => source.stop(),
      1.6: () => {
        source.listener = listener as never
      },
    })
    expect(result.reason).toBe('interrupted')
    expect(fastest(watched.between(0.7, 0.8))).toBeGreaterThan(0.04)
    const held = watched.between(0.8 + limit + 0.1, 1.6)
    expect(fastest(held)).toBeLessThan(STILL)
    expect(new Set(held.map(({ hold }) => hold))).toEqual(new Set([name]))
    expect(fastest(watched.between(2, 2.4))).toBeGreaterThan(0.04)
    expect(control.watchdog.trips[name]).toBe(1)
  })
})

describe('a policy that fails', () => {
  it('and throws is reported; the arm holds until it answers again', async () => {
    const blind = sideways()
    let failing = false
    const policy: Policy = {
      name: 'failing',
      close: () => blind.close(),
      infer: observation => {
        if (failing) throw new Error('out of luck')
        return blind.infer(observation)
      },
    }
    watched = await Watched.start(policy)
    await watched.episode(2.2, {
      0.7: () => {
        failing = true
      },
      1.6: () => {
        failing = false
      },
    })
    expect(fastest(watched.between(1.2, 1.6))).toBeLessThan(STILL)
    expect(watched.between(1.2, 1.6).every(({ hold }) => hold === 'policy')).toBe(true)
    expect(fastest(watched.between(1.9, 2.2))).toBeGreaterThan(0.04)
    expect(new Set(watched.errors.map(error => (error as Error).message))).toEqual(new Set(['out of luck']))
  })

  it('and never answers: nothing moves, and the loop still ends', async () => {
    watched = await Watched.start(
      { name: 'mute', infer: () => new Promise(() => undefined), close: () => Promise.resolve() },
      { mode: 'realtime' },
    )
    let targets = 0
    watched.loop.bus.subscribe('/tool_target', 'geometry_msgs/msg/PoseStamped', () => targets++)
    const result = await watched.episode(3)
    expect(result.reason).toBe('interrupted')
    expect(watched.loop.control.watchdog.trips.policy).toBeGreaterThan(0)
    expect(watched.loop.fusion.skipped).toBeGreaterThan(0)
    await watched.loop.close()
    // In real time a busy machine may be late with an answer on the serial line.
    expect(codes(watched.errors).filter(code => code !== 'TIMEOUT')).toEqual([])
  })
})

describe("the gripper's port", () => {
  const folder = mkdtempSync(join(tmpdir(), 'prehend-'))
  const path = join(folder, 'gripper')
  const robot = readRobot('cell')
  const gripper = robot.actions.gripper
  if (!gripper) throw new Error('robots/cell.yaml has no gripper')
  const own = { ...robot, actions: { ...robot.actions, gripper: { ...gripper, port: { path, baud: 115200 } } } }

  it(
    'that is lost in mid-episode is reported once and the arm holds; it goes on when the device is ' + 'back',
    async () => {
      const plants = [new SpringPlant(), new SpringPlant()]
      let host = startFirmwareHost({ plant: plants[0], initial: 'activated' })
      symlinkSync(host.path, path)
      watched = await Watched.start(
        sideways(() => 0.05),
        { robot: own },
      )
      const { loop, errors } = watched
      let commandsBack = 0
      const result = await watched.episode(8, {
        0.7: () => void host.close(),
        1.6: () => {
          host = startFirmwareHost({ plant: plants[1], initial: 'activated' })
          rmSync(path)
          symlinkSync(host.path, path)
        },
        7.9: () => {
          commandsBack = plants[1].commands.length
        },
      })
      expect(result.reason).toBe('interrupted')
      expect(fastest(watched.between(1.2, 1.6))).toBeLessThan(STILL)
      expect(watched.between(1.2, 1.6).every(({ hold }) => hold === 'gripper')).toBe(true)
      expect(loop.serialStats.reconnects).toBe(1)
      expect(commandsBack).toBeGreaterThan(0)
      expect(codes(errors)).toEqual(['DISCONNECTED'])
      await loop.close()
      await host.close()
      rmSync(folder, { recursive: true })
    },
  )

  it('that does not exist: the start fails and says what to do, leaves no thread, and ends the policy', async () => {
    const ports = (): number => process.getActiveResourcesInfo().filter(name => name === 'MessagePort').length
    const before = ports()
    const policy = sideways()
    const errors: unknown[] = []
    await expect(
      CellLoop.start({
        robot: {
          ...own,
          actions: { ...own.actions, gripper: { ...gripper, port: { path: '/dev/nothing-here', baud: 9600 } } },
        },
        mode: 'lockstep',
        seed: 1,
        objects: 'seen',
        policy: () => Promise.resolve(policy),
        onError: error => errors.push(error),
      }),
    ).rejects.toMatchObject({ code: 'PORT_MISSING' })
    expect(policy.closed).toBe(true)
    expect(ports()).toBe(before)
    expect(errors).toEqual([])
  })
})
