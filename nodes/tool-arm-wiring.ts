import { PoseLimiter } from '../control/arm/pose-limiter.js'
import { ToolFrame } from '../control/arm/tool-frame.js'
import { TwistLimiter } from '../control/arm/twist-limiter.js'
import type { Controller } from '../control/controller.js'
import { isSameFrame } from '../control/same-frame.js'
import type { Motion } from '../control/motion.js'
import { RateMotion } from '../control/rate-motion.js'
import { SetPointMotion } from '../control/set-point-motion.js'
import { isPose } from '../fusion/rotation.js'
import type { Bus, Disposable } from '../middleware/bus.js'
import type { PoseStamped } from '../middleware/messages.js'
import { isOfTheLoop } from '../robots/actuators/arm-and-gripper.js'
import type { PoseTopic } from '../robots/actuators/pose-topic.js'
import type { TwistTopic } from '../robots/actuators/twist-topic.js'
import type { Actuator, Robot } from '../robots/robot.js'
import { busTime } from './intake/header-check.js'
import type { MotionWiring } from './motion-wiring.js'

export interface ToolArmOptions {
  readonly bus: Bus
  readonly robot: Robot
  /** Put before the names of frames. */
  readonly framePrefix: string
  /** Told in one line what a user should know about a tool's poses. */
  readonly onNotice?: ((text: string) => void) | undefined
}

/** An arm that is told what its tool should do. */
interface ToolArm {
  readonly name: string
  /** The stream with its measured pose. */
  readonly state: string | undefined
  readonly motion: Motion
  open(): void
  close(): void
  /** Whether poses in a frame can be used; called with the frame of each. */
  takesFrame(frameId: string, receive: number): boolean
  restart(): void
}

/** Makes the arm of a kind. `tell` says a line about its poses. */
type Make<A extends Actuator> = (actuator: A, options: ToolArmOptions, tell: (text: string) => void) => ToolArm

/** Velocities of the tool. The workspace is in the frame of the poses, so that frame must be the one of the velocities. */
const twistArm: Make<TwistTopic> = ({ name, state, topic, frame, axes, limits }, { bus, framePrefix }, tell) => {
  const message = { stamp: 0, frameId: framePrefix + frame, twist: new Float64Array(6) }
  const frames = new ToolFrame(tell)
  let publisher: ReturnType<typeof bus.advertise<'geometry_msgs/msg/TwistStamped'>> | undefined
  let isTold = false
  const { workspace, speed, yawRate } = limits
  // The robot file has these limits for each actuator that takes twists.
  if (!workspace || speed === undefined || yawRate === undefined) throw new RangeError(`${name}: has no limits`)
  return {
    name,
    state,
    motion: new RateMotion({
      limiter: new TwistLimiter({
        workspace,
        speed,
        turnRate: yawRate,
        acceleration: limits.acceleration,
        turnAcceleration: limits.turnAcceleration,
        axes,
      }),
      send: (command, now) => {
        message.stamp = now
        message.twist.set(command)
        publisher?.publish(message)
      },
    }),
    open: () => (publisher = bus.advertise(topic, 'geometry_msgs/msg/TwistStamped')),
    close: () => publisher?.dispose(),
    takesFrame: (frameId, receive) => {
      if (!frames.takes(frameId, receive)) return false
      if (axes === 'tool' || frameId === '') return true
      if (isSameFrame(frameId, frame, framePrefix)) {
        message.frameId = frameId
        return true
      }
      if (!isTold)
        tell(
          `frame_id is "${frameId}", and ${name} takes velocities in "${framePrefix}${frame}": where its workspace lies is ` +
            'not known, and the arm holds; say its frame in the robot file, or axes: tool',
        )
      isTold = true
      return false
    },
    restart: () => frames.restart(),
  }
}

/** Poses of the tool, in the frame of its poses. */
const poseArm: Make<PoseTopic> = ({ name, state, topic, frame, limits }, { bus, framePrefix }, tell) => {
  const frameId = framePrefix + (frame ?? 'base_link')
  const message: PoseStamped = { stamp: 0, frameId, pose: new Float64Array(7) }
  const frames = new ToolFrame(tell, frame === undefined ? undefined : { frame, prefix: framePrefix })
  let publisher: ReturnType<typeof bus.advertise<'geometry_msgs/msg/PoseStamped'>> | undefined
  const { workspace, speed, yawRate } = limits
  // The robot file has these limits for each actuator that takes poses.
  if (!workspace || speed === undefined || yawRate === undefined) throw new RangeError(`${name}: has no limits`)
  return {
    name,
    state,
    motion: new SetPointMotion({
      limiter: new PoseLimiter({ workspace, speed, turnRate: yawRate }),
      send: (pose, now) => {
        message.stamp = now
        message.pose.set(pose)
        publisher?.publish(message)
      },
    }),
    open: () => (publisher = bus.advertise(topic, 'geometry_msgs/msg/PoseStamped')),
    close: () => publisher?.dispose(),
    takesFrame: (frameId, receive) => {
      if (!frames.takes(frameId, receive)) return false
      if (frameId !== '') message.frameId = frameId
      return true
    },
    restart: () => frames.restart(),
  }
}

/** By the kind of actuator, one line each. */
const TOOLS: ReadonlyMap<string, Make<never>> = new Map<string, Make<never>>([
  ['pose_topic', poseArm],
  ['twist_topic', twistArm],
])

/** Whether the control node moves an actuator by what its tool should do, whatever its rotation. */
export const isToolArm = (actuator: Actuator): boolean =>
  TOOLS.has(actuator.kind) && !isOfTheLoop(actuator.name, actuator.kind, actuator)

/** Passes the measured poses of tools to the controller, and its commands to where they go. */
export class ToolArmWiring implements MotionWiring {
  readonly motions: ReadonlyMap<string, Motion>
  readonly #options: ToolArmOptions
  readonly #arms: readonly ToolArm[]

  constructor(options: ToolArmOptions) {
    const { robot, onNotice } = options
    this.#options = options
    this.#arms = robot.actuators.filter(isToolArm).flatMap(actuator => {
      const stream = robot.streams.find(({ name }) => name === actuator.state)
      const tell = (text: string): void => onNotice?.(`stream ${stream?.name} (${stream?.topic}): ${text}`)
      return TOOLS.get(actuator.kind)?.(actuator as never, options, tell) ?? []
    })
    this.motions = new Map(this.#arms.map(({ name, motion }) => [name, motion]))
  }

  open(): void {
    for (const arm of this.#arms) arm.open()
  }

  close(): void {
    for (const arm of this.#arms) arm.close()
  }

  restart(): void {
    for (const arm of this.#arms) arm.restart()
  }

  subscribe(controller: Controller, to: Disposable[]): void {
    const { bus, robot } = this.#options
    for (const arm of this.#arms) {
      const stream = robot.streams.find(({ name }) => name === arm.state)
      if (!stream) continue
      const timeOf = busTime(stream)
      to.push(
        bus.subscribe(stream.topic, 'geometry_msgs/msg/PoseStamped', (message: PoseStamped, receive) => {
          if (isPose(message.pose) && arm.takesFrame(message.frameId, receive)) {
            controller.hearFrame(arm.name, message.frameId)
            controller.hearState(arm.name, message.pose, timeOf(message, receive), receive)
          } else controller.badPoses++
        }),
      )
    }
  }
}
