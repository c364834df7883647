import { loadPhrases } from '../../sim/embedded/phrases.js'
import type { EpisodeResult } from '../session/episodes.js'
import { loadObjects } from '../../sim/objects/object-file.js'
import { CellLoop } from '../session/cell-loop.js'
import { startCell } from '../session/cells.js'
import type { Ending } from '../output/ending.js'
import { policyMaker } from '../policies/policies.js'
import { readRobot } from '../robot/load-robot.js'
import type { EvalOptions } from './evaluation-options.js'
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
export async function runShare(options: EvalOptions, progress: Progress, ending: Ending): Promise<Share> {
  const robot = readRobot(options.robot)
  const policy = await policyMaker(options.policy, robot, { precision: options.precision, signal: ending.signal })
  const phrases = options.phrases === undefined ? undefined : loadPhrases(options.phrases, loadObjects(options.objects))
  const faults = new Set<string>()
  const loop = await CellLoop.start({
    robot,
    seed: options.seed,
    objects: options.objects,
    count: options.count,
    phrases,
    mode: 'lockstep',
    cell: startCell(options.source, ending.signal),
    policy,
    without: options.without,
    onError: error => faults.add(error instanceof Error ? error.message : String(error)),
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
