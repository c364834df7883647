import { messageOf } from '../../middleware/message-of.js'
import type { EpisodeResult } from '../session/episodes.js'
import { CellLoop } from '../session/cell-loop.js'
import type { Ending } from '../output/ending.js'
import type { PolicyUnderTest } from './policy-under-test.js'
import type { EvalOptions } from './eval-options.js'
import { loopOptionsOf } from './eval-registry.js'
import type { Progress } from './progress.js'
import { Candidates } from './shown.js'
import { EpisodeTracer, type EpisodeTrace } from './trace.js'

/** The part of a benchmark that one process ran. It has plain values, since it is sent between processes. */
export interface Share {
  readonly results: readonly EpisodeResult[]
  /** Traces of the episodes that a report may show. Empty without a report. */
  readonly traces: readonly EpisodeTrace[]
  readonly inferenceMs: number
  readonly inferences: number
  /** Simulated time a unit of wall time spent in stepping. */
  readonly realTimeFactor: number
  readonly crcErrors: number
  /** How the chunks were carried out: one of EXECUTION_MODES. */
  readonly execution: string
}

/** Runs episodes `first` to `first + episodes - 1` in this process. Fewer where the process is asked to end. */
export async function runShare(
  options: EvalOptions,
  { robot, policy }: PolicyUnderTest,
  progress: Progress,
  ending: Ending,
): Promise<Share> {
  const faults = new Set<string>()
  const loop = await CellLoop.start({
    ...loopOptionsOf(options, ending.signal),
    robot,
    mode: 'lockstep',
    policy: policy.make,
    onError: error => faults.add(messageOf(error)),
    // Without a policy every later episode would be lost, and would count against it.
    onPolicyEnded: () => ending.ask('the policy'),
  })
  const tracer = options.trace ? new EpisodeTracer(loop, robot) : undefined
  const candidates = new Candidates()
  const results: EpisodeResult[] = []
  const traces: EpisodeTrace[] = []
  ending.whenAsked(() => void loop.interrupt().catch((error: unknown) => faults.add(messageOf(error))))
  try {
    for (let index = options.first; index < options.first + options.episodes && !loop.interrupted; index++) {
      const result = await loop.episode(index)
      if (!result || result.reason === 'interrupted') break
      results.push(result)
      if (tracer && candidates.takes(result)) traces.push(await tracer.trace(index))
      progress.step(result)
    }
  } finally {
    await loop.close()
  }
  for (const fault of faults) progress.note(`fault: ${fault}`)
  const ms = loop.fusion.inferenceMs
  return {
    results,
    traces,
    inferenceMs: ms.reduce((sum, v) => sum + v, 0),
    inferences: ms.length,
    realTimeFactor: loop.cell.stats.realTimeFactor,
    crcErrors: loop.serialStats.crcErrors,
    execution: loop.control.execution,
  }
}
