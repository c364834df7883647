import type { Controller } from '../control/controller.js'
import type { Bus, Disposable } from '../middleware/bus.js'
import type { TypeName, WrenchStamped } from '../middleware/messages.js'
import type { Robot, Stream } from '../robots/robot.js'
import { toolStream } from '../robots/tool-stream.js'
import { CompensatedIntake } from './compensated-intake.js'
import { busTime, HeaderCheck } from './intake/header-check.js'

export interface MeasurementsOptions {
  readonly bus: Bus
  readonly robot: Robot
  readonly controller: Controller
  /** Told in one line what a user should know about the wrenches. */
  readonly onNotice?: ((text: string) => void) | undefined
}

type Listener = (message: never, receive: number) => void

/** Passes measurements from the bus to the controller: the arrival of pictures, every wrench, and the tool's pose. */
export class Measurements {
  /**
   * Wrenches that were dropped: no stamp, a NaN, or an odd frame_id. They count neither as a force nor as a sign that
   * the sensor is alive.
   */
  badWrenches = 0
  readonly #options: MeasurementsOptions
  /** By the wrench's stream, for those that are compensated. */
  readonly #compensated = new Map<Stream, CompensatedIntake>()

  constructor(options: MeasurementsOptions) {
    this.#options = options
    for (const stream of options.robot.streams)
      if (stream.compensate) this.#compensated.set(stream, new CompensatedIntake(stream, stream.compensate, options))
  }

  /** Wrenches that were not used because no pose said how the tool was turned. They count as `badWrenches` do. */
  get unorientedWrenches(): number {
    let sum = 0
    for (const { unoriented } of this.#compensated.values()) sum += unoriented
    return sum
  }

  /** An episode begins. */
  restart(): void {
    for (const each of this.#compensated.values()) each.restart()
  }

  /** Subscribes to the streams. Adds each subscription to `to`, so that the caller can end it if a later one fails. */
  subscribe(to: Disposable[]): void {
    const { bus, robot, controller } = this.#options
    const each = (modality: Stream['modality'], listenerOf: (stream: Stream) => Listener): void => {
      for (const stream of robot.streams.filter(s => s.modality === modality))
        to.push(bus.subscribe(stream.topic, stream.type as TypeName, listenerOf(stream) as never))
    }
    each('rgb', () => (_image, receive) => controller.watchdog.heard('camera', receive))
    for (const compensated of this.#compensated.values()) to.push(compensated.subscribe(bus))
    each('force', stream => this.#wrenchesOf(stream))
    const tool = toolStream(robot)
    if (!tool) return
    const timeOf = busTime(tool)
    to.push(
      bus.subscribe(tool.topic, 'geometry_msgs/msg/PoseStamped', (message, receive) =>
        controller.hearTool(message, timeOf(message, receive), receive),
      ),
    )
  }

  #wrenchesOf(stream: Stream): Listener {
    const { bus, controller, onNotice } = this.#options
    const timeOf = busTime(stream)
    const check = HeaderCheck.of(stream, onNotice)
    const compensated = this.#compensated.get(stream)
    return (message: WrenchStamped, receive: number) => {
      const stamp = timeOf(message, receive)
      if (Number.isNaN(stamp) || check.fault(message) !== undefined || !message.wrench.every(Number.isFinite)) {
        this.badWrenches++
        return
      }
      const wrench = compensated ? compensated.take(stamp, message.wrench) : message.wrench
      if (wrench === undefined) return
      if (controller.hearWrench(wrench, stamp, receive)) controller.freeze(bus.clock.now())
    }
  }
}
