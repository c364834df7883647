import { occurred } from '../../fusion/counters.js'
import type { Observation } from '../../fusion/observation.js'
import { ObservationDigest, observationLine, pixelSums } from '../../fusion/observation-line.js'
import { Epoch } from '../../fusion/stamp.js'
import { BagWriter } from '../../middleware/bag/bag-writer.js'
import { openBag, type Bag } from '../../middleware/bag/bag.js'
import { FeatureSupply } from '../../nodes/feature-supply.js'
import { chunkMessage } from '../../nodes/chunk-message.js'
import { CHUNK_FRAME, chunkTopic } from '../../nodes/fusion-node.js'
import { MissingPackageError } from '../../peers/peers.js'
import { PolicyError } from '../../policy/policy-error.js'
import type { ActionChunk } from '../../policy/policy.js'
import { OnnxPolicy } from '../../policy/runtime/onnx-policy.js'
import { RobotError } from '../../robots/robot-error.js'
import type { Robot } from '../../robots/robot.js'
import { StreamFates } from '../inspection/stream-fates.js'
import { BagSpacing } from '../inspection/topic-spacing.js'
import { spread } from '../measure/percentiles.js'
import { Ending, Interrupted } from '../output/ending.js'
import { LineFile } from '../output/line-file.js'
import { UsageError } from '../output/output.js'
import { requireFree } from '../output/outputs.js'
import { LOCKSTEP_LATENCY } from '../policies/lockstep-latency.js'
import { shippedModel } from '../policies/model-path.js'
import { robotForBag } from '../robot/robot-for-bag.js'
import { recordedFeatures } from './recorded-features.js'
import { replayBag, stampClock } from './replay-bag.js'

export interface RecordingOptions {
  /** A robot file, or the name of a shipped one. Default: the one in the recording, else streams are recognised. */
  readonly robot?: string
  /** Where the relative topics of the robot file lie. */
  readonly namespace?: string
  /** Times real time, or as fast as the machine can. */
  readonly rate: number | 'max'
  /** A model's file; false: none; true: the shipped one, where it fits the robot file. */
  readonly policy: string | boolean
  /** The file of the policy's encoder, where the policy is a head. */
  readonly encoder?: string
  /** Where the recording is written again, with the policy's action chunks. */
  readonly out?: string
  /** Where the observations are written, a JSON line each. */
  readonly observations?: string
  /** s over which the wrench is averaged, to subtract that. */
  readonly tare?: number
  readonly overwrite?: boolean
}

export type ReplayResult = Awaited<ReturnType<typeof replayInto>>['result']

/**
 * Replays the recording at `path` through the aligner and the policy. `complaints`: what fell short, a line each. Throws
 * UsageError, RobotError or PolicyError where something does not fit, MissingPackageError where it needs a package
 * that is not installed, Interrupted where the process is asked to end; nothing is written then.
 */
export async function replayRecording(
  path: string,
  options: RecordingOptions,
  progress: (line: string) => void,
): Promise<{ readonly result: ReplayResult; readonly complaints: readonly string[] }> {
  requireFree({ files: [options.observations], recordings: [options.out], reads: [path] }, options)
  const bag = await openBag(path)
  const { signal } = new Ending()
  try {
    if (bag.messageCount === 0 && bag.foreign.length === 0 && bag.damage === undefined)
      throw new UsageError(`${path}: has no messages; record it again`)
    const { robot, source } = robotForBag(bag, options)
    progress(`${path}: ${bag.topics.length} topics, ${(bag.durationNs / 1e9).toFixed(2)} s; robot file: ${source}`)
    const policy = await policyFor(robot, options, progress, signal)
    // Closing the policy ends an inference that is running.
    signal.addEventListener('abort', () => void policy?.close())
    try {
      return await replayInto(bag, { robot, policy, options, progress, signal })
    } finally {
      await policy?.close()
    }
  } finally {
    await bag.close()
  }
}
interface ReplayParts {
  readonly robot: Robot
  readonly policy: OnnxPolicy | undefined
  readonly options: RecordingOptions
  readonly progress: (line: string) => void
  readonly signal: AbortSignal
}

async function replayInto(bag: Bag, { robot, policy, options, progress, signal }: ReplayParts) {
  const digest = new ObservationDigest()
  const clock = await stampClock(bag, robot)
  const epoch = new Epoch(clock.epochSec)
  const fates = new StreamFates(robot, clock)
  const lines = options.observations === undefined ? undefined : new LineFile(options.observations, options)
  const refused = new AbortController()
  /** The encoder has failed. */
  const failed = new AbortController()
  const writer =
    options.out === undefined
      ? undefined
      : new BagWriter(options.out, {
          epochSec: bag.epochSec,
          stampEpochSec: clock.epochSec,
          metadata: {
            ...bag.metadata,
            robot: robot.canonical,
            sha256: robot.sha256,
            ...(policy && { policy: policy.name }),
          },
          overwrite: options.overwrite,
          flushMs: Infinity,
          onFailure: error => refused.abort(error),
        })
  const inferenceMs: number[] = []
  const notices: string[] = []
  const tell = (text: string): void => {
    notices.push(text)
    progress(text)
  }
  const spacing = new BagSpacing(bag)
  const chunks = chunkTopic(robot)
  /** Number of recorded chunks that the new ones replace. */
  let leftOut = 0
  const { head } = policy ?? {}
  const fastDigest = new ObservationDigest()
  const supply =
    head &&
    new FeatureSupply({
      head,
      latency: LOCKSTEP_LATENCY.graph,
      recorded: await recordedFeatures(bag, chunks, clock.epochSec),
      onError: error => failed.abort(error),
    })
  // Other threads hash an observation and run the policy on it, while the next one is read and aligned. The results are
  // used in order.
  let underWay: (() => Promise<void>) | undefined
  const turn = async (begin: () => () => Promise<void>): Promise<void> => {
    const earlier = underWay
    underWay = begin()
    await earlier?.()
    failed.signal.throwIfAborted()
  }
  const line = async (observation: Observation, pixels: ReadonlyMap<string, string>): Promise<void> => {
    if (lines) await lines.write(JSON.stringify(observationLine(robot, observation, epoch, pixels)))
  }
  const write = async (observation: Observation, chunk: Promise<ActionChunk> | undefined): Promise<void> => {
    if (!chunk) return
    const done = await chunk
    inferenceMs.push(done.inferenceMs)
    writer?.write(chunks, 'prehend_interfaces/msg/ActionChunk', chunkMessage(done, CHUNK_FRAME), observation.emitted)
  }
  const begin = (observation: Observation): (() => Promise<void>) => {
    const sums = pixelSums(observation)
    const encoded = supply?.take(observation)
    const chunk = supply ? undefined : policy?.infer(observation)
    for (const promise of [sums, chunk]) promise?.catch(() => undefined)
    return async () => {
      await line(observation, digest.add(observation, await sums))
      await encoded
      await write(observation, chunk)
    }
  }
  const beginFast = (observation: Observation): (() => Promise<void>) => {
    const features = supply?.at(observation)
    const chunk = features && policy?.infer(observation, features)
    const observed = features ? undefined : policy?.observe(observation)
    for (const promise of [chunk, observed]) promise?.catch(() => undefined)
    return async () => {
      await line(observation, fastDigest.add(observation))
      await observed
      await write(observation, chunk)
    }
  }
  const started = performance.now()
  const interrupted = new Interrupted(`${bag.path}: the replay was interrupted; nothing was written`)
  try {
    const counters = await replayBag({
      bag,
      robot,
      clock,
      rate: options.rate,
      signal: AbortSignal.any([signal, refused.signal]),
      onSample: (...sample) => fates.take(...sample),
      onNotice: tell,
      onRead: message => spacing.add(message),
      onMessage:
        writer &&
        (message => {
          if (message.topic === chunks && policy) leftOut++
          else writer.writeRaw(message)
        }),
      onObservation: observation => turn(() => begin(observation)),
      fast: head && { ...head.ticks, onObservation: observation => turn(() => beginFast(observation)) },
    })
    await underWay?.()
    failed.signal.throwIfAborted()
    refused.signal.throwIfAborted()
    if (signal.aborted) throw interrupted
    await lines?.close()
    await writer?.close()
    const seconds = (performance.now() - started) / 1000
    const durationS = bag.durationNs / 1e9
    const topics = Object.fromEntries(
      spacing.topics().map(([name, { type, count, rateHz }]) => [name, { type, count, rateHz }]),
    )
    const result = {
      durationS,
      topics,
      observations: counters.observations,
      incomplete: counters.incomplete,
      dropped: occurred(counters.dropped),
      sha256: digest.digest(),
      held: counters.held,
      reordered: counters.reordered,
      jumps: counters.jumps,
      timesRealTime: durationS / seconds,
      policy: policy?.name ?? null,
      inferenceMs: policy ? spread(inferenceMs) : null,
      ...(supply && { fast: { ...counters.fast, sha256: fastDigest.digest(), ...fed(supply) } }),
      robot: { name: robot.name, sha256: robot.sha256 },
      notices,
      damage: bag.damage ?? null,
      replacedChunks: leftOut,
    }
    if (leftOut > 0)
      progress(
        `${options.out}: ${leftOut} recorded chunks on ${chunks} were left out: those on it are now of ${policy?.name}`,
      )
    const complaints = fates.lost(counters).map(({ stream, text }) => `stream ${stream}: ${text}`)
    if (bag.damage !== undefined) complaints.push(`${bag.damage}: replayed up to there`)
    return { result, complaints }
  } catch (error) {
    await lines?.discard()
    await writer?.discard()
    throw signal.aborted ? interrupted : error
  }
}

/** Ticks of a head that had no features, those with the features that the recording says, and the encoder's times. */
function fed({ unfed, asRecorded, inferenceMs }: FeatureSupply) {
  return { unfed, asRecorded, encoderMs: spread(inferenceMs) }
}

/**
 * A policy that was asked for must fit the robot file. The shipped one is left out, with a line of progress, where it
 * does not fit or the packages that run it are not installed.
 */
async function policyFor(
  robot: Robot,
  options: Pick<RecordingOptions, 'policy' | 'encoder'>,
  progress: (line: string) => void,
  signal: AbortSignal,
): Promise<OnnxPolicy | undefined> {
  const { encoder } = options
  if (options.policy === false) return undefined
  if (typeof options.policy === 'string') return OnnxPolicy.load(options.policy, robot, { encoder, signal })
  if (encoder !== undefined) throw new UsageError(`--encoder ${encoder}: name its head with --policy`)
  try {
    return await OnnxPolicy.load(shippedModel(), robot, { signal })
  } catch (error) {
    if (error instanceof MissingPackageError) progress(`replaying without a policy, alignment alone: ${error.message}`)
    else if (error instanceof PolicyError || error instanceof RobotError)
      progress(`replaying without a policy: ${error.message}`)
    else throw error
    return undefined
  }
}
