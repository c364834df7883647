import { loadPhrases } from '../../sim/cell/phrases.js'
import type { EpisodeResult } from '../../sim/episodes.js'
import { loadObjects } from '../../sim/objects/object-file.js'
import { CellLoop } from '../cell-loop.js'
import type { Ending } from '../ending.js'
import { policyMaker } from '../policies.js'
import { readRobot } from '../robot-file.js'
import type { EvalOptions } from './options.js'
import type { Progress } from './progress.js'

/** The part of a benchmark that one process ran. Plain values: it travels between processes. */
export interface Share {
  readonly results: readonly EpisodeResult[]
  readonly inferenceMs: number
  readonly inferences: number
}

/** Runs episodes `first` to `first + episodes - 1` in this process; fewer where it is asked to end. */
export async function runShare(options: EvalOptions, progress: Progress, ending: Ending): Promise<Share> {
  const robot = readRobot(options.robot)
  const policy = await policyMaker(options.policy, robot)
  const phrases = options.phrases === undefined ? undefined : loadPhrases(options.phrases, loadObjects(options.objects))
  const faults = new Set<string>()
  const loop = await CellLoop.start({
    robot, seed: options.seed, objects: options.objects, count: options.count, phrases, mode: 'lockstep', policy, without: options.without,
    onError: error => faults.add(error instanceof Error ? error.message : String(error)),
  })
  const results: EpisodeResult[] = []
  ending.whenAsked(() => void loop.interrupt())
  try {
    for (let index = options.first; index < options.first + options.episodes && !loop.interrupted; index++) {
      const result = await loop.episode(index)
      if (!result || result.reason === 'interrupted') break
      results.push(result)
      progress.step(result)
    }
  } finally {
    await loop.close()
  }
  for (const fault of faults) progress.note(`fault: ${fault}`)
  const ms = loop.fusion.inferenceMs
  return { results, inferenceMs: ms.reduce((sum, v) => sum + v, 0), inferences: ms.length }
}
