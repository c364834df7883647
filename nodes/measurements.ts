import type { Controller } from '../control/controller.js'
import type { Bus, Disposable } from '../middleware/bus.js'
import type { TypeName, WrenchStamped } from '../middleware/messages.js'
import type { Robot, Stream } from '../robots/robot.js'
import { toolStream } from '../robots/tool-stream.js'
import { busTime, HeaderJudge } from './intake/header-judge.js'

export interface MeasurementsOptions {
  readonly bus: Bus
  readonly robot: Robot
  readonly controller: Controller
  /** Something about the wrenches that their user should know; one line. */
  readonly onNotice?: ((text: string) => void) | undefined
}

type Listener = (message: never, receive: number) => void

/** What the controller takes of the sensors: that the camera lives, every wrench, and where the tool is. */
export class Measurements {
  /**
   * Wrenches without a stamp, with a NaN or with an odd frame_id: they say nothing of the force, nor that the sensor
   * lives.
   */
  badWrenches = 0
  readonly #options: MeasurementsOptions

  constructor(options: MeasurementsOptions) {
    this.#options = options
  }

  /**
   * Subscribes to them one after the other; adds each subscription to `to`, so that it is ended where a later one
   * fails.
   */
  subscribe(to: Disposable[]): void {
    const { bus, robot, controller } = this.#options
    const each = (modality: Stream['modality'], listenerOf: (stream: Stream) => Listener): void => {
      for (const stream of robot.streams.filter(s => s.modality === modality))
        to.push(bus.subscribe(stream.topic, stream.type as TypeName, listenerOf(stream) as never))
    }
    each('rgb', () => (_image, receive) => controller.watchdog.heard('camera', receive))
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
    const judge = HeaderJudge.of(stream, onNotice)
    return (message: WrenchStamped, receive: number) => {
      const stamp = timeOf(message, receive)
      if (Number.isNaN(stamp) || judge.fault(message) !== undefined || !message.wrench.every(Number.isFinite)) {
        this.badWrenches++
        return
      }
      if (controller.hearWrench(message.wrench, stamp, receive)) controller.arm?.freeze(bus.clock.now())
    }
  }
}
