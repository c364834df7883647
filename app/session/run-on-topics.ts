import type { Precision } from '../../policy/contract/onnx-metadata.js'
import { OnnxPolicy } from '../../policy/runtime/onnx-policy.js'
import type { EpisodeResult } from './episodes.js'
import { Ending } from '../output/ending.js'
import { ErrorTally } from './error-tally.js'
import { LiveDigest } from './live-digest.js'
import { modelFile } from '../policies/models.js'
import { MachineLateness } from './machine-lateness.js'
import { Output, UsageError } from '../output/output.js'
import { OverloadWatch } from './overload-watch.js'
import { requireFree } from '../output/outputs.js'
import { EXPERT } from '../policies/policies.js'
import { readRobot, withPort } from '../robot/load-robot.js'
import { Ros2Loop } from './ros2-loop.js'
import { episodeLine, resultOf, summary } from './run-report.js'
import { TypedVoice } from './typed-voice.js'

export interface TopicRun {
  readonly robot?: string
  readonly namespace?: string
  readonly port?: string
  readonly policy?: string
  readonly precision?: Precision
  readonly record?: string
  readonly overwrite?: boolean
  readonly say?: string
  /** Results after which it ends; undefined: only Ctrl-C ends it. */
  readonly episodes?: number
  readonly lockstep?: boolean
  readonly demonstrate?: boolean
  readonly atMost?: number
  readonly json?: boolean
}

/** `prehend run --source ros2`: fusion and control on ROS 2 topics, until Ctrl-C or so many results. */
export async function runOnTopics(flags: TopicRun): Promise<void> {
  const output = new Output(flags)
  if (flags.lockstep || flags.demonstrate)
    throw new UsageError('--source ros2: lockstep and demonstrations need the embedded cell (--source sim)')
  if (flags.atMost !== undefined)
    throw new UsageError(
      '--source ros2: the cell says when an episode ends; --at-most needs one that this command starts ' +
        '(--source sim or gazebo)',
    )
  if (flags.policy === EXPERT)
    throw new UsageError('--policy expert: looks into the embedded cell, which --source ros2 has not; name a model')
  requireFree({ recordings: [flags.record] }, flags)
  const ending = new Ending()
  const robot = withPort(readRobot(flags.robot, flags.namespace), flags.port)
  const errors = new ErrorTally(output)
  const digest = new LiveDigest()
  const results: EpisodeResult[] = []
  output.progress(`starting on ROS 2 topics (robot file ${robot.name}) ...`)
  const loop = await Ros2Loop.start({
    robot,
    policy: await OnnxPolicy.load(modelFile(flags.policy, flags.precision), robot, { signal: ending.signal }),
    record: flags.record,
    overwrite: flags.overwrite,
    onObservation: observation => digest.add(observation),
    onResult: result => {
      results.push(result)
      output.progress(episodeLine(result))
      if (results.length === flags.episodes) ending.ask('its results')
    },
    onError: error => errors.add(error),
    onWarning: text => errors.add(text),
    onPolicyEnded: () => {
      process.exitCode = 1
      output.progress('the policy has ended, so the run ends')
      ending.ask('the policy')
    },
    onRecordingLost: () => {
      process.exitCode = 1
      output.progress('the recording has ended, so the run ends')
      ending.ask('the recording')
    },
  })
  const lateness = (errors.lateness = new MachineLateness())
  const overload = new OverloadWatch({
    lateness,
    tell: line => output.progress(line),
    counts: () => ({ observations: loop.fusion.aligner.counters.observations, skipped: loop.fusion.skipped }),
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
  await loop.interrupt()
  voice.close()
  await loop.close()
  const object = {
    ...resultOf(loop, results, await digest.sum()),
    wallS: (performance.now() - started) / 1000,
    lateMs: lateness.worst,
  }
  output.result(object, summary(object, results))
  if (flags.episodes !== undefined && results.length < flags.episodes) process.exitCode = 1
}
