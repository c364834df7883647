import { DriverError } from '../drivers/driver-error.js'
import type { Gripper } from '../drivers/gripper.js'
import type { Bus } from '../middleware/bus.js'

export interface GripperQueueOptions {
  readonly bus: Bus
  readonly gripper: Gripper
  /** Told of a fault when it begins, not with every serial frame that fails. */
  readonly onError?: ((error: unknown) => void) | undefined
}

/**
 * The queue of a gripper's transactions. They run one after the other. `drop` removes those that wait. A stop does not
 * wait for the others. A stop that the gripper did not acknowledge is owed: it is sent again until it is acknowledged
 * or forgiven.
 */
export class GripperQueue {
  /** Transactions that run or wait. */
  pending = 0
  readonly #options: GripperQueueOptions
  #generation = 0
  #owed = false
  /** The error that was reported and lasts; undefined: there is none. */
  fault: unknown
  #last: Promise<void> = Promise.resolve()

  constructor(options: GripperQueueOptions) {
    this.#options = options
  }

  /** Queues a transaction. Resolves when it has run or was dropped; never rejects. */
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

  /** Removes the transactions that wait. */
  drop(): void {
    this.#generation++
  }

  /** Stops the fingers at once. Resolves with undefined when the gripper has acknowledged, else with the error. */
  async stop(): Promise<unknown> {
    const stopping = this.#stop().catch((error: unknown) => {
      this.#report(error)
      return error
    })
    this.#options.bus.work(stopping)
    return stopping
  }

  /** Sends an owed stop again. To be called within a transaction. */
  async settle(): Promise<void> {
    if (this.#owed) await this.#stop()
  }

  /** An owed stop is not sent again. */
  forgive(): void {
    this.#owed = false
  }

  /** Resolves when every queued transaction has run. */
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
