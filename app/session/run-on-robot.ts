import { OnnxPolicy } from '../../policy/runtime/onnx-policy.js'
import { requireDrivable } from './drivable.js'
import type { EpisodeResult } from './episodes.js'
import { Ending } from '../output/ending.js'
import { ErrorTally } from './error-tally.js'
import { LiveDigest } from './live-digest.js'
import { endsWithItsParts } from './lost-part.js'
import { modelFile } from '../policies/model-path.js'
import { MachineLateness } from './machine-lateness.js'
import { UsageError } from '../output/output.js'
import { OverloadWatch } from './overload-watch.js'
import { requireFree } from '../output/outputs.js'
import { EXPERT } from '../policies/policies.js'
import { readRobot, withPort } from '../robot/load-robot.js'
import { RobotLoop } from './robot-loop.js'
import type { RobotSource } from './robot-sources.js'
import type { RunOptions, RunOutcome } from './run-outcome.js'
import { episodeLine, resultOf, summary } from './run-report.js'
import { checkSaid } from './typed-command.js'
import { TypedVoice } from './typed-voice.js'

export interface RobotRun extends RunOptions {
  /** The word of the source. */
  readonly source: string
  /** Results after which it ends; undefined: only Ctrl-C ends it. */
  readonly episodes?: number
  /** These need a cell that this process steps, so they are refused here. */
  readonly lockstep?: boolean
  readonly demonstrate?: boolean
  readonly atMost?: number
}

/**
 * `prehend run` on a real robot: fusion and control, until Ctrl-C or so many results. Throws UsageError for options that
 * need a cell, RobotError or PolicyError where the robot file or the policy cannot be used.
 */
export async function runOnRobot(
  flags: RobotRun,
  source: RobotSource,
  progress: (line: string) => void,
): Promise<RunOutcome> {
  if (flags.lockstep || flags.demonstrate)
    throw new UsageError(`--source ${flags.source}: lockstep and demonstrations need the embedded cell (--source sim)`)
  if (flags.atMost !== undefined)
    throw new UsageError(
      `--source ${flags.source}: the cell says when an episode ends; --at-most needs one that this command starts ` +
        '(--source sim or gazebo)',
    )
  if (flags.episodes !== undefined && !source.hasResults)
    throw new UsageError(
      `--source ${flags.source}: nobody judges an episode here; leave out --episodes, and end it by Ctrl-C`,
    )
  if (flags.policy === EXPERT)
    throw new UsageError(
      `--policy expert: looks into the embedded cell, which --source ${flags.source} has not; name a model`,
    )
  if (flags.say !== undefined) checkSaid(flags.say)
  requireFree({ recordings: [flags.record] }, flags)
  const ending = new Ending()
  const robot = withPort(readRobot(flags.robot, flags.namespace), flags.port)
  requireDrivable(robot)
  source.requireWhole(robot)
  const errors = new ErrorTally({ progress })
  const digest = new LiveDigest()
  const fastDigest = new LiveDigest()
  const results: EpisodeResult[] = []
  const parts = endsWithItsParts(ending, progress)
  progress(`starting on ${source.title} (robot file ${robot.name}) ...`)
  const loop = await RobotLoop.start({
    robot,
    open: options => source.open({ ...options, signal: ending.signal }),
    policy: await OnnxPolicy.load(modelFile(flags.policy, flags.precision), robot, {
      encoder: flags.encoder,
      signal: ending.signal,
    }),
    execution: flags.execution,
    record: flags.record,
    overwrite: flags.overwrite,
    onObservation: observation => digest.add(observation),
    onFastObservation: observation => fastDigest.add(observation),
    onResult: result => {
      results.push(result)
      progress(episodeLine(result))
      if (results.length === flags.episodes) ending.ask('its results')
    },
    onError: error => errors.add(error),
    onWarning: text => errors.add(text),
    onPolicyEnded: parts.onPolicyEnded,
    onRecordingLost: parts.onRecordingLost,
  })
  const lateness = (errors.lateness = new MachineLateness())
  const overload = new OverloadWatch({
    lateness,
    tell: progress,
    counts: () => ({ observations: loop.fusion.asked, skipped: loop.fusion.skipped }),
  })
  const started = performance.now()
  const voice = new TypedVoice(
    line => loop.say(line),
    () => ending.ask('SIGINT'),
    { raw: false },
  )
  if (flags.say !== undefined) loop.say(flags.say)
  await new Promise(resolve => ending.whenAsked(resolve))
  overload.close()
  lateness.close()
  await loop.interrupt().catch((error: unknown) => errors.add(error))
  voice.close()
  await loop.close()
  const object = {
    ...resultOf(loop, results, { observations: await digest.sum(), fast: await fastDigest.sum() }),
    wallS: (performance.now() - started) / 1000,
    lateMs: lateness.worst,
  }
  return {
    object,
    lines: summary(object, results),
    isComplete: !parts.isLost() && (flags.episodes === undefined || results.length >= flags.episodes),
  }
}
