import { z } from 'zod'
import { SECOND } from '../../fusion/stamp.js'
import { mapping } from '../../robots/validation.js'

/** Most values of a history, and most ticks that are kept for one. */
export const MOST_TICKS = 4096
/** s. A history reaches no further back. */
const LONGEST = 600

const EXPECTED = 'expected { ticks: N } or { samples: N, rate: HZ }'
const count = z
  .int()
  .min(2, { error: 'a history has at least 2 values' })
  .max(MOST_TICKS, { error: issue => `a history has at most ${MOST_TICKS} values, not ${String(issue.input)}` })

/** The schema of an input's history: the last N ticks, or N values at a rate (Hz) up to the tick. */
export const historySchema = mapping({
  ticks: count.optional(),
  samples: count.optional(),
  rate: z.number().positive().optional(),
}).superRefine(({ ticks, samples, rate }, context) => {
  const message = formFault(ticks, samples, rate)
  if (message !== undefined) context.addIssue({ code: 'custom', message })
})

function formFault(ticks?: number, samples?: number, rate?: number): string | undefined {
  if (ticks !== undefined) return samples === undefined && rate === undefined ? undefined : EXPECTED
  if (samples === undefined || rate === undefined) return EXPECTED
  const span = (samples - 1) / rate
  if (span <= LONGEST) return undefined
  return `${samples} values at ${rate} Hz reach ${span} s back; a history reaches at most ${LONGEST} s back`
}

export type HistorySpec = z.output<typeof historySchema>

/** Number of values of a history. 1: there is none. */
export function historyLength(history: HistorySpec | undefined): number {
  return history?.ticks ?? history?.samples ?? 1
}

/** The step (ns) between two values of a history at a rate. Undefined: one value a tick. */
export function historyStep(history: HistorySpec): number | undefined {
  return history.rate === undefined ? undefined : SECOND / history.rate
}

/** Ticks that a history needs at a fixed period of ticks (ns). */
export function ticksNeeded(history: HistorySpec, period: number): number {
  const step = historyStep(history)
  return step === undefined ? historyLength(history) : Math.ceil(((historyLength(history) - 1) * step) / period) + 2
}
