import type { Controller } from '../control/controller.js'
import { FingerMotion } from '../control/finger-motion.js'
import type { Motion } from '../control/motion.js'
import type { Gripper, GripperStatus } from '../drivers/gripper.js'
import type { Disposable, Publisher } from '../middleware/bus.js'
import type { JointState } from '../middleware/messages.js'
import { isOfTheLoop } from '../robots/actuators/arm-and-gripper.js'
import type { GripperDriver } from '../robots/actuators/gripper-driver.js'
import type { Actuator, Robot } from '../robots/robot.js'
import { DriverFingers } from './driver-fingers.js'
import { fingerState, namedFingerStream } from './finger-state.js'
import type { MotionWiring } from './motion-wiring.js'
import type { PolledGripper, PolledGripperOptions } from './polled-gripper.js'

export interface DriverGripperOptions
  extends Pick<PolledGripperOptions, 'bus' | 'busTimeOf' | 'onLatency' | 'onError'> {
  readonly robot: Robot
  /** The grippers by the names of their actuators, not yet connected. */
  readonly grippers?: ReadonlyMap<string, Gripper> | undefined
}

/** Whether an actuator is a gripper with a driver beside the actuator `gripper`. */
export const isNamedGripper = (actuator: Actuator): actuator is GripperDriver =>
  actuator.kind === 'gripper_driver' && !isOfTheLoop(actuator.name, actuator.kind, actuator)

/**
 * The grippers with a driver beside the actuator `gripper`: passes their measured widths to the controller and to the
 * bus, and its commands to their ports. Each has its own port, queue and stop.
 */
export class DriverGripperWiring implements MotionWiring {
  readonly motions: ReadonlyMap<string, Motion>
  readonly #options: DriverGripperOptions
  readonly #grippers: readonly { readonly name: string; readonly gripper: Gripper; readonly fingers: DriverFingers }[]
  readonly #publishers = new Map<string, Publisher<JointState>>()
  #controller: Controller | undefined

  /** Throws RangeError where one of them is not given. */
  constructor(options: DriverGripperOptions) {
    const { robot, grippers, onError } = options
    this.#options = options
    const motions = new Map<string, Motion>()
    this.#grippers = robot.actuators.filter(isNamedGripper).map(({ name, limits }) => {
      const gripper = grippers?.get(name)
      if (!gripper) throw new RangeError(`${name}: has no gripper`)
      // The robot file has these limits for each gripper that takes a width.
      const within = { width: limits.width ?? [0, 0], effort: limits.effort ?? [0, 0] } as const
      const fingers = new DriverFingers({
        ...options,
        gripper,
        limits: within,
        onError: error => onError?.(named(name, error)),
        onStatus: (status, stamp) => this.#measured(name, status, stamp),
        onAlive: () => undefined,
      })
      motions.set(name, new FingerMotion({ fingers, limits: within, isMeasured: true }))
      return { name, gripper, fingers }
    })
    this.motions = motions
  }

  get polled(): ReadonlyMap<string, PolledGripper> {
    return new Map(this.#grippers.map(({ name, fingers }) => [name, fingers.polled]))
  }

  /** Rejects with a DriverError where a port cannot be opened or a gripper not activated. */
  async open(): Promise<void> {
    const { bus, robot } = this.#options
    for (const { name, gripper } of this.#grippers) {
      const stream = namedFingerStream(robot.streams, name)
      if (stream) this.#publishers.set(name, bus.advertise(stream.topic, 'sensor_msgs/msg/JointState'))
      await gripper.connect()
    }
  }

  async close(): Promise<void> {
    for (const { gripper, fingers } of this.#grippers) {
      await gripper.close()
      await fingers.polled.wire.idle()
    }
    for (const publisher of this.#publishers.values()) publisher.dispose()
    this.#publishers.clear()
  }

  subscribe(controller: Controller, to: Disposable[]): void {
    this.#controller = controller
    to.push({ dispose: () => (this.#controller = undefined) })
  }

  follow(stamp: number): void {
    for (const { fingers } of this.#grippers) fingers.follow(stamp)
  }

  /** Resolves when all stops were acknowledged, with the first reason why one was not. */
  async settled(): Promise<unknown> {
    const failures = await Promise.all(this.#grippers.map(({ fingers }) => fingers.settled()))
    return failures.find(failure => failure !== undefined)
  }

  #measured(name: string, status: GripperStatus, stamp: number): void {
    this.#publishers.get(name)?.publish(fingerState(status, stamp, [name]))
    if (status.activated)
      this.#controller?.hearState(name, Float64Array.of(status.width), stamp, this.#options.bus.clock.now())
  }
}

/** The error of a gripper, with its name. */
const named = (name: string, error: unknown): unknown =>
  error instanceof Error ? Object.assign(error, { message: `${name}: ${error.message}` }) : error
