import { join } from 'node:path'
import { openBag } from '../../middleware/bag/bag.js'
import { Ending } from '../output/ending.js'
import { DiskError, isRefusedByDisk } from '../output/line-file.js'
import { UsageError } from '../output/output.js'
import { packageRoot } from '../package-root.js'
import { robotForBag } from '../robot/robot-for-bag.js'
import { openSet, type SetOptions } from './formats.js'
import type { TrainingSet } from './training-set.js'
import { actionSource } from './actions/action-source.js'
import { walk } from './walk.js'

/** The inputs and outputs, and the words, of the policy that comes with the package. */
export const DEFAULT_CONTRACT = join(packageRoot, 'policy/contract.json')
export const DEFAULT_VOCABULARY = join(packageRoot, 'policy/vocabulary.json')

export interface ExportOptions extends Omit<SetOptions, 'recordings'> {
  /** The folder that is written. */
  readonly out: string
  readonly format: string
  /** A robot file, or the name of a shipped one. Default: the one in the recording. */
  readonly robot?: string
  /** Where the relative topics of the robot file lie. */
  readonly namespace?: string
  /** Where the actions are: see `actionSource`. */
  readonly actions?: readonly string[]
  /** Only episodes whose result says success. */
  readonly onlyWon?: boolean
  /** Only while the actuators follow this one. */
  readonly by?: string
  /** Frames a second. Default: what the robot file or the recording says. */
  readonly rate?: number
}

export interface ExportResult {
  readonly recordings: number
  readonly observations: number
  readonly episodes: number
  /** Observations without an action. */
  readonly leftOut: number
  /** Observations that `onlyWon` and `by` leave out. */
  readonly passedOver: number
  /** What the user should know about the set, one line each. */
  readonly remarks: readonly string[]
  readonly out: string
}

/**
 * Writes the recordings `bags` as one training set. `isWhole`: nothing of any recording was lost; what was lost is told
 * to `progress`. Throws UsageError where something does not fit, DiskError where the disk refuses, Interrupted where
 * the process is asked to end; nothing of the set is kept then.
 */
export async function exportBags(
  bags: readonly string[],
  options: ExportOptions,
  progress: (line: string) => void,
): Promise<{ readonly result: ExportResult; readonly isWhole: boolean }> {
  const { out } = options
  const set = await openSet(options.format, out, { ...options, recordings: bags })
  const { signal } = new Ending()
  let leftOut = 0
  let passedOver = 0
  let isWhole = true
  try {
    const sources = new Map<string, string>()
    for (const path of bags) {
      const exported = await exportBag(path, set, { options, progress, signal, sources })
      leftOut += exported.leftOut
      passedOver += exported.passedOver
      isWhole &&= exported.isWhole
    }
    await set.close()
  } catch (error) {
    await set.discard()
    throw isRefusedByDisk(error)
      ? new DiskError(`${out}: cannot be written: ${error.message}; nothing of it was kept`)
      : error
  }
  const { rows, episodes, remarks } = set
  for (const remark of remarks) progress(remark)
  return {
    result: { recordings: bags.length, observations: rows, episodes, leftOut, passedOver, remarks, out },
    isWhole,
  }
}

interface ExportParts {
  readonly options: ExportOptions
  readonly progress: (line: string) => void
  readonly signal: AbortSignal
  /** Who gave the answers, each with the first recording that has them. */
  readonly sources: Map<string, string>
}

/** `leftOut`, `passedOver`: as in the result. `isWhole`: nothing of the recording was lost. */
async function exportBag(
  path: string,
  set: TrainingSet,
  { options, progress, signal, sources }: ExportParts,
): Promise<{ readonly leftOut: number; readonly passedOver: number; readonly isWhole: boolean }> {
  const bag = await openBag(path)
  try {
    const { robot } = robotForBag(bag, options)
    const actions = await actionSource(bag, robot, options.actions)
    if (!sources.has(actions.by)) sources.set(actions.by, path)
    const [first, other] = [...sources]
    if (first !== undefined && other !== undefined)
      throw new UsageError(
        `${path}: its answers are of ${actions.by}, those of ${first[1]} of ${first[0]}: a set has the ` +
          'answers of one source; export them apart',
      )
    const head = set.headTicks?.(robot)
    if (head && options.rate !== undefined)
      throw new UsageError(
        `--rate ${options.rate}: the contract is of a head, and its \`tick.period\` says when rows come: ` +
          'leave --rate out',
      )
    const before = { rows: set.rows, episodes: set.episodes }
    const { leftOut, passedOver, lost } = await walk(bag, robot, set, {
      rate: options.rate,
      head,
      actions,
      ...(options.onlyWon && { onlyWon: true }),
      ...(options.by !== undefined && { by: options.by }),
      onNotice: progress,
      signal,
    })
    progress(
      `${path}: ${set.rows - before.rows} observations of ${set.episodes - before.episodes} ` +
        `episodes${leftOut > 0 ? `; ${leftOut} without an answer left out` : ''}` +
        (passedOver > 0 ? `; ${passedOver} not asked for passed over` : ''),
    )
    for (const { stream, text } of lost) progress(`prehend: ${path}: stream ${stream}: ${text}`)
    if (bag.damage !== undefined) progress(`prehend: ${path}: ${bag.damage}: exported up to there`)
    return { leftOut, passedOver, isWhole: lost.length === 0 && bag.damage === undefined }
  } finally {
    await bag.close()
  }
}
