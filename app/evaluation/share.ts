import { messageOf } from '../output/output.js'
import type { EpisodeResult } from '../session/episodes.js'
import { CellLoop } from '../session/cell-loop.js'
import type { Ending } from '../output/ending.js'
import type { Driver } from './driver.js'
import type { EvalOptions } from './eval-options.js'
import { loopOptionsOf } from './eval-registry.js'
import type { Progress } from './progress.js'
import { Candidates } from './shown.js'
import { EpisodeTracer, type EpisodeTrace } from './trace.js'

/** The part of a benchmark that one process ran. Plain values: it travels between processes. */
export interface Share {
  readonly results: readonly EpisodeResult[]
  /** Of the episodes that a report may show; none where none was asked for. */
  readonly traces: readonly EpisodeTrace[]
  readonly inferenceMs: number
  readonly inferences: number
  /** Simulated time a unit of time spent in stepping. */
  readonly realTimeFactor: number
  readonly crcErrors: number
}

/** Runs episodes `first` to `first + episodes - 1` in this process; fewer where it is asked to end. */
export async function runShare(
  options: EvalOptions,
  { robot, policy }: Driver,
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
    // Without it every episode that is left would be lost by no fault of the policy's.
    onPolicyEnded: () => ending.ask('the policy'),
  })
  const tracer = options.trace ? new EpisodeTracer(loop, robot) : undefined
  const candidates = new Candidates()
  const results: EpisodeResult[] = []
  const traces: EpisodeTrace[] = []
  ending.whenAsked(() => void loop.interrupt())
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
    crcErrors: loop.gripperStats.crcErrors,
  }
}
