import type { Command } from 'commander'
import { occurred } from '../../fusion/counters.js'
import { Epoch } from '../../fusion/stamp.js'
import type { Observation } from '../../fusion/observation.js'
import { ObservationDigest, observationLine, pixelSums } from '../../fusion/observation-line.js'
import { OnnxPolicy } from '../../policy/runtime/onnx-policy.js'
import { openBag } from '../../middleware/bag/bag.js'
import { BagWriter } from '../../middleware/bag/bag-writer.js'
import { CHUNK_FRAME, chunkMessage, chunkTopic } from '../../nodes/fusion-node.js'
import { duration, namespace, overwrite, rate } from '../options.js'
import { Ending, Interrupted } from '../../app/output/ending.js'
import { Output, UsageError } from '../../app/output/output.js'
import { requireFree } from '../../app/output/outputs.js'
import { spread } from '../../app/measure/percentiles.js'
import { LineFile } from '../../app/output/line-file.js'
import { shippedModel } from '../../app/policies/models.js'
import { robotForBag } from '../../app/robot/robot-for-bag.js'
import { replayBag, stampClock } from '../../app/replay/replay-bag.js'
import { StreamFates } from '../../app/inspection/stream-fates.js'
import { BagSpacing } from '../../app/inspection/topic-spacing.js'

interface ReplayFlags {
  robot?: string
  namespace?: string
  rate: number | 'max'
  policy: string | boolean
  out?: string
  observations?: string
  tare?: number
  overwrite?: boolean
  json?: boolean
}

export function register(program: Command): void {
  program
    .command('replay')
    .description('a recorded bag through the aligner and the policy')
    .argument('<bag>', 'a rosbag2 directory, an .mcap or a .db3')
    .option(
      '--robot <file>',
      'robot file; without it the one in the recording, else streams are recognised by type and name',
    )
    .option('--namespace <name>', 'where the relative topics of the robot file lie, such as /left', namespace)
    .option('--rate <n>', 'times real time, or max', rate, 1)
    .option('--policy <file>', 'an ONNX model with a contract; default: the shipped one, where it fits the robot file')
    .option('--no-policy', 'align only')
    .option('--tare <time>', 'average the wrench over its first moments and subtract that, e.g. "500 ms"', duration)
    .option(
      '--out <file>',
      "write the recording again, as MCAP, with the policy's action chunks in the place of recorded ones",
    )
    .option('--observations <file>', 'write one JSON line an observation')
    .addOption(overwrite())
    .option('--json', 'the result as one JSON object')
    .action((bag: string, flags: ReplayFlags) => replay(bag, flags))
}

async function replay(path: string, flags: ReplayFlags): Promise<void> {
  const output = new Output(flags)
  requireFree({ files: [flags.observations], recordings: [flags.out], reads: [path] }, flags)
  const bag = await openBag(path)
  const { signal } = new Ending()
  try {
    if (bag.messageCount === 0 && bag.foreign.length === 0 && bag.damage === undefined)
      throw new UsageError(`${path}: has no messages; record it again`)
    const { robot, source } = robotForBag(bag, flags)
    output.progress(
      `${path}: ${bag.topics.length} topics, ${(bag.durationNs / 1e9).toFixed(2)} s; robot file: ${source}`,
    )
    const policy = await policyFor(robot, flags, output, signal)
    // An inference that is under way is not waited for.
    signal.addEventListener('abort', () => void policy?.close())
    const digest = new ObservationDigest()
    const clock = await stampClock(bag, robot)
    const epoch = new Epoch(clock.epochSec)
    const fates = new StreamFates(robot, clock)
    const lines = flags.observations === undefined ? undefined : new LineFile(flags.observations, flags)
    const refused = new AbortController()
    const writer =
      flags.out === undefined
        ? undefined
        : new BagWriter(flags.out, {
            epochSec: bag.epochSec,
            stampEpochSec: clock.epochSec,
            metadata: {
              ...bag.metadata,
              robot: robot.canonical,
              sha256: robot.sha256,
              ...(policy && { policy: policy.name }),
            },
            overwrite: flags.overwrite,
            flushMs: Infinity,
            onFailure: error => refused.abort(error),
          })
    const inferenceMs: number[] = []
    const notices: string[] = []
    const tell = (text: string): void => {
      notices.push(text)
      output.progress(text)
    }
    const spacing = new BagSpacing(bag)
    const chunks = chunkTopic(robot)
    /** Recorded chunks that the new ones take the place of. */
    let leftOut = 0
    // While an observation is hashed and inferred on other threads, the next one is read and aligned; they are taken in
    // order.
    let underWay: (() => Promise<void>) | undefined
    const begin = (observation: Observation): (() => Promise<void>) => {
      const sums = pixelSums(observation)
      const chunk = policy?.infer(observation)
      for (const promise of [sums, chunk]) promise?.catch(() => undefined)
      return async () => {
        const pixels = digest.add(observation, await sums)
        if (lines) await lines.write(JSON.stringify(observationLine(robot, observation, epoch, pixels)))
        if (!chunk) return
        const done = await chunk
        inferenceMs.push(done.inferenceMs)
        writer?.write(
          chunks,
          'prehend_interfaces/msg/ActionChunk',
          chunkMessage(done, CHUNK_FRAME),
          observation.emitted,
        )
      }
    }
    const started = performance.now()
    const interrupted = new Interrupted(`${path}: the replay was interrupted; nothing was written`)
    try {
      const result = await replayBag({
        bag,
        robot,
        clock,
        rate: flags.rate,
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
        onObservation: async observation => {
          const earlier = underWay
          underWay = begin(observation)
          await earlier?.()
        },
      })
      await underWay?.()
      refused.signal.throwIfAborted()
      if (signal.aborted) throw interrupted
      await lines?.close()
      await writer?.close()
      const seconds = (performance.now() - started) / 1000
      const durationS = bag.durationNs / 1e9
      const topics = Object.fromEntries(
        spacing.topics().map(([name, { type, count, rateHz }]) => [name, { type, count, rateHz }]),
      )
      const object = {
        durationS,
        topics,
        observations: result.observations,
        incomplete: result.incomplete,
        dropped: occurred(result.dropped),
        sha256: digest.digest(),
        held: result.held,
        reordered: result.reordered,
        jumps: result.jumps,
        timesRealTime: durationS / seconds,
        policy: policy?.name ?? null,
        inferenceMs: policy ? spread(inferenceMs) : null,
        robot: { name: robot.name, sha256: robot.sha256 },
        notices,
        damage: bag.damage ?? null,
        replacedChunks: leftOut,
      }
      if (leftOut > 0)
        output.progress(
          `${flags.out}: ${leftOut} recorded chunks on ${chunks} were left out: those on it are now of ${policy?.name}`,
        )
      output.result(object, summary(object, flags))
      for (const { stream, text } of fates.lost(result)) {
        output.progress(`prehend: ${path}: stream ${stream}: ${text}`)
        process.exitCode = 1
      }
      if (bag.damage !== undefined) {
        output.progress(`prehend: ${path}: ${bag.damage}: replayed up to there`)
        process.exitCode = 1
      }
    } catch (error) {
      await lines?.discard()
      await writer?.discard()
      throw signal.aborted ? interrupted : error
    } finally {
      await policy?.close()
    }
  } finally {
    await bag.close()
  }
}

/** A policy that was asked for must fit; the shipped one is left out, with a word, where it does not. */
async function policyFor(
  robot: Parameters<typeof OnnxPolicy.load>[1],
  flags: ReplayFlags,
  output: Output,
  signal: AbortSignal,
): Promise<OnnxPolicy | undefined> {
  if (flags.policy === false) return undefined
  if (typeof flags.policy === 'string') return OnnxPolicy.load(flags.policy, robot, { signal })
  try {
    return await OnnxPolicy.load(shippedModel(), robot, { signal })
  } catch (error) {
    if (!(error instanceof Error) || !('exit' in error)) throw error
    output.progress(`replaying without a policy: ${error.message}`)
    return undefined
  }
}

function summary(
  result: {
    durationS: number
    observations: number
    incomplete: number
    dropped: Record<string, number>
    sha256: string
    timesRealTime: number
    policy: string | null
    topics: Record<string, { type: string; count: number; rateHz: number }>
  },
  flags: ReplayFlags,
): string[] {
  const dropped = Object.entries(result.dropped)
    .filter(([, n]) => n > 0)
    .map(([reason, n]) => `${reason} ${n}`)
    .join(', ')
  return [
    ...Object.entries(result.topics).map(
      ([name, t]) => `  ${name}  ${t.type}  ${t.count} messages, ${t.rateHz.toFixed(1)} Hz`,
    ),
    `${result.observations} observations from ${result.durationS.toFixed(3)} s (${result.incomplete} ` +
      `incomplete), ${result.timesRealTime.toFixed(1)} times real time`,
    `dropped: ${dropped === '' ? 'nothing' : dropped}`,
    `policy: ${result.policy ?? 'none'}`,
    `sha256 of all observations: ${result.sha256}`,
    ...(flags.observations === undefined ? [] : [`lines: ${flags.observations}`]),
    ...(flags.out === undefined ? [] : [`recording: ${flags.out}`]),
  ]
}
