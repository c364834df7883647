import { messageOf } from '../output/output.js'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { availableParallelism, loadavg } from 'node:os'
import { DriverError } from '../../drivers/driver-error.js'

/** ms between two looks of the event loop at the clock. */
const RESOLUTION = 5
/** ms that one window lasts. */
const WINDOW = 1000
/** ms from which on lateness explains why somebody was not heard in time: a gripper's answer is waited for for 100. */
const OVERLOAD = 40

/**
 * How late this machine does what is due: the event loop of this thread and, where one is given, what another thread
 * has lost.
 */
export class MachineLateness {
  readonly #delay = monitorEventLoopDelay({ resolution: RESOLUTION })
  readonly #lost: () => number
  readonly #timer: NodeJS.Timeout
  #lostBefore: number
  #before = 0
  #worst = 0

  /** @param lost ms that another thread has fallen behind and given up, in all, never decreasing. */
  constructor(lost: () => number = () => 0) {
    this.#lost = lost
    this.#lostBefore = lost()
    this.#delay.enable()
    this.#timer = setInterval(() => this.#turn(), WINDOW)
    this.#timer.unref()
  }

  /** ms: the most in the last one to two seconds. */
  get ms(): number {
    return Math.max(this.#before, this.#present())
  }

  /** ms: the most so far. */
  get worst(): number {
    return Math.max(this.#worst, this.#present())
  }

  /** What was asked of the machine is more than it does in time. */
  get overloaded(): boolean {
    return this.ms >= OVERLOAD
  }

  close(): void {
    clearInterval(this.#timer)
    this.#delay.disable()
  }

  /** An error as a line; one that this machine's own lateness explains is called so. */
  lineOf(error: unknown): string {
    const said = messageOf(error)
    if (!(error instanceof DriverError) || error.code !== 'TIMEOUT' || !this.overloaded) return said
    return (
      `overload: ${lateText(this.ms)}, so an answer came or was read too late (${said.split(';')[0]}); ` +
      'give it less to do'
    )
  }

  #turn(): void {
    this.#before = this.#present()
    this.#worst = Math.max(this.#worst, this.#before)
    this.#lostBefore = this.#lost()
    this.#delay.reset()
  }

  #present(): number {
    const delay = this.#delay.count === 0 ? 0 : this.#delay.max / 1e6 - RESOLUTION
    return Math.max(0, delay, this.#lost() - this.#lostBefore)
  }
}

/** With the load of the last minute: programs that wanted to compute, on average. */
export const lateText = (ms: number): string =>
  `this machine is ${ms.toFixed(0)} ms late (load ${loadavg()[0]!.toFixed(1)} on ${availableParallelism()} cores)`
