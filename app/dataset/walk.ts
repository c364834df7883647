import { createHash } from 'node:crypto'
import type { Aligner } from '../../fusion/aligner.js'
import type { Samples } from '../../fusion/lane.js'
import type { Observation } from '../../fusion/observation.js'
import type { Executable } from '../../control/chunk/set-point.js'
import type { Robot } from '../../robots/robot.js'
import { isPose } from '../../fusion/rotation.js'
import { Epoch, SECOND } from '../../fusion/stamp.js'
import type { Bag } from '../../middleware/bag/bag.js'
import { decode } from '../../middleware/cdr/codecs.js'
import { chunkTopic } from '../../nodes/fusion-node.js'
import { EXPERT_AUX_TOPIC, EXPERT_CHUNK_TOPIC, INSTEAD_TOPICS } from '../session/demonstration.js'
import { episodeTopics } from '../session/episode-topics.js'
import { Interrupted } from '../output/ending.js'
import { UsageError } from '../output/output.js'
import { replayBag, stampClock } from '../replay/replay-bag.js'
import { StreamFates, type LostStream } from '../inspection/stream-fates.js'
import { tickRate } from './tick-rate.js'
import type { EpisodeEnd, TrainingSet } from './training-set.js'

/** Observations that wait for their answers, at most. */
const WAITING = 64

export interface WalkOptions {
  /** Reference ticks a second. Default: what the robot file or the recording says. */
  readonly rate?: number | undefined
  /** Something about a stream that its user should know; one line. */
  readonly onNotice?: (text: string) => void
  /** Ends the walk before the next message: it throws Interrupted, and the recording has no end in the set. */
  readonly signal?: AbortSignal
}

/**
 * Replays a bag into a training set: each observation with the answer of the same stamp, and the samples since the row
 * before. Observations without an answer are left out, their samples go to the next row. Answers how many were left
 * out, and the streams of which nothing came into any observation. Throws UsageError where two answers to one
 * observation differ: a set has the answers of one source.
 */
export async function walk(
  bag: Bag,
  robot: Robot,
  set: TrainingSet,
  options: WalkOptions = {},
): Promise<{ readonly leftOut: number; readonly lost: readonly LostStream[] }> {
  const { topic: answers } = answersOf(bag, robot)
  const hasAux = bag.topics.some(({ name, count }) => name === EXPERT_AUX_TOPIC && count > 0)
  const rate = options.rate ?? (await tickRate(bag, robot))
  const source = new OneSource(bag.path)
  const join = new Join(robot, set, { hasAux, period: SECOND / rate })
  const { results } = episodeTopics(robot)
  const clock = await stampClock(bag, robot)
  set.begin({ path: bag.path, robot, epoch: new Epoch(clock.epochSec), rate })
  const fates = new StreamFates(robot, clock)
  const counters = await replayBag({
    bag,
    robot,
    clock,
    rate: 'max',
    onSample: (...sample) => fates.take(...sample),
    ...(options.onNotice && { onNotice: options.onNotice }),
    ...(options.signal && { signal: options.signal }),
    onAligned: (observation, aligner) => join.align(observation, aligner),
    onObservation: observation => join.part(observation.stamp, { observation }),
    onMessage: message => {
      const { topic, data } = message
      if (topic === answers || topic === INSTEAD_TOPICS.chunk) {
        const { stamp, rate, data: rows, origin } = decode('prehend_interfaces/msg/ActionChunk', data, clock.epochSec)
        if (!source.isNew(topic, stamp, data)) return undefined
        const chunk = { stamp, rate, data: Float32Array.from(rows), origin: Float64Array.from(origin) }
        return join.part(stamp, topic === answers ? { chunk } : { insteadChunk: chunk })
      }
      if (topic === EXPERT_AUX_TOPIC || topic === INSTEAD_TOPICS.aux) {
        const { stamp, position } = decode('sensor_msgs/msg/JointState', data, clock.epochSec)
        const aux = Float64Array.from(position)
        return join.part(stamp, topic === EXPERT_AUX_TOPIC ? { aux } : { insteadAux: aux })
      }
      if (topic === INSTEAD_TOPICS.command) {
        const { stamp, text } = decode('prehend_interfaces/msg/VoiceEvent', data, clock.epochSec)
        return join.part(stamp, { insteadCommand: text })
      }
      if (topic === results)
        return join.endEpisode(JSON.parse(decode('std_msgs/msg/String', data, clock.epochSec).data) as EpisodeEnd)
      return undefined
    },
  })
  if (options.signal?.aborted)
    throw new Interrupted(`${bag.path}: the export was interrupted; nothing of this recording was written`)
  await join.endEpisode({ index: -1, success: false })
  await set.end()
  return { leftOut: join.leftOut, lost: fates.lost(counters) }
}

/** Where a recording's answers are, and whose: the expert's, else those of the policy that it names. */
export function answersOf(bag: Bag, robot: Robot): { readonly topic: string; readonly source: string } {
  const topics = [EXPERT_CHUNK_TOPIC, chunkTopic(robot)]
  const topic = topics.find(topic => bag.topics.some(({ name, count }) => name === topic && count > 0))
  if (topic !== undefined)
    return {
      topic,
      source: topic === EXPERT_CHUNK_TOPIC ? 'the expert' : `the policy ${bag.metadata['policy'] ?? '(not named)'}`,
    }
  throw new UsageError(
    `${bag.path}: has no answers to learn from (${topics.join(' or ')}): record with prehend run ` +
      '--demonstrate --record',
  )
}

/** Tells a message that was recorded twice from the answers of two sources. */
class OneSource {
  readonly #path: string
  readonly #sums = new Map<string, string>()

  constructor(path: string) {
    this.#path = path
  }

  /** False: this very answer was there before. */
  isNew(topic: string, stamp: number, data: Uint8Array): boolean {
    const key = `${stamp} ${topic}`
    const sum = createHash('sha1').update(data).digest('base64')
    const earlier = this.#sums.get(key)
    if (earlier === undefined) {
      this.#sums.set(key, sum)
      // A recording that loops has its stamps again, and may have other answers to them.
      if (this.#sums.size > 4 * WAITING) for (const [oldest] of this.#sums) return this.#sums.delete(oldest)
      return true
    }
    if (earlier !== sum)
      throw new UsageError(
        `${this.#path}: ${topic} has different answers to one observation, so they are of more than one ` +
          'policy: replay the recording that they were added to with --out',
      )
    return false
  }
}

interface Parts {
  readonly observation?: Observation
  readonly chunk?: Executable
  readonly aux?: Float64Array
  readonly insteadCommand?: string
  readonly insteadChunk?: Executable
  readonly insteadAux?: Float64Array
}

/** Brings what has the same stamp together. */
class Join {
  leftOut = 0
  readonly #set: TrainingSet
  readonly #hasAux: boolean
  readonly #period: number
  readonly #windows: readonly { readonly name: string; readonly index: number }[]
  readonly #waiting = new Map<number, Parts>()
  /** Samples of observations that are not yet in the set, by stamp, in order. */
  readonly #samples = new Map<number, ReadonlyMap<string, Samples>>()
  #since = -Infinity
  #rows = 0

  constructor(
    robot: Robot,
    set: TrainingSet,
    { hasAux, period }: { readonly hasAux: boolean; readonly period: number },
  ) {
    this.#set = set
    this.#hasAux = hasAux
    this.#period = period
    this.#windows = robot.streams
      .map(({ name, align }, index) => ({ name, index, align }))
      .filter(({ align }) => align.strategy === 'window')
  }

  /** Reads the samples since the tick before while the aligner still has them. */
  align({ stamp }: Observation, aligner: Aligner): void {
    const after = this.#since < stamp && this.#since > -Infinity ? this.#since : stamp - this.#period
    this.#samples.set(
      stamp,
      new Map(this.#windows.map(({ name, index }) => [name, aligner.samples(index, after, stamp)])),
    )
    this.#since = stamp
  }

  async part(stamp: number, part: Parts): Promise<void> {
    const { observation, chunk, aux, insteadCommand, insteadChunk, insteadAux } = {
      ...this.#waiting.get(stamp),
      ...part,
    }
    if (observation && chunk && (aux || !this.#hasAux)) {
      const samples = this.#take(stamp)
      // An offset from a pose that nobody knows says nothing.
      if (isPose(chunk.origin)) {
        const instead =
          insteadCommand !== undefined && insteadChunk && insteadAux
            ? { command: insteadCommand, chunk: insteadChunk, aux: insteadAux }
            : undefined
        await this.#set.add({ observation, chunk, aux, instead, samples })
        this.#rows++
      } else this.leftOut++
      return
    }
    this.#waiting.set(stamp, { ...this.#waiting.get(stamp), ...part })
    if (this.#waiting.size > WAITING) this.#forget(Math.min(...this.#waiting.keys()))
  }

  async endEpisode(end: EpisodeEnd): Promise<void> {
    for (const stamp of [...this.#waiting.keys()]) this.#forget(stamp)
    this.#samples.clear()
    this.#since = -Infinity
    if (this.#rows > 0) await this.#set.endEpisode(end)
    this.#rows = 0
  }

  /** All samples up to a row's stamp; what waits from before it will not come any more. */
  #take(stamp: number): ReadonlyMap<string, Samples> {
    this.#waiting.delete(stamp)
    for (const earlier of [...this.#waiting.keys()].filter(other => other < stamp)) this.#forget(earlier)
    const parts = [...this.#samples].filter(([other]) => other <= stamp)
    for (const [other] of parts) this.#samples.delete(other)
    return new Map(this.#windows.map(({ name }) => [name, joined(parts.map(([, samples]) => samples.get(name)))]))
  }

  #forget(stamp: number): void {
    if (this.#waiting.get(stamp)?.observation) this.leftOut++
    this.#waiting.delete(stamp)
  }
}

function joined(parts: readonly (Samples | undefined)[]): Samples {
  const some = parts.filter(part => part !== undefined)
  if (some.length === 1) return some[0]!
  return {
    stamps: Float64Array.from(some.flatMap(({ stamps }) => [...stamps])),
    values: Float64Array.from(some.flatMap(({ values }) => [...values])),
  }
}
