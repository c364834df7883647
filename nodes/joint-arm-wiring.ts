import type { Controller } from '../control/controller.js'
import { JointEffortLimiter } from '../control/joints/joint-effort-limiter.js'
import { JointLimiter } from '../control/joints/joint-limiter.js'
import { JointVelocityLimiter } from '../control/joints/joint-velocity-limiter.js'
import { ToolLimits, type ForwardKinematics } from '../control/joints/tool-limits.js'
import type { Motion } from '../control/motion.js'
import { RateMotion } from '../control/rate-motion.js'
import { SetPointMotion, type SetPointMotionOptions } from '../control/set-point-motion.js'
import type { Bus, Disposable } from '../middleware/bus.js'
import type { ServoBus } from '../drivers/servo/servo-bus.js'
import type { Actuator, Robot } from '../robots/robot.js'
import { sentTopic } from './actuator-topics.js'
import { busTime } from './intake/header-check.js'
import { JointSelection } from './intake/joint-selection.js'
import { openOutput, takesJoints, type JointOutput } from './joint-outputs.js'
import type { MotionWiring } from './motion-wiring.js'
import { ServoArm, type ServoArmOptions } from './servo-arm.js'

export interface JointArmsOptions extends Pick<ServoArmOptions, 'busTimeOf' | 'onLatency' | 'onError' | 'onNotice'> {
  readonly bus: Bus
  readonly robot: Robot
  /** The buses of the actuators on servos, by their names. */
  readonly servoBuses?: ReadonlyMap<string, ServoBus> | undefined
  /** Where the tools of joints are, by the actuators' names: of those whose tool has limits. */
  readonly kinematics?: ReadonlyMap<string, ForwardKinematics> | undefined
}

/** Passes the measured positions of a robot's joint arms to the controller, and its set-points to where they go. */
export class JointArmWiring implements MotionWiring {
  readonly #bus: Bus
  readonly #robot: Robot
  readonly #arms: readonly Actuator[]
  readonly #outputs = new Map<string, JointOutput>()
  readonly #servos = new Map<string, ServoArm>()
  readonly #kinematics: ReadonlyMap<string, ForwardKinematics>

  /** Throws RangeError where an actuator on servos has no bus. */
  constructor(options: JointArmsOptions) {
    const { bus, robot, servoBuses, kinematics = new Map() } = options
    this.#kinematics = kinematics
    this.#bus = bus
    this.#robot = robot
    this.#arms = robot.actuators.filter(takesJoints)
    for (const { name, kind, state } of this.#arms) {
      if (kind !== 'servo_bus') continue
      const servos = servoBuses?.get(name)
      const stream = robot.streams.find(each => each.name === state)
      if (!servos || !stream) throw new RangeError(`${name}: has no servo bus, or no stream of its state`)
      const topics = { state: stream.topic, command: sentTopic(robot, name) }
      this.#servos.set(name, new ServoArm({ ...options, name, servos, topics }))
    }
  }

  /** The arms as the controller moves them. */
  get motions(): ReadonlyMap<string, Motion> {
    return new Map(
      this.#arms.map(arm => {
        const servos = this.#servos.get(arm.name)
        const output = {
          send: (values: Float64Array, now: number) => this.#outputs.get(arm.name)?.send(values, now),
          isFaulty: servos && (() => servos.isFaulty),
          recover: servos && (() => servos.recover()),
        }
        return [arm.name, motionOf(arm, output, this.#kinematics.get(arm.name))]
      }),
    )
  }

  /** Rejects with a DriverError where a bus of servos cannot be opened. */
  async open(): Promise<void> {
    for (const arm of this.#arms) {
      const servos = this.#servos.get(arm.name)
      await servos?.open()
      this.#outputs.set(arm.name, servos ?? openOutput(this.#bus, arm))
    }
  }

  async close(): Promise<void> {
    for (const servos of this.#servos.values()) await servos.close()
    for (const output of this.#outputs.values()) output.dispose()
    this.#outputs.clear()
  }

  poll(): void {
    for (const servos of this.#servos.values()) servos.poll()
  }

  follow(stamp: number): void {
    for (const servos of this.#servos.values()) servos.follow(stamp)
  }

  async settled(): Promise<unknown> {
    const faults = await Promise.all([...this.#servos.values()].map(servos => servos.settled()))
    return faults.find(fault => fault !== undefined)
  }

  subscribe(controller: Controller, to: Disposable[]): void {
    for (const { name, joints, state } of this.#arms) {
      const stream = this.#robot.streams.find(each => each.name === state)
      if (!stream) continue
      const timeOf = busTime(stream)
      const selection = new JointSelection(
        stream.name,
        joints.map(joint => `position.${joint}`),
      )
      to.push(
        this.#bus.subscribe(stream.topic, 'sensor_msgs/msg/JointState', (message, receive) => {
          if (selection.take(message) === undefined)
            controller.hearState(name, selection.values, timeOf(message, receive), receive)
          else controller.badPoses++
        }),
      )
    }
  }
}

/**
 * The motion of joints that take positions, velocities or efforts. The robot file has a limit of each quantity that is
 * commanded.
 */
function motionOf(
  { name, takes, joints, limits }: Actuator,
  output: Omit<SetPointMotionOptions, 'limiter'>,
  kinematics: ForwardKinematics | undefined,
): Motion {
  const { send } = output
  const each = joints.map(joint => {
    const { continuous = false, position, velocity, acceleration, effort = 0 } = limits.joints.get(joint) ?? {}
    return { continuous, position, velocity, acceleration, effort }
  })
  const isTaken = (kind: string): boolean => takes.some(taken => taken.kind === kind)
  if (isTaken('joint_effort')) return new RateMotion({ limiter: new JointEffortLimiter(each), send })
  const { workspace, speed, yawRate: turnRate } = limits
  const isHeld = workspace !== undefined || speed !== undefined || turnRate !== undefined
  if (isHeld && !kinematics) throw new RangeError(`${name}: nothing says where its tool is`)
  const tool = kinematics && new ToolLimits(kinematics, { workspace, speed, turnRate }, joints.length)
  const moving = each.map(({ velocity = 0, ...rest }) => ({ velocity, ...rest }))
  return isTaken('joint_velocity')
    ? new RateMotion({ limiter: new JointVelocityLimiter(moving, tool), send })
    : new SetPointMotion({ limiter: new JointLimiter(moving, tool), ...output })
}
