import { DriverError } from '../drivers/driver-error.js'
import type { Gripper } from '../drivers/gripper.js'
import type { Bus } from '../middleware/bus.js'

export interface GripperWireOptions {
  readonly bus: Bus
  readonly gripper: Gripper
  /** A fault of the wire: told when it begins, not with every frame that it costs. */
  readonly onError?: ((error: unknown) => void) | undefined
}

/**
 * The order on a gripper's wire: one transaction after the other, what was queued before a `drop` is not sent any more,
 * and a stop goes ahead of everything. A stop that the gripper did not acknowledge is owed until it does, or is
 * forgiven.
 */
export class GripperWire {
  /** Transactions that are on their way or wait. */
  pending = 0
  readonly #options: GripperWireOptions
  #generation = 0
  #owed = false
  /** The fault of the wire that was reported and lasts; undefined: none. */
  fault: unknown
  #last: Promise<void> = Promise.resolve()

  constructor(options: GripperWireOptions) {
    this.#options = options
  }

  /** Resolves when it is done or was dropped; never rejects. */
  send(transaction: () => Promise<void>): Promise<void> {
    const generation = this.#generation
    this.pending++
    this.#last = this.#last
      .then(async () => {
        if (generation !== this.#generation) return
        await transaction()
        this.fault = undefined
      })
      .catch((error: unknown) => this.#report(error))
      .finally(() => {
        this.pending--
      })
    return this.#last
  }

  drop(): void {
    this.#generation++
  }

  /** The fingers stop. Resolves when the gripper has acknowledged, or with why it did not. */
  async stop(): Promise<unknown> {
    const stopping = this.#stop().catch((error: unknown) => {
      this.#report(error)
      return error
    })
    this.#options.bus.work(stopping)
    return stopping
  }

  /** Sends a stop again that is owed; part of a transaction. */
  async settle(): Promise<void> {
    if (this.#owed) await this.#stop()
  }

  forgive(): void {
    this.#owed = false
  }

  /** Resolves when nothing is on its way any more. */
  idle(): Promise<void> {
    return this.#last
  }

  async #stop(): Promise<void> {
    this.#owed = true
    await this.#options.gripper.stop()
    this.#owed = false
  }

  #report(error: unknown): void {
    const code = codeOf(error)
    if (code === 'SUPERSEDED' || code === 'CLOSED' || code === codeOf(this.fault)) return
    this.fault = error
    this.#options.onError?.(error)
  }
}

const codeOf = (error: unknown): unknown => (error instanceof DriverError ? error.code : error)
