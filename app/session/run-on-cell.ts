import { ObservationDigest } from '../../fusion/observation-line.js'
import { requireAll } from '../../peers/peers.js'
import { Ending } from '../output/ending.js'
import { UsageError } from '../output/output.js'
import { requireFree } from '../output/outputs.js'
import { color } from '../output/terminal-colour.js'
import { EXPERT, policyFor, policyMaker, policyNeed } from '../policies/policies.js'
import { readRobot, withPort } from '../robot/load-robot.js'
import { CellLoop } from './cell-loop.js'
import { cellNeed, cellOf, isCellSource, requireFit, startCell } from './cells.js'
import { demonstratorOf } from './demonstrations.js'
import type { EpisodeResult } from './episodes.js'
import { ErrorTally } from './error-tally.js'
import { viewOf, type LoopView } from './loop-view.js'
import { endsWithItsParts } from './lost-part.js'
import { MachineLateness } from './machine-lateness.js'
import { OverloadWatch } from './overload-watch.js'
import type { RunOptions, RunOutcome } from './run-outcome.js'
import { episodeLine, resultOf, summary } from './run-report.js'
import { checkCommand, notUnderstood } from './typed-command.js'
import { TypedVoice } from './typed-voice.js'

export interface CellRun extends RunOptions {
  /** A word of `CELL_SOURCES`. */
  readonly source: string
  readonly episodes: number
  /** Of everything that is drawn. */
  readonly seed: number
  /** `seen`, `unseen` or the path of an objects file. */
  readonly objects: string
  /** How many objects lie on the table. Default: 2 to 5, drawn. */
  readonly count?: number
  readonly lockstep?: boolean
  /** s after which an episode ends. Default: when its judge says so. */
  readonly atMost?: number
  /** The expert's answers are published, and recorded, beside the policy's. */
  readonly demonstrate?: boolean
  /** With `demonstrate`: size of the disturbance of the tool, m. */
  readonly perturb: number
}

/** Shows the state of a loop while it runs in real time. */
export interface LoopDisplay {
  /** A line that stays. */
  note(line: string): void
  close(): void
}

export interface RunDisplays {
  readonly progress: (line: string) => void
  /** Left out: episodes and what goes wrong are told to `progress` alone. */
  readonly view?: (state: () => LoopView) => LoopDisplay
}

/**
 * `prehend run` on a cell: the loop, episode by episode, until it is done or the process is asked to end. Throws
 * UsageError, RobotError, PolicyError or MissingPackageError before anything moves where what was asked for cannot be
 * done.
 */
export async function runOnCell({ source, ...given }: CellRun, { progress, view }: RunDisplays): Promise<RunOutcome> {
  const flags = { ...given, lockstep: given.lockstep === true || source === 'gazebo' }
  if (!isCellSource(source))
    throw new UsageError(
      `--source ${source}: ` +
        `${source === 'bag' ? 'is `prehend replay BAG`' : 'is not known; expected sim, gazebo, ros2 or bus'}`,
    )
  requireFree({ recordings: [flags.record] }, flags)
  const robot = withPort(readRobot(flags.robot, flags.namespace), flags.port)
  requireFit(robot)
  const kind = cellOf(robot)
  const start = startCell(robot, source)
  const policyName = policyFor(flags.policy, robot, flags.precision)
  if (flags.say !== undefined) checkCommand(flags.say, flags.objects, kind, robot.languages)
  requireAll([cellNeed(robot, source), ...policyNeed(policyName, flags.precision)])
  const ending = new Ending()
  ending.endWithParent()
  let tell = progress
  if (flags.policy === undefined && policyName === EXPERT)
    progress(`no model comes with prehend for ${kind.title}: its scripted expert drives (--policy FILE names a model)`)
  if (flags.demonstrate && flags.perturb > 0 && flags.encoder !== undefined)
    throw new UsageError(`--perturb ${flags.perturb}: disturbs chunks of one graph; leave it or --encoder away`)
  const { precision, encoder } = flags
  const policy = await policyMaker(policyName, robot, { precision, encoder, signal: ending.signal })
  const demonstration = flags.demonstrate
    ? demonstratorOf(robot, { sigma: flags.perturb, seed: flags.seed })
    : undefined
  const errors = new ErrorTally({ progress })
  const digest = new ObservationDigest()
  const fastDigest = new ObservationDigest()
  const parts = endsWithItsParts(ending, line => tell(line))
  progress(
    `starting the cell${source === 'sim' ? '' : ` in ${source}`} (seed ${flags.seed}, ` +
      `${flags.objects} objects, ${flags.lockstep ? 'lockstep' : 'real time'}) ...`,
  )
  const loop = await CellLoop.start({
    robot,
    cell: start,
    signal: ending.signal,
    seed: flags.seed,
    objects: flags.objects,
    count: flags.count,
    mode: flags.lockstep ? 'lockstep' : 'realtime',
    say: flags.say,
    execution: flags.execution,
    record: flags.record,
    overwrite: flags.overwrite,
    atMost: flags.atMost === undefined ? undefined : flags.atMost * 1e9,
    policy: async cell => (demonstration ? demonstration.wrap(await policy(cell), cell) : policy(cell)),
    onObservation: (observation, bus) => {
      digest.add(observation)
      demonstration?.label(observation, bus)
    },
    onFastObservation: observation => fastDigest.add(observation),
    onHeld: () => tell('stopped: "resume" goes on with the next episode, Ctrl-C ends'),
    onNotice: text => tell(text),
    onError: error => errors.add(error),
    onPolicyEnded: parts.onPolicyEnded,
    onRecordingLost: parts.onRecordingLost,
  })
  // In lockstep simulated time waits for the machine, so nothing is late.
  const lateness = flags.lockstep ? undefined : new MachineLateness(() => loop.cell.stats.skippedNs / 1e6)
  const results: EpisodeResult[] = []
  const started = performance.now()
  const busStarted = loop.bus.clock.now()
  const display = flags.lockstep ? undefined : view
  const hear = (line: string): void => {
    loop.say(line)
    const note = notUnderstood(line, flags.objects, kind, robot.languages)
    if (note !== undefined) tell(note)
  }
  const voice = flags.lockstep
    ? undefined
    : new TypedVoice(hear, () => ending.ask('SIGINT'), { raw: display !== undefined })
  ending.whenAsked(() => void loop.interrupt().catch((error: unknown) => errors.add(error)))
  if (voice) voice.onEnd = () => loop.giveUp()
  const live = display?.(() => viewOf(loop, results, voice?.typing ?? ''))
  if (live) errors.tell = line => live.note(color.yellow(line))
  errors.lateness = lateness
  tell = line => (live ? live.note(line) : progress(line))
  const overload =
    lateness &&
    new OverloadWatch({
      lateness,
      tell,
      counts: () => ({ observations: loop.fusion.asked, skipped: loop.fusion.skipped }),
    })
  try {
    for (let index = 0; index < flags.episodes && !loop.interrupted; index++) {
      demonstration?.begin(index)
      const result = await loop.episode(index)
      if (!result) break
      results.push(result)
      if (!live) progress(episodeLine(result))
    }
  } finally {
    overload?.close()
    lateness?.close()
    live?.close()
    // Lines from here on are written below the last picture of the live view.
    tell = progress
    errors.tell = undefined
    voice?.close()
    await loop.close()
  }
  const finished = results.filter(r => r.reason !== 'interrupted')
  const time = flags.lockstep
    ? { simulatedS: (loop.bus.clock.now() - busStarted) / 1e9 }
    : { wallS: (performance.now() - started) / 1000, overruns: loop.cell.stats.overruns, lateMs: lateness?.worst ?? 0 }
  const pace = source === 'gazebo' ? { realTimeFactor: loop.cell.stats.realTimeFactor } : {}
  const sums = { observations: digest.digest(), fast: fastDigest.digest() }
  const object = { ...resultOf(loop, finished, sums), ...time, ...pace }
  return { object, lines: summary(object, results), isComplete: !parts.isLost() && finished.length >= flags.episodes }
}
