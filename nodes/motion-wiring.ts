import type { Controller } from '../control/controller.js'
import type { Motion } from '../control/motion.js'
import type { Disposable } from '../middleware/bus.js'

/** Some of a robot's actuators: what moves them, where their commands go, and what says where they are. */
export interface MotionWiring {
  /** The actuators as the controller moves them, by name. */
  readonly motions: ReadonlyMap<string, Motion>
  open(): void
  close(): void
  /** Subscribes to the streams that say where the actuators are. Adds each subscription to `to`. */
  subscribe(controller: Controller, to: Disposable[]): void
  /** An episode begins. */
  restart?(): void
}
