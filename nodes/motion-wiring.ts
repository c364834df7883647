import type { Controller } from '../control/controller.js'
import type { Motion } from '../control/motion.js'
import type { Disposable } from '../middleware/bus.js'
import type { PolledGripper } from './polled-gripper.js'

/** Some of a robot's actuators: what moves them, where their commands go, and what says where they are. */
export interface MotionWiring {
  /** The actuators as the controller moves them, by name. */
  readonly motions: ReadonlyMap<string, Motion>
  /** Its grippers as they were last polled, by name. Left out: it has none. */
  readonly polled?: ReadonlyMap<string, PolledGripper>
  /** Throws or rejects where the commands cannot go out. */
  open(): void | Promise<void>
  close(): void | Promise<void>
  /** Subscribes to the streams that say where the actuators are. Adds each subscription to `to`. */
  subscribe(controller: Controller, to: Disposable[]): void
  /** An episode begins. */
  restart?(): void
  /** The next commands follow a chunk with this reference stamp (ns). */
  follow?(stamp: number): void
  /** Called at the rate of the set-points. */
  poll?(): void
  /** Resolves when all commands have left, with the fault that keeps one from being carried out, if there is one. */
  settled?(): Promise<unknown>
}
