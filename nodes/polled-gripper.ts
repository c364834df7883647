import { DriverError } from '../drivers/driver-error.js'
import type { Gripper, GripperStatus } from '../drivers/gripper.js'
import type { CommandedGripper, GripperMove } from '../control/gripper-move.js'
import type { Bus } from '../middleware/bus.js'
import { GripperQueue } from './gripper-queue.js'

export interface PolledGripperOptions {
  readonly bus: Bus
  readonly gripper: Gripper
  /** Bus time (ns) of a moment on the host's monotonic clock (ns). */
  readonly busTimeOf: (monotonic: number) => number
  /** Told after each chunk's gripper frame: ns from the chunk's reference stamp to the last serial byte written. */
  readonly onLatency?: ((nanoseconds: number) => void) | undefined
  readonly onError?: ((error: unknown) => void) | undefined
  /** Told of each status, with its bus time (ns). */
  readonly onStatus: (status: GripperStatus, stamp: number) => void
  /** Told when a status of an activated gripper came, bus time (ns). */
  readonly onAlive: (now: number) => void
}

/** The gripper as the controller commands it, with the status that it was last polled for. */
export class PolledGripper implements CommandedGripper {
  status: GripperStatus | undefined
  /** Bus time of `status`, ns. The device measured no earlier. */
  statusStamp = NaN
  /** Moves that were not sent because an earlier one was still being sent. */
  busy = 0
  readonly wire: GripperQueue
  readonly #options: PolledGripperOptions

  constructor(options: PolledGripperOptions) {
    this.#options = options
    this.wire = new GripperQueue(options)
  }

  move(move: GripperMove, stamp: number): void {
    if (this.wire.pending > 1) {
      this.busy++
      return
    }
    const { bus, gripper, busTimeOf, onLatency } = this.#options
    bus.work(
      this.wire.send(async () => {
        const { written } = await gripper.move(move)
        onLatency?.(busTimeOf(written) - stamp)
      }),
    )
  }

  drop(): void {
    this.wire.drop()
  }

  stop(): Promise<unknown> {
    return this.wire.stop()
  }

  forgive(): void {
    this.wire.forgive()
  }

  /**
   * Activates the gripper. The bus is not told of this work: in lockstep time does not pass while work is pending, but
   * an activation needs simulated time.
   */
  activate(): void {
    void this.wire.send(() => this.#options.gripper.connect())
  }

  /** Requests the status, unless the wire is busy. */
  poll(): void {
    if (this.wire.pending > 0) return
    const { bus, gripper, busTimeOf, onStatus, onAlive } = this.#options
    bus.work(
      this.wire.send(async () => {
        await this.wire.settle()
        const status = await gripper.status()
        const now = bus.clock.now()
        this.status = status
        this.statusStamp = busTimeOf(status.stamp)
        onStatus(status, this.statusStamp)
        if (!status.activated) throw inactive(status)
        onAlive(now)
      }),
    )
  }
}

function inactive({ fault, faultText }: GripperStatus): DriverError {
  const why = fault === 0 ? '' : ` (fault ${fault}: ${faultText})`
  return new DriverError(
    'NOT_ACTIVATED',
    `gripper: is not activated any more${why}; "resume" or the next episode activates it, which moves its fingers`,
  )
}
