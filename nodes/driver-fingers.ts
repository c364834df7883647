import type { CommandedFingers } from '../control/finger-motion.js'
import { moveWithin } from '../control/gripper-move.js'
import type { Gripper } from '../drivers/gripper.js'
import { PolledGripper, type PolledGripperOptions } from './polled-gripper.js'

export interface DriverFingersOptions extends PolledGripperOptions {
  readonly gripper: Gripper
  /** m, N. */
  readonly limits: { readonly width: readonly [number, number]; readonly effort: readonly [number, number] }
}

/** ns between two status requests. */
export const GRIPPER_PERIOD = 20_000_000

/**
 * Fingers on a port of their own. The newest move that was told and not sent is sent as soon as the wire is free. A
 * transaction that fails, or a gripper that is not activated, is a fault until an answer of an activated gripper comes.
 */
export class DriverFingers implements CommandedFingers {
  readonly polled: PolledGripper
  readonly #limits: DriverFingersOptions['limits']
  #wanted: { readonly width: number; readonly effort: number } | undefined
  /** The stamp of the chunk that moves follow, ns. */
  #stamp = NaN
  #polledAt = -Infinity
  #stopping: Promise<unknown> | undefined

  constructor(options: DriverFingersOptions) {
    this.#limits = options.limits
    this.polled = new PolledGripper(options)
  }

  get isFaulty(): boolean {
    return this.polled.wire.fault !== undefined
  }

  /** The next moves follow a chunk with this reference stamp (ns). */
  follow(stamp: number): void {
    this.#stamp = stamp
  }

  move(width: number, effort: number): void {
    this.#wanted = { width, effort }
    this.#send()
  }

  stop(): void {
    this.drop()
    this.#stopping = this.polled.stop()
  }

  drop(): void {
    this.#wanted = undefined
    this.polled.drop()
  }

  recover(): void {
    this.polled.forgive()
    if (this.polled.status?.activated === false) this.polled.activate()
  }

  poll(now: number): void {
    this.#send()
    if (Math.abs(now - this.#polledAt) < GRIPPER_PERIOD) return
    this.#polledAt = now
    this.polled.poll()
  }

  /** Resolves when the last stop was acknowledged, or with the reason why it was not. */
  async settled(): Promise<unknown> {
    return this.#stopping
  }

  #send(): void {
    if (!this.#wanted || this.polled.wire.pending > 1) return
    const { width, effort } = this.#wanted
    this.#wanted = undefined
    this.polled.move(moveWithin(this.#limits, width, effort), this.#stamp)
  }
}
