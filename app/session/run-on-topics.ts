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
import { Ros2Loop } from './ros2-loop.js'
import type { RunOptions, RunOutcome } from './run-outcome.js'
import { episodeLine, resultOf, summary } from './run-report.js'
import { checkSaid } from './typed-command.js'
import { TypedVoice } from './typed-voice.js'

export interface TopicRun extends RunOptions {
  /** Results after which it ends; undefined: only Ctrl-C ends it. */
  readonly episodes?: number
  /** These need a cell that this process steps, so they are refused here. */
  readonly lockstep?: boolean
  readonly demonstrate?: boolean
  readonly atMost?: number
}

/**
 * `prehend run --source ros2`: fusion and control on ROS 2 topics, until Ctrl-C or so many results. Throws UsageError for
 * options that need a cell, RobotError or PolicyError where the robot file or the policy cannot be used.
 */
export async function runOnTopics(flags: TopicRun, progress: (line: string) => void): Promise<RunOutcome> {
  if (flags.lockstep || flags.demonstrate)
    throw new UsageError('--source ros2: lockstep and demonstrations need the embedded cell (--source sim)')
  if (flags.atMost !== undefined)
    throw new UsageError(
      '--source ros2: the cell says when an episode ends; --at-most needs one that this command starts ' +
        '(--source sim or gazebo)',
    )
  if (flags.policy === EXPERT)
    throw new UsageError('--policy expert: looks into the embedded cell, which --source ros2 has not; name a model')
  if (flags.say !== undefined) checkSaid(flags.say)
  requireFree({ recordings: [flags.record] }, flags)
  const ending = new Ending()
  const robot = withPort(readRobot(flags.robot, flags.namespace), flags.port)
  requireDrivable(robot)
  const errors = new ErrorTally({ progress })
  const digest = new LiveDigest()
  const fastDigest = new LiveDigest()
  const results: EpisodeResult[] = []
  const parts = endsWithItsParts(ending, progress)
  progress(`starting on ROS 2 topics (robot file ${robot.name}) ...`)
  const loop = await Ros2Loop.start({
    robot,
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
