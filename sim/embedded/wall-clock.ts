import { STEP } from './simulation.js'

/** ns behind the wall clock above which time is skipped instead of made up. */
const GIVE_UP = 100e6
/** Number of late steps that are made up before the serial line is served again. */
const MOST_STEPS = 10

/** What follows the wall clock. Times in ns since the start. */
export interface Followed {
  /** Whether to end. */
  closed(): boolean
  /** Simulated time: a whole number of steps. */
  time(): number
  /** Simulates one step. */
  step(): void
  /** Leaves `duration` out, because the machine is too far behind. */
  skip(duration: number): void
  /** Counts steps that begin late. */
  late(steps: number): void
  /** Called after the steps of one turn, with the ns that they took. */
  stepped(took: number): void
}

/**
 * Steps a simulation in real time. `started`: `process.hrtime.bigint()` at time 0. The state at t stands for [t, t + 1
 * ms). It is computed when that millisecond is over, so that no stamp lies in the future. Between two turns the thread
 * serves its messages and its serial line, and waits up to 0.5 ms.
 */
export function followWallClock(started: bigint, followed: Followed): void {
  const pause = new Int32Array(new SharedArrayBuffer(4))
  const tick = (): void => {
    if (followed.closed()) return
    let late = elapsed(started) - followed.time() - 2 * STEP
    if (late > GIVE_UP) {
      followed.skip(late)
      late = 0
    }
    if (late >= STEP) followed.late(Math.floor(late / STEP))
    if (late >= 0) {
      const began = process.hrtime.bigint()
      for (let n = 0; n < MOST_STEPS && followed.time() + 2 * STEP <= elapsed(started); n++) followed.step()
      followed.stepped(elapsed(began))
    } else {
      Atomics.wait(pause, 0, 0, Math.min(-late / 1e6, 0.5))
    }
    setImmediate(tick)
  }
  tick()
}

/** ns since `since`. */
export function elapsed(since: bigint): number {
  return Number(process.hrtime.bigint() - since)
}
