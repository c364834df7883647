import { DriverError } from '../drivers/driver-error.js'
import type { Gripper, GripperStatus } from '../drivers/gripper.js'
import type { CommandedGripper, GripperMove } from '../control/gripper-move.js'
import type { Bus } from '../middleware/bus.js'
import { GripperWire } from './gripper-wire.js'

export interface PolledGripperOptions {
  readonly bus: Bus
  readonly gripper: Gripper
  /** Bus time (ns) of a moment on the host's monotonic clock (ns). */
  readonly busTimeOf: (monotonic: number) => number
  /** After each chunk's gripper frame: reference stamp to last serial byte written, ns. */
  readonly onLatency?: ((nanoseconds: number) => void) | undefined
  readonly onError?: ((error: unknown) => void) | undefined
  /** Told of each answer, with its bus time. */
  readonly onStatus: (status: GripperStatus, stamp: number) => void
  /** Told of each answer of an activated gripper: when it came, in bus time. */
  readonly onAlive: (now: number) => void
}

/** A gripper on its wire: what the controller commands, and what it answers when it is asked. */
export class PolledGripper implements CommandedGripper {
  status: GripperStatus | undefined
  /** Bus time of `status`: the device measured no earlier. */
  statusStamp = NaN
  /** Moves that were not sent because the wire was still busy with an earlier one. */
  busy = 0
  readonly wire: GripperWire
  readonly #options: PolledGripperOptions

  constructor(options: PolledGripperOptions) {
    this.#options = options
    this.wire = new GripperWire(options)
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

  /** Not told to the bus as work: an activation takes simulated time, which would not pass before it is done. */
  activate(): void {
    void this.wire.send(() => this.#options.gripper.connect())
  }

  /** Asks for its status, unless the wire is busy. */
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
