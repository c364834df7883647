import { readFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { DriverError } from '../../drivers/driver-error.js'
import { parseRobot } from '../../robots/robot-file.js'
import { RobotiqFirmware } from '../../sim/firmware/robotiq-firmware.js'
import { GO, MS, Rig, type Source } from './rig.js'

const TARE = 220

let rig: Rig
beforeEach(async () => {
  rig = await new Rig().up()
})
afterEach(async () => {
  await rig.control.shutdown()
  expect(rig.clock.nextTimer()).toBe(Infinity)
})

const moved = (poses: readonly Float64Array[]): number =>
  Math.max(0, ...poses.map(pose => Math.hypot(pose[0] - poses[0][0], pose[1] - poses[0][1], pose[2] - poses[0][2])))

describe('an episode', () => {
  it('commands nothing before the wrist is tared and a fresh chunk has come, then follows the plan', async () => {
    rig.plan.x = 0.1
    rig.plan.width = 0.04
    const actions = await rig.actionsDuring(() => rig.run(199))
    expect(rig.targets).toEqual([])
    expect(actions).toEqual([])
    expect(rig.control.hold).toBe('tare')
    await rig.run(900)
    expect(rig.tool[0]).toBeCloseTo(0.1, 2)
    expect(rig.plant.width()).toBeCloseTo(0.04, 3)
    expect(rig.control.hold).toBe('none')
    expect(rig.errors).toEqual([])
  })

  it(
    'subscribes to the announcements first, because a ROS executor takes the oldest subscription ' + 'first',
    async () => {
      const other = new Rig()
      const subscribe = vi.spyOn(other.bus, 'subscribe')
      await other.up()
      expect(subscribe.mock.calls.map(([topic]) => topic).slice(0, 2)).toEqual(['/episode', '/voice/events'])
      await other.control.shutdown()
    },
  )

  it('does not carry out a chunk of the episode before', async () => {
    await rig.run(TARE + 100)
    rig.silent.add('policy')
    rig.reset()
    rig.chunk({ ...rig.plan, x: 0.2, age: 20 * MS })
    expect(rig.control.refused.stale).toBe(1)
    expect(await rig.targetsDuring(() => rig.run(300))).toEqual([])
  })

  /** An arm that moves to a set-point from before, until it gets a new one. */
  const settingOut = async (ms: number): Promise<void> => {
    const from = rig.targets.length
    for (let i = 0; i < ms; i++) {
      if (rig.targets.length === from) rig.tool[0] += 0.0003
      await rig.run(1)
    }
  }

  it(
    'begins at rest: a tool that an earlier set-point still moves is stopped where it comes to rest, ' +
      'and stays there during the tare',
    async () => {
      rig.plan.x = 0.2
      await rig.run(TARE + 150)
      rig.silent.add('policy')
      rig.reset()
      rig.tool.set([0, 0, 0.3])
      const poses = await rig.targetsDuring(() => settingOut(150))
      expect(poses.length).toBeGreaterThan(10)
      expect(moved(poses)).toBe(0)
      expect(poses[0][0]).toBeGreaterThan(0.002)
      expect(poses[0][0]).toBeLessThan(0.015)
      expect(rig.control.hold).toBe('tare')
    },
  )

  it(
    'does not stop a tool that others move before a command, later than 0.3 s after the beginning of ' +
      'an episode, and after a "resume"',
    async () => {
      const free = async (): Promise<void> => {
        rig.tool[0] = 0
        expect(await rig.targetsDuring(() => settingOut(150))).toEqual([])
        expect(rig.tool[0]).toBeGreaterThan(0.04)
      }
      await free()
      await rig.run(TARE + 150)
      expect(rig.targets.length).toBeGreaterThan(10)
      rig.silent.add('policy')
      rig.reset()
      await rig.run(310)
      await free()
      rig.say('stop')
      rig.say('resume')
      await free()
    },
  )

  it('uses the poses of a tool whose clock is behind again 0.3 s after its beginning', async () => {
    rig.poseAge = 10_000 * MS
    rig.plan.x = 0.1
    await rig.run(TARE)
    rig.reset()
    await rig.run(290)
    expect(rig.control.hold).toBe('tool')
    await rig.run(900)
    expect(rig.tool[0]).toBeCloseTo(0.1, 2)
  })
})

describe('a control node that awaits a command', () => {
  beforeEach(async () => {
    rig = await new Rig({ awaitCommand: true }).up()
  })

  it(
    'holds in each episode until its first command, and then follows no chunk from before the ' + 'command',
    async () => {
      const commanded = async (): Promise<void> => {
        rig.plan.x = -0.2
        expect(await rig.targetsDuring(() => rig.run(TARE + 500))).toEqual([])
        expect(rig.control.hold).toBe('command')
        rig.say('resume')
        expect(await rig.targetsDuring(() => rig.run(100))).toEqual([])
        rig.say('pick the red cylinder')
        rig.plan.x = 0.2
        const poses = await rig.targetsDuring(() => rig.run(1500))
        expect(Math.min(...poses.map(([x]) => x))).toBeGreaterThanOrEqual(0)
        expect(rig.tool[0]).toBeCloseTo(0.2, 2)
      }
      await commanded()
      rig.reset()
      rig.tool.set([0, 0, 0.3])
      await commanded()
    },
  )
})

describe('stop', () => {
  it(
    'brings the arm to rest from where it is, is sent before queued moves, and nothing moves until ' + '"resume"',
    async () => {
      rig.plan = { ...rig.plan, x: 0.2, width: 0 }
      await rig.run(TARE + 150)
      rig.tool[0] -= 0.004
      await rig.run(4)
      const where = rig.tool.slice()
      rig.say('no, stop!')
      const actions = await rig.actionsDuring(async () => {
        const poses = await rig.targetsDuring(() => rig.run(1000))
        expect(poses.length).toBeGreaterThan(90)
        expect(moved(poses)).toBe(0)
        expect(poses[0][0] - where[0]).toBeGreaterThanOrEqual(0)
        expect(poses[0][0] - where[0]).toBeLessThan(0.35 * 0.03)
        expect(poses[0].slice(1)).toEqual(where.slice(1))
      })
      expect(actions.filter(action => action === GO)).toEqual([])
      expect(rig.wire.actions.at(-1)).toBe(1)
      expect(rig.control.hold).toBe('stop')
      const width = rig.plant.width()
      expect(width).toBeGreaterThan(0.01)
      rig.say('resume')
      expect(rig.control.guard.ready).toBe(true)
      await rig.run(1200)
      expect(rig.tool[0]).toBeCloseTo(0.2, 2)
      expect(rig.plant.width()).toBeCloseTo(0, 3)
      expect(rig.errors).toEqual([])
    },
  )

  it('counts once: a second one while the arm brakes does not move the set-point', async () => {
    rig.plan.x = 0.2
    await rig.run(TARE + 150)
    const poses = await rig.targetsDuring(async () => {
      rig.say('stop')
      for (let i = 0; i < 3; i++) {
        await rig.run(5)
        rig.tool[0] += 0.001
        await rig.run(4)
        rig.say('stop')
        void rig.control.stop()
      }
      await rig.control.deactivate()
      await rig.run(50)
      await rig.control.stop()
    })
    expect(poses.length).toBeGreaterThan(5)
    expect(moved(poses)).toBe(0)
  })

  /** Distance between each set-point and the next, m. Along x it is signed. */
  const steps = (poses: readonly Float64Array[]): number[] =>
    poses.slice(1).map((pose, i) => Math.hypot(pose[0] - poses[i][0], pose[1] - poses[i][1], pose[2] - poses[i][2]))

  it.each<[string, number, number]>([
    ['in step', 0, 0],
    ['behind', 10_000, 0],
    ['ahead', -10_000, 0],
    ['in step, and late', 0, 75],
    ['behind, and late', 3, 90],
  ])(
    "never sends the arm back, and no step goes beyond the limits, where the poses' clock is %s",
    async (_how, behind, late) => {
      rig.poseAge = behind * MS
      rig.lag = 20
      rig.plan.x = 0.2
      await rig.run(TARE + 350)
      rig.poseWaits = late
      await rig.run(95)
      const from = rig.targets.length - 1
      const [tool, last] = [rig.tool[0], rig.targets[from].pose[0]]
      expect(last - tool).toBeGreaterThan(0.004)
      void rig.control.stop({ forNextGoal: true })
      await rig.run(30)
      rig.control.resume()
      await rig.run(120)
      const poses = rig.targets.slice(from).map(({ pose }) => pose)
      expect(Math.max(...steps(poses))).toBeLessThanOrEqual(0.0035 + 1e-9)
      expect(Math.min(...poses.map(([x]) => x))).toBeGreaterThanOrEqual(last - 1e-9)
    },
  )

  it("right after an episode began in mid-motion does not change the arm's set-point", async () => {
    rig.lag = 20
    rig.plan.x = 0.2
    await rig.run(TARE + 200)
    const last = rig.targets.at(-1)?.pose[0] ?? NaN
    rig.silent.add('policy')
    rig.reset()
    const poses = await rig.targetsDuring(() => rig.run(100))
    expect(poses.length).toBeGreaterThan(5)
    expect(new Set(poses.map(([x]) => x))).toEqual(new Set([last]))
  })

  it(
    'uses the tool poses of one frame: a pose in another frame is dropped, and if more follow the ' +
      'arm holds and one line says so',
    async () => {
      const told: string[] = []
      rig = await new Rig({ onNotice: text => told.push(text) }).up()
      const other = rig.bus.advertise('/tool_pose', 'geometry_msgs/msg/PoseStamped')
      const mirrored = (): void =>
        other.publish({
          stamp: rig.clock.now(),
          frameId: 'base_link',
          pose: Float64Array.from(rig.tool, (value, i) => (i < 2 ? -value : value)),
        })
      rig.plan = { ...rig.plan, x: 0.2, y: 0.1 }
      await rig.run(TARE + 200)
      mirrored()
      rig.say('stop')
      await rig.run(20)
      rig.say('resume')
      await rig.run(100)
      expect(rig.control).toMatchObject({ hold: 'none', badPoses: 1 })
      expect(told).toEqual([])
      const timer = rig.clock.every(4 * MS, mirrored)
      await rig.run(150)
      expect(rig.control.hold).toBe('tool')
      expect(told).toEqual([
        expect.stringMatching(/^stream tool \(\/tool_pose\): frame_id is "base" and "base_link": .*hold/),
      ])
      rig.force = 35
      await rig.run(100)
      rig.force = 0
      expect(Math.max(...steps(rig.targets.map(({ pose }) => pose)))).toBeLessThanOrEqual(0.0035 + 1e-9)
      timer.dispose()
      await rig.run(1500)
      expect(rig.control.hold).toBe('none')
      await rig.control.shutdown()
      rig = await new Rig().up()
    },
  )

  it('puts the prefix before the frame of its set-points where the poses have no frame', async () => {
    rig = await new Rig({ framePrefix: 'left/' }).up()
    rig.namesFrames = false
    let frame = ''
    rig.bus.subscribe('/tool_target', 'geometry_msgs/msg/PoseStamped', ({ frameId }) => {
      frame = frameId
    })
    await rig.run(TARE + 100)
    expect(frame).toBe('left/base_link')
    await rig.control.shutdown()
    rig = await new Rig().up()
  })

  it('sends its set-points in the frame of the tool poses', async () => {
    const frames = new Set<string>()
    rig.bus.subscribe('/tool_target', 'geometry_msgs/msg/PoseStamped', ({ frameId }) => frames.add(frameId))
    const odd = rig.bus.advertise('/tool_pose', 'geometry_msgs/msg/PoseStamped')
    rig.plan.x = 0.1
    await rig.run(TARE + 100)
    odd.publish({ stamp: rig.clock.now(), frameId: 'world', pose: rig.tool.slice() })
    rig.say('stop')
    await rig.run(3)
    expect([...frames]).toEqual(['base'])
  })

  it("uses the tool's pose and no other pose of the robot file", async () => {
    const text = readFileSync(new URL('../../robots/cell.yaml', import.meta.url), 'utf8').replace(
      'streams:\n',
      'streams:\n  a_marker: { topic: marker, type: geometry_msgs/msg/PoseStamped }\n',
    )
    rig = await new Rig({ robot: parseRobot(text, 'cell.yaml') }).up()
    const marker = rig.bus.advertise('/marker', 'geometry_msgs/msg/PoseStamped')
    rig.clock.every(3 * MS, () =>
      marker.publish({ stamp: rig.clock.now(), frameId: 'base', pose: Float64Array.of(-0.2, 0.1, 0.1, 1, 0, 0, 0) }),
    )
    rig.plan.x = 0.1
    await rig.run(TARE + 100)
    rig.say('stop')
    await rig.run(50)
    expect(rig.targets.length).toBeGreaterThan(10)
    expect(Math.max(...steps(rig.targets.map(({ pose }) => pose)))).toBeLessThanOrEqual(0.0035 + 1e-9)
    for (const { pose } of rig.targets) expect([...pose.slice(1, 3)]).toEqual([0, 0.3])
    rig.silent.add('tool')
    await rig.run(110)
    rig.say('resume')
    await rig.run(50)
    expect(rig.control.hold).toBe('tool')
    await rig.control.shutdown()
    rig = await new Rig().up()
  })

  it('after a deactivation in mid-motion sends no set-point, because others may move the arm now', async () => {
    rig.plan.x = 0.2
    await rig.run(TARE + 150)
    const poses = await rig.targetsDuring(async () => {
      await Promise.all([rig.control.deactivate(), rig.run(80)])
      await rig.control.stop()
    })
    expect(poses.length).toBe(1)
  })

  it('during an over-force does not send the arm further into the obstacle', async () => {
    rig.plan.z = 0.1
    await rig.run(TARE + 300)
    let measured = NaN
    rig.bus.subscribe('/tool_pose', 'geometry_msgs/msg/PoseStamped', ({ pose }) => {
      measured = pose[2]
    })
    rig.force = 35
    // The arm moves on for some time.
    for (let i = 0; i < 3; i++) {
      rig.tool[2] -= 0.001
      await rig.run(4)
    }
    const where = measured
    const poses = await rig.targetsDuring(async () => {
      rig.say('stop')
      await rig.run(100)
    })
    expect(rig.control.guard.state).toBe('over_force')
    expect(poses.length).toBeGreaterThan(5)
    expect(Math.min(...poses.map(pose => pose[2]))).toBeGreaterThanOrEqual(where - 1e-9)
  })

  it('right after an episode began sends its set-point with the first pose', async () => {
    rig.plan.x = 0.2
    await rig.run(TARE + 150)
    rig.reset()
    rig.tool.set([0.05, 0, 0.3])
    rig.say('stop')
    const poses = await rig.targetsDuring(() => rig.run(4))
    expect(poses.map(([x]) => x)).toEqual([0.05])
  })

  it.each(['can you stop moving', 'Stopp', '停', 'stpo'])(
    'is recognised in a sentence, in other languages and misspelt: "%s"',
    async word => {
      await rig.run(TARE + 300)
      rig.say(word)
      expect(rig.control).toMatchObject({ hold: 'stop', heardAs: 'stop' })
      expect(moved(await rig.targetsDuring(() => rig.run(200)))).toBe(0)
      rig.say('weiter')
      expect(rig.control.heardAs).toBe('resume')
      await rig.run(200)
      expect(rig.control.hold).toBe('none')
    },
  )

  it('drops a queued move, even when "resume" follows at once', async () => {
    await rig.run(TARE + 100)
    rig.silent.add('policy')
    await rig.run(20)
    const actions = await rig.actionsDuring(async () => {
      rig.chunk({ ...rig.plan, width: 0.01 })
      rig.chunk({ ...rig.plan, width: 0 })
      rig.say('stop')
      rig.say('resume')
      await rig.run(100)
    })
    expect(actions).toEqual([1])
  })

  it(
    'that the gripper did not acknowledge is sent again before anything else when the gripper is ' + 'back',
    async () => {
      rig.plan.width = 0
      await rig.run(TARE + 100)
      rig.wire.away = true
      rig.say('stop')
      await rig.run(100)
      rig.wire.away = false
      const actions = await rig.actionsDuring(() => rig.run(100))
      expect(actions).toEqual([1])
      expect(rig.errors.map(error => (error as DriverError).code)).toEqual(['DISCONNECTED'])
    },
  )

  it.each<[string, (rig: Rig) => void]>([
    ['word', rig => rig.say('stop')],
    ['service', rig => void rig.control.stop()],
  ])(
    "by somebody's %s is kept over new episodes, whoever announces them, and over a deactivation: " +
      'nothing moves until "resume"',
    async (_how, stop) => {
      const late = rig.bus.advertise('/tool_pose', 'geometry_msgs/msg/PoseStamped')
      rig.plan = { ...rig.plan, x: 0.2, width: 0 }
      await rig.run(TARE + 150)
      stop(rig)
      await rig.run(100)
      rig.reset()
      // The episode places the tool elsewhere. The set-point follows the tool, which is not sent back. Late poses from
      // before the placement do not count.
      late.publish({ stamp: rig.clock.now() - MS, frameId: 'base', pose: rig.tool.slice() })
      rig.tool.set([0.1, 0.1, 0.3])
      await rig.run(20)
      const width = rig.plant.width()
      const still = async (): Promise<void> => {
        const poses = await rig.targetsDuring(() => rig.run(TARE + 500))
        expect(poses.length).toBeGreaterThan(50)
        for (const pose of poses) expect([...pose.slice(0, 2)]).toEqual([0.1, 0.1])
        expect(rig.plant.width()).toBe(width)
        expect(rig.control.hold).toBe('stop')
      }
      await still()
      await Promise.all([rig.control.deactivate(), rig.run(50)])
      await rig.control.activate()
      await still()
      rig.say('resume')
      await rig.run(1200)
      expect(rig.tool[0]).toBeCloseTo(0.2, 2)
      expect(rig.plant.width()).toBeCloseTo(0, 3)
      expect(rig.errors).toEqual([])
    },
  )

  it("of an episode's own script ends with the next episode; one that somebody said does not", async () => {
    rig.plan.x = 0.2
    await rig.run(TARE + 150)
    rig.say('stop', 'script')
    await rig.run(50)
    expect(rig.control.hold).toBe('stop')
    rig.reset()
    await rig.run(TARE + 150)
    expect(rig.control.hold).toBe('none')
    rig.say('stop')
    rig.say('stop', 'script')
    rig.reset()
    await rig.run(TARE + 150)
    expect(rig.control.hold).toBe('stop')
    expect(rig.control.stops).toBe(2)
  })

  it('that was said while the node was inactive lasts when the node is activated', async () => {
    await rig.run(TARE + 100)
    await rig.control.deactivate()
    rig.say('stop')
    await rig.control.activate()
    expect(
      await rig.actionsDuring(async () => {
        expect(moved(await rig.targetsDuring(() => rig.run(TARE + 600)))).toBeLessThan(1e-6)
      }),
    ).not.toContain(GO)
    expect(rig.control.hold).toBe('stop')
    rig.plan.x = 0.1
    rig.say('resume')
    await rig.run(1000)
    expect(rig.tool[0]).toBeGreaterThan(0.05)
  })

  it('keeps the last set-point where the tool pose is too old', async () => {
    rig.plan.x = 0.2
    await rig.run(TARE + 200)
    rig.silent.add('tool')
    await rig.run(120)
    const last = rig.targets.at(-1)
    rig.say('stop')
    await rig.run(20)
    expect(rig.targets.at(-1)?.pose).toEqual(last?.pose)
  })
})

describe('over-force', () => {
  it('freezes the arm, which then only rises, and lets the fingers only open', async () => {
    rig.plan = { ...rig.plan, x: 0.1, z: 0.1, width: 0.05 }
    await rig.run(TARE + 300)
    rig.force = 35
    await rig.run(2)
    rig.plan.width = 0.01
    const actions = await rig.actionsDuring(async () => {
      const poses = await rig.targetsDuring(() => rig.run(400))
      expect(moved(poses)).toBe(0)
    })
    expect(actions).toEqual([])
    rig.plan = { ...rig.plan, x: -0.1, z: 0.25, width: 0.08 }
    const poses = await rig.targetsDuring(() => rig.run(700))
    expect(poses.every(pose => pose[0] === poses[0][0] && pose[1] === poses[0][1])).toBe(true)
    expect(poses.every((pose, i) => i === 0 || pose[2] >= poses[i - 1][2])).toBe(true)
    expect(poses.at(-1)?.[2]).toBeCloseTo(0.25, 3)
    expect(rig.plant.width()).toBeCloseTo(0.08, 3)
    rig.force = 0
    await rig.run(1000)
    expect(rig.control.guard).toMatchObject({ state: 'free', trips: 1 })
    expect(rig.tool[0]).toBeCloseTo(-0.1, 2)
  })

  it('is measured from the tare, to which late wrenches from before the episode do not belong', async () => {
    const late = rig.bus.advertise('/wrist/wrench', 'geometry_msgs/msg/WrenchStamped')
    await rig.run(TARE)
    rig.reset()
    for (let i = 1; i < 60; i++)
      late.publish({ stamp: rig.clock.now() - i * MS, frameId: 'wrist', wrench: Float64Array.of(0, 0, 50, 0, 0, 0) })
    await rig.run(TARE)
    expect(rig.control.guard).toMatchObject({ ready: true, state: 'free' })
    expect(rig.control.guard.force).toBeLessThan(0.001)
  })

  it('lasts over a stop and a resume, because the tare stays', async () => {
    await rig.run(TARE)
    rig.force = 35
    await rig.run(10)
    rig.say('stop')
    rig.say('resume')
    await rig.run(300)
    expect(rig.control.guard.state).toBe('over_force')
  })
})

describe('a wrench without a stamp', () => {
  it('is counted and does not go into the tare', async () => {
    rig.force = 25
    rig.wrench(0)
    await rig.run(TARE + 100)
    // The offset is the mean of the samples, not the first sample alone.
    expect(rig.control.badWrenches).toBe(1)
    expect(rig.control.guard.force).toBeCloseTo(0, 6)
    rig.wrench(0)
    expect(rig.control.guard.state).toBe('free')
    expect(rig.control.badWrenches).toBe(2)
  })
})

describe('a source that falls silent', () => {
  it.each<[Source, number]>([
    ['wrench', 50],
    ['camera', 250],
    ['policy', 300],
    ['tool', 100],
    ['gripper', 200],
  ])(
    '%s: arm and gripper hold after %i ms, and go on when it is back',
    async (source, limit) => {
      rig.plan = { ...rig.plan, x: -0.2, width: 0.07 }
      await rig.run(TARE + 400)
      rig.silent.add(source)
      await rig.run(limit + 50)
      rig.plan = { ...rig.plan, x: 0.2, width: 0 }
      const actions = await rig.actionsDuring(async () => {
        expect(moved(await rig.targetsDuring(() => rig.run(200)))).toBe(0)
      })
      expect(rig.control.hold).toBe(source)
      expect(actions.filter(action => action === GO)).toEqual([])
      rig.silent.delete(source)
      await rig.run(2000)
      expect(rig.tool[0]).toBeCloseTo(0.2, 2)
      expect(rig.plant.width()).toBeCloseTo(0, 3)
      if (source !== 'tool') expect(rig.control.watchdog.trips[source]).toBe(1)
    },
    20_000,
  )

  it('a sensor that sends only NaN counts as silent', async () => {
    await rig.run(TARE + 100)
    rig.force = NaN
    await rig.run(60)
    expect(rig.control.hold).toBe('wrench')
    rig.force = 0
    rig.poseError = NaN
    await rig.run(120)
    expect(rig.control.hold).toBe('tool')
    expect(rig.targets.every(({ pose }) => pose.every(Number.isFinite))).toBe(true)
  })
})

describe('a tool that does not point down', () => {
  /** The orientation straight down, turned by `degrees` about the x axis of the base. */
  const tilt = (degrees: number): void =>
    rig.tool.set([Math.cos((degrees * Math.PI) / 360), 0, 0, Math.sin((degrees * Math.PI) / 360)], 3)

  it.each([
    [90, /tilted by 90 deg: .*points down .* within 5 deg/],
    [5.5, /tilted by 5\.5 deg/],
  ] as const)('by %f degrees is not moved, and one line says why', async (degrees, message) => {
    tilt(degrees)
    rig.plan = { ...rig.plan, x: 0.1, width: 0.02 }
    const actions = await rig.actionsDuring(() => rig.run(TARE + 300))
    expect(rig.targets).toEqual([])
    expect(actions).toEqual([])
    expect(rig.control.hold).toBe('tilt')
    expect(rig.control.holdText).toMatch(message)
    expect(rig.errors).toMatchObject([{ code: 'TOOL_TILTED' }])
    // A stop does not move it.
    rig.say('stop')
    await rig.run(50)
    expect(new Set(rig.targets.map(({ pose }) => pose.join()))).toEqual(new Set([rig.tool.join()]))
    expect(rig.tool[6]).toBeCloseTo(Math.sin((degrees * Math.PI) / 360), 9)
    rig.say('resume')
    tilt(0)
    await rig.run(600)
    expect(rig.tool[0]).toBeCloseTo(0.1, 2)
    expect(rig.errors.length).toBe(1)
  })

  it('any more, in mid-motion, gets no set-point until it points down again', async () => {
    rig.plan.x = 0.2
    await rig.run(TARE + 200)
    tilt(60)
    await rig.run(20)
    expect(await rig.targetsDuring(() => rig.run(200))).toEqual([])
    tilt(0)
    const poses = await rig.targetsDuring(() => rig.run(200))
    for (const pose of poses) expect(pose[6]).toBe(0)
    expect(poses.length).toBeGreaterThan(10)
  })

  it('by less than 4 degrees is moved and keeps its tilt', async () => {
    tilt(4)
    rig.plan.x = 0.1
    await rig.run(TARE + 400)
    expect(rig.tool[0]).toBeGreaterThan(0.05)
    for (const { pose } of rig.targets) expect(pose[6]).toBeCloseTo(Math.sin((2 * Math.PI) / 180), 6)
  })

  it('gives no message where its orientation is invalid', async () => {
    rig.tool.set([0, 0, 0, 0], 3)
    await rig.run(TARE + 50)
    expect(rig.control.hold).toBe('tool')
    expect(rig.control.badPoses).toBeGreaterThan(50)
    expect(rig.targets).toEqual([])
  })
})

describe('a chunk', () => {
  it.each([
    ['a NaN in it', { poison: NaN }, 'unusable'],
    ['data from too long ago', { age: 301 * MS }, 'stale'],
    ['data from the future', { age: -301 * MS }, 'stale'],
  ] as const)('with %s is not carried out, and does not reset the watchdog', async (_what, fault, counter) => {
    await rig.run(TARE + 100)
    rig.plan = { ...rig.plan, ...fault, x: 0.2, width: 0 }
    const actions = await rig.actionsDuring(async () => {
      expect(moved(await rig.targetsDuring(() => rig.run(400)))).toBeLessThan(1e-9)
    })
    expect(actions).toEqual([])
    expect(rig.control.refused[counter]).toBeGreaterThan(10)
    expect(rig.control.hold).toBe('policy')
  })

  it('whose rows are used up holds at its last row', async () => {
    await rig.run(TARE)
    rig.silent.add('policy')
    rig.chunk({ ...rig.plan, x: 0.05 })
    await rig.run(299)
    expect(rig.tool[0]).toBeCloseTo(0.05, 4)
  })
})

describe('a gripper that lost its activation', () => {
  it('is reported once and holds everything; its fingers move only after "resume"', async () => {
    rig.plan = { ...rig.plan, x: 0.2, width: 0.02 }
    await rig.run(TARE + 200)
    rig.firmware = new RobotiqFirmware({ plant: rig.plant })
    await rig.run(220)
    const commands = rig.plant.commands.length
    expect(moved(await rig.targetsDuring(() => rig.run(500)))).toBe(0)
    expect(rig.plant.commands.length).toBe(commands)
    expect(rig.control.hold).toBe('gripper')
    expect(rig.errors.map(error => (error as DriverError).code)).toEqual(['NOT_ACTIVATED'])
    rig.say('resume')
    for (let i = 0; i < 60 && rig.control.status?.activated === false; i++) {
      await rig.run(100)
      await new Promise(resolve => setTimeout(resolve, 12))
    }
    await rig.run(2000)
    expect(rig.tool[0]).toBeCloseTo(0.2, 2)
    expect(rig.plant.width()).toBeCloseTo(0.02, 3)
  }, 20_000)
})

describe('lifecycle', () => {
  it('a deactivation in mid-motion freezes the arm, stops the fingers, and sends nothing after that', async () => {
    rig.plan = { ...rig.plan, x: 0.2, width: 0 }
    await rig.run(TARE + 200)
    rig.chunk()
    const actions = await rig.actionsDuring(() => rig.control.deactivate())
    expect(actions.at(-1)).toBe(1)
    expect(await rig.targetsDuring(() => rig.run(200))).toEqual([])
    expect(await rig.actionsDuring(() => rig.run(200))).toEqual([])
    await rig.control.activate()
    await rig.run(1500)
    expect(rig.tool[0]).toBeCloseTo(0.2, 2)
  })

  it('a deactivation in an over-force lets the arm retreat to its measured pose, then sends nothing', async () => {
    rig.plan.z = 0.1
    await rig.run(TARE + 200)
    const measured = rig.tool[2]
    // The arm pushes: the set-point moves on, and the tool does not.
    rig.lag = 1e9
    await rig.run(100)
    const deepest = rig.targets.at(-1)?.pose[2] ?? NaN
    expect(deepest).toBeLessThan(measured - 0.01)
    rig.force = 35
    await rig.run(1)
    const poses = await rig.targetsDuring(async () => {
      await Promise.all([rig.control.deactivate(), rig.run(200)])
    })
    expect(poses.at(-1)?.[2]).toBeCloseTo(measured, 6)
    expect(poses.length).toBeLessThan(20)
    expect(await rig.targetsDuring(() => rig.run(100))).toEqual([])
    rig.force = 0
    await rig.control.activate()
  })

  it("a deactivation in an over-force ends even if no pose comes and the bus's time stands still", async () => {
    await rig.run(TARE + 200)
    rig.silent.add('tool')
    await rig.run(110)
    rig.force = 35
    await rig.run(2)
    await rig.control.deactivate()
    expect(await rig.targetsDuring(() => rig.run(100))).toEqual([])
    rig.force = 0
    rig.silent.delete('tool')
    await rig.control.activate()
  })

  it('a clean-up ends a transaction that waits for its answer', async () => {
    await rig.run(TARE + 100)
    await rig.control.deactivate()
    rig.wire.mute = true
    const stopping = rig.control.stop()
    await rig.control.cleanup()
    await stopping
    expect(rig.bus.topics().filter(({ topic }) => topic === '/tool_target')).toMatchObject([{ publishers: 0 }])
  })

  it('a shutdown of an active node leaves no timer, no subscription and no port', async () => {
    await rig.run(50)
    await rig.control.shutdown()
    expect(rig.control.state).toBe('finalized')
    expect(rig.clock.nextTimer()).toBe(Infinity)
    expect(rig.bus.topics().filter(({ topic, subscribers }) => topic !== '/tool_target' && subscribers > 0)).toEqual([])
    expect(rig.wire.away).toBe(true)
    rig = await new Rig().up()
  })

  it('a failed configuration leaves nothing open and may be tried again', async () => {
    await rig.control.shutdown()
    rig = new Rig()
    rig.wire.away = true
    await expect(rig.control.configure()).rejects.toMatchObject({ code: 'DISCONNECTED' })
    expect(rig.control.state).toBe('unconfigured')
    expect(
      rig.bus.topics().every(({ topic, publishers }) => topic !== '/gripper/joint_states' || publishers === 0),
    ).toBe(true)
    rig.wire.away = false
    await rig.up()
    await rig.run(TARE)
    expect(rig.control.hold).toBe('none')
  })

  it.each(['by call', 'by voice'])(
    'a stop %s during the activation of the gripper ends the activation: the node stays unconfigured ' +
      'and the fingers stand still',
    async how => {
      await rig.control.shutdown()
      rig = new Rig()
      rig.firmware = new RobotiqFirmware({ plant: rig.plant })
      const configuring = rig.control.configure()
      const failed = expect(configuring).rejects.toMatchObject({ code: 'SUPERSEDED' })
      if (how === 'by call') await rig.control.stop()
      else rig.say('stop')
      await failed
      expect(rig.control.state).toBe('unconfigured')
      expect(rig.wire.actions.at(-1)).toBe(0)
      rig.firmware.step(1e9)
      expect(rig.plant.commands.filter(command => command !== 'hold')).toEqual([])
    },
  )
})

describe('the width', () => {
  it('is published with the time at which the gripper measured it, not with that of its answer', async () => {
    // The bus has the host's monotonic clock.
    const own = await new Rig({ busTimeOf: monotonic => monotonic }).up()
    const stamps: number[] = []
    own.bus.subscribe('/gripper/joint_states', 'sensor_msgs/msg/JointState', ({ stamp }) => stamps.push(stamp))
    await own.run(100)
    expect(stamps.length).toBeGreaterThan(2)
    expect(stamps.at(-1)).toBe(own.control.status?.stamp)
    await own.control.shutdown()
  })
})

describe('the fingers that a client moves', () => {
  beforeEach(async () => {
    rig.silent.add('policy')
    await rig.run(TARE + 400)
    expect(rig.control.hold).toBe('policy')
  })
  const grip = async (width: number, effort = 40, ms = 1500): Promise<void> => {
    const [written] = await Promise.all([rig.control.grip(width, effort), rig.run(ms)])
    expect(written).toBeGreaterThan(0)
  }
  const code = (promise: Promise<unknown>): Promise<unknown> =>
    promise.then(
      () => 'went',
      (error: unknown) => (error as DriverError).code,
    )

  it('move without a policy and without a camera, within the limits', async () => {
    rig.silent.add('camera')
    await grip(0.03)
    expect(rig.plant.width()).toBeCloseTo(0.03, 3)
    await grip(0.5, 1e6)
    expect(rig.plant.width()).toBeCloseTo(0.085, 3)
    expect(rig.targets).toEqual([])
    expect(rig.errors).toEqual([])
  })

  it('stand still once that is ended, and no move is sent later', async () => {
    await grip(0, 40, 300)
    await Promise.all([rig.control.endGrip(), rig.run(50)])
    const width = rig.plant.width()
    expect(width).toBeGreaterThan(0.03)
    await rig.run(500)
    expect(rig.plant.width()).toBeCloseTo(width, 3)
    expect(rig.control.hold).toBe('policy')
    await grip(0.07)
    expect(rig.plant.width()).toBeCloseTo(0.07, 3)
  })

  it(
    'do not move while the policy drives, a stop lasts, the wrist or the gripper is silent, or the ' +
      'node is not active',
    async () => {
      const held = async (): Promise<unknown> => {
        const hold = rig.control.gripHold(0)
        const actions = await rig.actionsDuring(async () => {
          const [how] = await Promise.all([code(rig.control.grip(0, 40)), rig.run(50)])
          expect(how).toBe('SUPERSEDED')
        })
        expect(actions).not.toContain(GO)
        return hold
      }
      rig.silent.add('wrench')
      await rig.run(60)
      expect(await held()).toBe('wrench')
      rig.silent.delete('wrench')
      rig.silent.add('gripper')
      await rig.run(300)
      expect(rig.control.gripHold(0)).toBe('gripper')
      rig.silent.delete('gripper')
      await rig.run(100)
      await Promise.all([rig.control.stop(), rig.run(50)])
      expect(await held()).toBe('stop')
      rig.say('resume')
      rig.silent.delete('policy')
      await rig.run(100)
      expect(rig.control.gripHold(0)).toBe('policy')
      rig.silent.add('policy')
      await rig.run(500)
      expect(rig.control.gripHold(0)).toBe('none')
      const ending = rig.control.deactivate()
      expect([rig.control.state, rig.control.gripHold(0)]).toEqual(['active', 'inactive'])
      expect(await held()).toBe('inactive')
      await ending
      expect(rig.control.gripHold(0)).toBe('inactive')
    },
  )

  it('only open during an over-force', async () => {
    await grip(0.04)
    rig.force = 35
    await rig.run(20)
    expect(rig.control.gripHold(0.02)).toBe('over_force')
    const [how] = await Promise.all([code(rig.control.grip(0.02, 40)), rig.run(100)])
    expect(how).toBe('SUPERSEDED')
    expect(rig.plant.width()).toBeCloseTo(0.04, 3)
    await grip(0.08)
    expect(rig.plant.width()).toBeCloseTo(0.08, 3)
  })
})
