import { STEP } from '../../../control/arm/motion-limiter.js'
import type { Disposable } from '../../../middleware/bus.js'
import { JointSelection } from '../../../nodes/intake/joint-selection.js'
import { ServoArm } from '../../../nodes/servo-arm.js'
import type { Robot } from '../../../robots/robot.js'
import { UsageError } from '../../output/output.js'
import { readRobot } from '../../robot/load-robot.js'
import { latencyNotices, servoBusesOf } from '../../session/robot-servo-buses.js'
import { leaderJoints, type LeaderJoint } from '../leader-joints.js'
import { readLeaderMap } from '../leader-map.js'
import type { InputContext, InputKind, PersonInput } from '../person-input.js'

/** ns without its positions after which a leader counts as gone. */
const FRESH = 100_000_000

interface Arm {
  readonly name: string
  readonly values: JointSelection
  heard: number
}

/**
 * Arms that a person moves by hand. Their servos have no torque, and are read at 100 Hz; an actuator of the leader's
 * file that is on no servo bus is read from the topic of its state. A robot that stands elsewhere moves to the leader
 * within its own limits.
 */
class LeaderArm implements PersonInput {
  readonly #context: InputContext
  readonly #leader: Robot
  readonly #joints: readonly LeaderJoint[]
  readonly #arms: Arm[] = []
  readonly #open: Disposable[] = []
  readonly #servos: ServoArm[] = []

  constructor(context: InputContext, leader: Robot, joints: readonly LeaderJoint[]) {
    this.#context = context
    this.#leader = leader
    this.#joints = joints
  }

  async open(): Promise<void> {
    const { bus, busTimeOf, onNotice, onError } = this.#context
    const buses = servoBusesOf(this.#leader)
    for (const { name, joints, state } of this.#leader.actuators) {
      const stream = this.#leader.streams.find(each => each.name === state)
      if (!stream || joints.length === 0) continue
      const arm: Arm = {
        name,
        values: new JointSelection(
          stream.name,
          joints.map(joint => `position.${joint}`),
        ),
        heard: -Infinity,
      }
      this.#arms.push(arm)
      this.#open.push(
        bus.subscribe(stream.topic, 'sensor_msgs/msg/JointState', (message, receive) => {
          if (arm.values.take(message) === undefined && arm.values.values.every(Number.isFinite)) arm.heard = receive
        }),
      )
      const servos = buses.get(name)?.servos
      if (!servos) continue
      const topics = { state: stream.topic, command: undefined }
      const read = new ServoArm({
        bus,
        name: `the leader's ${name}`,
        servos,
        topics,
        torque: 'off',
        busTimeOf,
        onNotice,
        onError,
      })
      this.#servos.push(read)
      await read.open()
      this.#open.push(bus.clock.every(STEP, () => read.poll()))
    }
    for (const notice of latencyNotices(buses)) onNotice(notice)
  }

  update(wanted: Float64Array, now: number): boolean {
    if (!this.#arms.every(({ heard }) => now - heard <= FRESH)) return false
    this.#joints.forEach(({ actuator, index, scale, offset }, i) => {
      const arm = this.#arms.find(({ name }) => name === actuator)
      wanted[i] = offset + scale * (arm?.values.values[index] ?? NaN)
    })
    return true
  }

  async close(): Promise<void> {
    for (const each of this.#open.splice(0)) each.dispose()
    for (const servos of this.#servos) await servos.close()
  }
}

export const leader: InputKind = {
  meaning: 'arms that a person moves by hand, by a robot file of their own (`--leader`)',
  help: 'move the leader by hand',
  make(context) {
    const { robot, channels, options } = context
    if (options.leader === undefined)
      throw new UsageError('--by leader: name the robot file of the leader with --leader')
    const file = readRobot(options.leader)
    const states = file.streams.filter(({ name }) => file.actuators.some(({ state }) => state === name))
    const shared = states.find(({ topic }) => robot.streams.some(other => other.topic === topic))
    if (shared)
      throw new UsageError(
        `--leader ${options.leader}: stream ${shared.name}: ${shared.topic} is a topic of robot ${robot.name} too; give ` +
          'the leader a topic of its own',
      )
    const map = options.map === undefined ? new Map() : readLeaderMap(options.map)
    return new LeaderArm(context, file, leaderJoints({ leader: file, robot, channels, map }))
  },
}
