import { performance } from 'node:perf_hooks'

const STEP_NS = 1e6
/** Number of steps that are made up after a delay. Time further back is skipped. */
const MOST_STEPS = 100

/**
 * Calls `step` once for each millisecond of real time, with the time in ns since the start. Returns the function that
 * ends it.
 */
export function stepInRealTime(step: (timeNs: number) => void): () => void {
  let steps = 0
  let started = performance.now()
  const timer = setInterval(() => {
    const due = Math.floor(performance.now() - started)
    if (due - steps > MOST_STEPS) started += due - steps - MOST_STEPS
    for (const end = Math.min(due, steps + MOST_STEPS); steps < end; ) step(++steps * STEP_NS)
  }, 1)
  return () => clearInterval(timer)
}
