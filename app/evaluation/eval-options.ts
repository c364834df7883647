import { basename } from 'node:path'
import { z } from 'zod'
import type { Withheld } from '../../fusion/withhold.js'
import type { Precision } from '../../policy/contract/onnx-metadata.js'
import { loadPhrases } from '../../sim/embedded/phrases.js'
import { UsageError } from '../output/output.js'
import { ENCODER_HELP, modelFile, PRECISION_HELP, PRECISIONS } from '../policies/model-path.js'
import { asksForExpert } from '../policies/policies.js'
import { CELL_SOURCES, cellOf } from '../session/cells.js'
import type { CellKind, CellSource } from '../session/cells/cell-kind.js'
import { checkCommand } from '../session/typed-command.js'
import { readRobot } from '../robot/load-robot.js'
import { EXECUTION_HELP, readExecution } from '../option-values/execution.js'
import { readWholeNumber, wholeNumber } from '../option-values/whole-number.js'
import type { EvalOption } from './eval-option.js'
import { readWithout, withoutSchema, withoutText } from './without.js'

/** The options of a benchmark. */
export interface EvalOptions {
  readonly episodes: number
  readonly seed: number
  readonly objects: string
  readonly count?: number | undefined
  /** A file of commands to draw from. */
  readonly phrases?: string | undefined
  /** Said in every episode instead of its drawn command. */
  readonly say?: string | undefined
  /** How chunks that overlap are carried out. Default: the policy's own. */
  readonly execution?: string | undefined
  readonly policy?: string | undefined
  /** The file of the policy's encoder, where the policy is a head. */
  readonly encoder?: string | undefined
  readonly robot: string
  readonly source: CellSource
  readonly without: readonly Withheld[]
  readonly precision?: Precision | undefined
  readonly jobs: number
  /** Address of a Ray cluster. */
  readonly ray?: string | undefined
  /** Index of the first episode. */
  readonly first: number
  /** Traces single episodes for a report. */
  readonly trace: boolean
}

const text = z.string()

/** Every option that comes with prehend, in the order of the help. A new one is a field above and an entry here. */
export const EVAL_OPTIONS: { readonly [Name in keyof EvalOptions]-?: EvalOption<EvalOptions[Name], EvalOptions> } = {
  episodes: {
    part: 'run',
    flag: { argument: '<n>', help: 'how many', read: readWholeNumber },
    schema: wholeNumber(1),
    default: 50,
    row: {
      name: 'episodes',
      text: (asked, { options: { first }, episodes }) =>
        `${first} to ${first + asked - 1}${episodes < asked ? `; interrupted after ${episodes}` : ''}`,
    },
  },
  seed: {
    part: 'draw',
    flag: { argument: '<s>', help: 'of everything that is drawn', read: readWholeNumber },
    schema: wholeNumber(0),
    default: 1,
    result: seed => seed,
    row: { name: 'seed', text: String },
  },
  objects: {
    part: 'scene',
    flag: { argument: '<set>', help: 'seen, unseen, or an objects file' },
    schema: text,
    default: 'seen',
    file: set => (['seen', 'unseen'].includes(set) ? undefined : set),
    result: set => set,
    row: { name: 'objects', text: set => set },
  },
  count: {
    part: 'scene',
    flag: {
      argument: '<n>',
      help: "objects on the table (default: drawn, as the cell's page says)",
      read: readWholeNumber,
    },
    schema: wholeNumber(1, 5),
    check: (count, all) => void cellIn(all).models(all.objects, count),
    loop: count => ({ count }),
    result: count => count ?? null,
    row: { name: 'objects on the table', text: count => (count === undefined ? 'drawn' : String(count)) },
  },
  phrases: {
    part: 'scene',
    flag: {
      argument: '<file>',
      help: 'a YAML list of commands to draw from, such as "could you fetch the {name}"',
    },
    schema: text,
    check: (file, all) => void phrasesOf(file, all),
    loop: (file, all) => ({ phrases: phrasesOf(file, all) }),
    file: file => file,
    result: file => file ?? null,
    row: { name: 'phrases', text: file => file ?? "the cell's own" },
  },
  say: {
    part: 'scene',
    flag: {
      argument: '<text>',
      help: 'said in every episode instead of its drawn command; no correction follows',
      conflicts: ['phrases'],
    },
    schema: text,
    check: (say, { objects, robot }) => {
      if (say === undefined) return
      const file = readRobot(robot)
      checkCommand(say, objects, cellOf(file), file.languages)
    },
    loop: say => ({ say }),
    result: say => say ?? null,
    row: { name: 'command', text: say => say ?? 'drawn' },
  },
  execution: {
    part: 'run',
    flag: { argument: '<mode>', help: EXECUTION_HELP, read: readExecution },
    schema: text,
    loop: execution => ({ execution }),
    result: execution => execution ?? null,
    row: { name: 'execution', text: (asked, { execution }) => execution ?? asked ?? 'nothing ran' },
  },
  policy: {
    part: 'run',
    flag: { argument: '<file>', help: 'an ONNX model with a contract, or "expert"; default: the shipped model' },
    schema: text,
    file: (policy, { precision }) =>
      policy === undefined || asksForExpert(policy, precision) ? undefined : modelFile(policy, precision),
  },
  encoder: {
    part: 'run',
    flag: { argument: '<file>', help: ENCODER_HELP },
    schema: text,
    file: encoder => encoder,
    row: { name: 'encoder', text: encoder => (encoder === undefined ? 'none' : basename(encoder)) },
  },
  robot: {
    part: 'scene',
    flag: { argument: '<file>', help: 'robot file or the name of a shipped one' },
    schema: text,
    default: 'cell',
    file: robot => robot,
  },
  source: {
    part: 'scene',
    flag: {
      argument: '<name>',
      help: 'whose physics: sim (the embedded cell) or gazebo (a Gazebo world that runs already)',
      choices: CELL_SOURCES,
    },
    schema: z.enum(CELL_SOURCES),
    default: 'sim',
    check: (source, { jobs, ray }) => {
      if (source === 'gazebo' && (jobs > 1 || ray !== undefined))
        throw new UsageError(
          '--source gazebo: one world runs one episode at a time; leave ' +
            `${ray === undefined ? '--jobs' : '--ray'} away`,
        )
    },
    loop: (source, _all, signal) => ({ source, signal }),
    result: source => source,
  },
  without: {
    part: 'scene',
    flag: { argument: '<list>', help: 'taken away at the aligner, e.g. rgb,force@2s', read: readWithout },
    schema: withoutSchema,
    default: [],
    loop: without => ({ without }),
    result: withoutText,
    row: { name: 'taken away', text: without => (without.length === 0 ? 'nothing' : withoutText(without)) },
  },
  precision: {
    part: 'run',
    flag: { argument: '<p>', help: PRECISION_HELP, choices: PRECISIONS },
    schema: z.enum(PRECISIONS),
    // The precision of the model's file, which is known without the option too.
    row: { name: 'precision', text: (_asked, { provenance }) => provenance.precision },
  },
  jobs: {
    part: 'run',
    flag: { argument: '<n>', help: 'processes side by side', read: readWholeNumber },
    schema: wholeNumber(1, 256),
    default: 1,
    isOfParent: true,
    row: { name: 'jobs', text: String },
  },
  ray: {
    part: 'run',
    flag: {
      argument: '<address>',
      help: 'each episode as a task of a Ray cluster (HOST:PORT or auto), or of one started here (local)',
      conflicts: ['jobs'],
    },
    schema: text,
    isOfParent: true,
  },
  first: {
    part: 'run',
    flag: { argument: '<n>', help: 'index of the first episode', read: readWholeNumber },
    schema: wholeNumber(0),
    default: 0,
  },
  trace: { part: 'run', schema: z.boolean(), default: false },
}

const cellIn = ({ robot }: EvalOptions): CellKind => cellOf(readRobot(robot))

const phrasesOf = (file: string | undefined, all: EvalOptions): string[] | undefined =>
  file === undefined ? undefined : loadPhrases(file, cellIn(all).models(all.objects))
