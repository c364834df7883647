import { describe, expect, it } from 'vitest'
import { Robotiq2f85 } from '../../drivers/robotiq-2f85.js'
import { controlPart } from '../../app/session/parts/control-part.js'
import { Session } from '../../app/session/session.js'
import { LocalBus } from '../../middleware/local/local-bus.js'
import { SteppedClock } from '../../middleware/local/stepped-clock.js'
import type { ActionGroupMessage } from '../../middleware/messages.js'
import type { ControlNode } from '../../nodes/control-node.js'
import { CHUNK_TOPIC } from '../../nodes/fusion-node.js'
import { parseRobot } from '../../robots/robot-file.js'
import { RobotiqFirmware } from '../../sim/firmware/robotiq-firmware.js'
import { SpringPlant } from '../../sim/firmware/spring-plant.js'
import { MS, Wire } from './rig.js'

/** Two arms on ros2_control: one takes trajectories, the other plain numbers. They share one joint_states topic. */
const textOf = (gripper: string): string => `
robot: two_arms
tick: { rate: 30 Hz }
streams:
  joints: { topic: /joint_states, type: sensor_msgs/msg/JointState, select: [position.a, position.b, position.c] }
  voice: { topic: /voice/events, type: prehend_interfaces/msg/VoiceEvent }
actions:
  left: { topic: /left/joint_trajectory, type: trajectory_msgs/msg/JointTrajectory, joints: [b, a], state: joints }
  right: { topic: /right/commands, type: std_msgs/msg/Float64MultiArray, values: position, joints: [c], state: joints }
${gripper}limits:
  joints:
    a: { position: [-1 rad, 1 rad], velocity: 1 rad/s }
    b: { position: [-1 rad, 1 rad], velocity: 1 rad/s }
    c: { position: [-2 rad, 2 rad], velocity: 2 rad/s, acceleration: 10 rad/s^2 }
  width: [0 mm, 85 mm]
  effort: [20 N, 235 N]
`
const ROBOT = parseRobot(textOf('  gripper: { driver: robotiq_2f85 }\n'), 'two-arms.yaml')
const WITHOUT_GRIPPER = parseRobot(textOf(''), 'two-arms.yaml')

const group = (fields: Partial<ActionGroupMessage>): ActionGroupMessage => ({
  name: '',
  kind: '',
  counts: '',
  joints: [],
  continuous: [],
  rotation: '',
  frame: '',
  channels: [],
  unit: '',
  ...fields,
})
const GROUPS = [
  group({ name: 'left', kind: 'joint_position', joints: ['b', 'a'] }),
  group({ name: 'right', kind: 'joint_position', joints: ['c'], counts: 'offset' }),
  group({ name: 'gripper', kind: 'gripper', channels: ['width'] }),
]

/** The control node with arms that are where they were sent, as ros2_control's mock hardware is. */
class Rig {
  readonly clock = new SteppedClock(1)
  readonly errors: unknown[] = []
  readonly bus = new LocalBus(this.clock, { onError: error => this.errors.push(error) })
  readonly firmware = new RobotiqFirmware({ plant: new SpringPlant(), initial: 'activated' })
  readonly at: Record<'a' | 'b' | 'c', number> = { a: 0, b: 0, c: 0 }
  readonly control: ControlNode
  readonly points: { readonly names: readonly string[]; readonly timeFromStart: number }[] = []
  readonly #states = this.bus.advertise('/joint_states', 'sensor_msgs/msg/JointState')
  readonly #chunks = this.bus.advertise(`/${CHUNK_TOPIC}`, 'prehend_interfaces/msg/ActionChunk')
  readonly #voice = this.bus.advertise('/voice/events', 'prehend_interfaces/msg/VoiceEvent')

  constructor(robot = ROBOT) {
    const gripper = new Robotiq2f85(new Wire(() => this.firmware), { timeout: 100, retries: 0 })
    this.control = Session.assemble(
      { robot, bus: this.bus, onError: error => this.errors.push(error) },
      { control: controlPart({ gripper: robot === ROBOT ? gripper : undefined, execution: 'receding_horizon' }) },
    ).nodes.control
    this.bus.subscribe('/left/joint_trajectory', 'trajectory_msgs/msg/JointTrajectory', ({ jointNames, points }) => {
      const [{ positions, timeFromStart }] = points
      this.points.push({ names: jointNames, timeFromStart })
      ;[this.at.b, this.at.a] = positions
    })
    this.bus.subscribe('/right/commands', 'std_msgs/msg/Float64MultiArray', ({ data }) => {
      ;[this.at.c] = data
    })
  }

  async up(): Promise<this> {
    await this.control.configure()
    await this.control.activate()
    return this
  }

  say(text: string): void {
    this.#voice.publish({ stamp: this.clock.now(), frameId: '', text, confidence: 1 })
  }

  chunk(row = [0.5, -0.5, 1.25 - this.at.c, 0.05], groups: readonly ActionGroupMessage[] = GROUPS): void {
    this.#chunks.publish({
      stamp: this.clock.now(),
      frameId: '',
      rate: 30,
      data: Float32Array.from({ length: 30 * row.length }, (_, i) => row[i % row.length]),
      origin: new Float64Array(7),
      gate: new Float32Array(0),
      graspSuccess: NaN,
      groups,
      origins: Float64Array.of(this.at.c),
    })
  }

  async run(
    ms: number,
    { names = ['c', 'a', 'b'] as readonly ('a' | 'b' | 'c')[], policy = true } = {},
  ): Promise<void> {
    for (let i = 1; i <= ms; i++) {
      this.clock.advanceTo(this.clock.now() + MS)
      const stamp = this.clock.now()
      this.firmware.step(stamp)
      if (i % 8 === 0) {
        const position = Float64Array.from(names, name => this.at[name])
        const none = new Float64Array(0)
        this.#states.publish({ stamp, frameId: '', name: names, position, velocity: none, effort: none })
      }
      if (policy && i % 33 === 0) this.chunk()
      await this.bus.settle(stamp)
    }
  }
}

describe('a robot whose arms take joint positions on topics', () => {
  it('goes where the chunks say, each joint by its name and from its own origin', async () => {
    const rig = await new Rig().up()
    await rig.run(1500)
    expect(rig.control.hold).toBe('none')
    expect(rig.errors).toEqual([])
    expect(rig.at.b).toBeCloseTo(0.5, 6)
    expect(rig.at.a).toBeCloseTo(-0.5, 6)
    expect(rig.at.c).toBeCloseTo(1.25, 3)
    expect(rig.points.at(-1)).toEqual({ names: ['b', 'a'], timeFromStart: 10 * MS })
    await rig.control.shutdown()
  })

  it('holds all arms while the positions of one joint are missing', async () => {
    const rig = await new Rig().up()
    await rig.run(300, { names: ['a', 'b'] })
    expect(rig.control.hold).toBe('tool')
    expect(rig.at).toEqual({ a: 0, b: 0, c: 0 })
    await rig.control.shutdown()
  })

  it('rests at a stop, and goes on after "resume"', async () => {
    const rig = await new Rig().up()
    await rig.run(300)
    rig.say('stop')
    await rig.run(20)
    const at = { ...rig.at }
    await rig.run(300)
    expect(rig.control.hold).toBe('stop')
    expect(rig.at).toEqual(at)
    rig.say('resume')
    await rig.run(300)
    expect(rig.at.b).toBeGreaterThan(at.b)
    await rig.control.shutdown()
  })

  it('takes the groups of a chunk in any order', async () => {
    const rig = await new Rig().up()
    await rig.run(1500, { policy: false })
    rig.chunk([0.05, 1, 0.5, -0.5], [...GROUPS].reverse())
    await rig.run(290, { policy: false })
    expect(rig.at.b).toBeGreaterThan(0.25)
    expect(rig.at.a).toBeLessThan(-0.25)
    expect(rig.at.c).toBeGreaterThan(0.3)
    await rig.control.shutdown()
  })
})

describe('a robot without a gripper', () => {
  const rows = [0.5, -0.5, 1]

  it('moves its joints, rests at a stop, and holds when the policy is silent', async () => {
    const rig = await new Rig(WITHOUT_GRIPPER).up()
    const groups = GROUPS.slice(0, 2)
    for (let i = 0; i < 20; i++) {
      rig.chunk([...rows.slice(0, 2), 1 - rig.at.c], groups)
      await rig.run(33, { policy: false })
    }
    expect(rig.control.hold).toBe('none')
    expect(rig.at.c).toBeGreaterThan(0.3)
    const { at } = rig
    rig.say('stop')
    const stopped = { ...at }
    await rig.run(100)
    expect([rig.control.hold, rig.at]).toEqual(['stop', stopped])
    expect(await rig.control.stop()).toBeUndefined()
    rig.say('resume')
    rig.chunk([...rows.slice(0, 2), 1 - rig.at.c], groups)
    await rig.run(700, { policy: false })
    expect(rig.control.hold).toBe('policy')
    expect(rig.control.watchdog.trips).toMatchObject({ policy: 1, gripper: 0 })
    expect(rig.errors).toEqual([])
    await rig.control.shutdown()
  })

  it('refuses chunks for a gripper, and to move fingers', async () => {
    const rig = await new Rig(WITHOUT_GRIPPER).up()
    rig.chunk()
    expect(rig.control.refused.unusable).toBe(1)
    expect([rig.control.hasGripper, rig.control.status, rig.control.gripHold(0.05)]).toEqual([
      false,
      undefined,
      'gripper',
    ])
    await expect(rig.control.grip(0.05, 40)).rejects.toThrow('robot two_arms: has no gripper')
    await rig.control.shutdown()
  })
})
