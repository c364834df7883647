import { DriverError } from '../drivers/driver-error.js'
import type { Gripper } from '../drivers/gripper.js'
import type { GripperMove } from '../control/gripper-move.js'
import type { GripHold } from '../control/state/grip-holds.js'
import type { Bus } from '../middleware/bus.js'
import type { GripperWire } from './gripper-wire.js'

export interface ManualGripOptions {
  readonly bus: Bus
  readonly gripper: Gripper
  readonly wire: GripperWire
  /** Why the fingers may not go to `width` (m) now. */
  readonly holdOf: (width: number) => GripHold
}

/** The fingers on somebody's own word, through the same wire as the policy's moves. */
export class ManualGrip {
  readonly #options: ManualGripOptions

  constructor(options: ManualGripOptions) {
    this.#options = options
  }

  /**
   * Resolves with the monotonic ns at which the command had been written, once the gripper acknowledged it. Rejects
   * with a DriverError, SUPERSEDED where by then it may not be sent any more.
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

  /** Ends what `move` began: the fingers stop where they are. Resolves like a stop. */
  end(): Promise<unknown> {
    const { wire } = this.#options
    wire.drop()
    return wire.stop()
  }
}
