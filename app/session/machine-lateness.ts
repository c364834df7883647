import { messageOf } from '../../middleware/message-of.js'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { availableParallelism, loadavg } from 'node:os'
import { DriverError } from '../../drivers/driver-error.js'

/** ms between two measurements of the event loop's delay. */
const RESOLUTION = 5
/** Length of a window, ms. */
const WINDOW = 1000
/**
 * ms of lateness from which on a missed answer may be the machine's fault: the driver waits 100 ms for an answer of the
 * gripper.
 */
const OVERLOAD = 40

/**
 * How late this machine is: the delay of this thread's event loop and, where one is given, the time that another thread
 * has lost.
 */
export class MachineLateness {
  readonly #delay = monitorEventLoopDelay({ resolution: RESOLUTION })
  readonly #lost: () => number
  readonly #timer: NodeJS.Timeout
  #lostBefore: number
  #before = 0
  #worst = 0

  /** `lost` gives the ms that another thread has lost so far. It never decreases. */
  constructor(lost: () => number = () => 0) {
    this.#lost = lost
    this.#lostBefore = lost()
    this.#delay.enable()
    this.#timer = setInterval(() => this.#turn(), WINDOW)
    this.#timer.unref()
  }

  /** Largest lateness in the last one to two seconds, ms. */
  get ms(): number {
    return Math.max(this.#before, this.#present())
  }

  /** Largest lateness so far, ms. */
  get worst(): number {
    return Math.max(this.#worst, this.#present())
  }

  /** Whether the machine has more work than it can do in time. */
  get overloaded(): boolean {
    return this.ms >= OVERLOAD
  }

  close(): void {
    clearInterval(this.#timer)
    this.#delay.disable()
  }

  /** An error's message as a line. A timeout on a machine that is late is called an overload. */
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

/** The lateness in words, with the load average of the last minute. */
export const lateText = (ms: number): string =>
  `this machine is ${ms.toFixed(0)} ms late (load ${loadavg()[0]!.toFixed(1)} on ${availableParallelism()} cores)`
