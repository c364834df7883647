import { DriverError } from '../drivers/driver-error.js'
import type { Gripper } from '../drivers/gripper.js'
import type { GripperMove } from '../control/gripper-move.js'
import type { GripHold } from '../control/state/grip-holds.js'
import type { Bus } from '../middleware/bus.js'
import type { GripperQueue } from './gripper-queue.js'

export interface ManualGripOptions {
  readonly bus: Bus
  readonly gripper: Gripper
  readonly wire: GripperQueue
  /** Why the fingers may not move to `width` (m) now, or `none`. */
  readonly holdOf: (width: number) => GripHold
}

/** Moves of the fingers that a client asks for. They share the gripper's queue with the policy's moves. */
export class ManualGrip {
  readonly #options: ManualGripOptions

  constructor(options: ManualGripOptions) {
    this.#options = options
  }

  /**
   * Sends a move. Resolves when the gripper has acknowledged it, with the time at which it had been written (monotonic
   * ns). Rejects with a DriverError; its code is SUPERSEDED where the fingers may no longer move when the turn of the
   * move has come.
   */
  async move(move: GripperMove): Promise<number> {
    const { bus, gripper, wire, holdOf } = this.#options
    let written = NaN
    let failure: unknown = new DriverError('SUPERSEDED', 'gripper: a stop or a new episode came first')
    const sending = wire.send(async () => {
      failure = undefined
      try {
        const hold = holdOf(move.width)
        if (hold !== 'none') throw new DriverError('SUPERSEDED', `gripper: may not move any more: ${hold}`)
        written = (await gripper.move(move)).written
      } catch (error) {
        failure = error
        throw error
      }
    })
    bus.work(sending)
    await sending
    if (failure !== undefined) throw failure
    return written
  }

  /** Ends a motion that `move` began: the fingers stop where they are. Resolves like `GripperQueue.stop`. */
  end(): Promise<unknown> {
    const { wire } = this.#options
    wire.drop()
    return wire.stop()
  }
}
