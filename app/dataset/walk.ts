import type { Aligner } from '../../fusion/aligner.js'
import type { FastTicksConfig } from '../../fusion/fast-ticks.js'
import type { Samples } from '../../fusion/stream-buffer.js'
import type { Observation } from '../../fusion/observation.js'
import type { Executable } from '../../control/chunk/set-point.js'
import type { Robot } from '../../robots/robot.js'
import { Epoch, SECOND } from '../../fusion/stamp.js'
import type { Bag } from '../../middleware/bag/bag.js'
import { decode } from '../../middleware/cdr/codecs.js'
import { executableOf } from '../../nodes/chunk-message.js'
import { EXPERT_AUX_TOPIC, INSTEAD_TOPICS } from '../session/demonstration.js'
import { Interrupted } from '../output/ending.js'
import { UsageError } from '../output/output.js'
import { replayBag, stampClock } from '../replay/replay-bag.js'
import { StreamFates, type LostStream } from '../inspection/stream-fates.js'
import type { Action } from './actions/action.js'
import { CommandLog } from './actions/command-log.js'
import { actionSource, type ActionSource } from './actions/action-source.js'
import { ChunkActions } from './actions/chunk-actions.js'
import { EpisodeStretches } from './episode-stretches.js'
import { Followed } from './followed.js'
import { mostRowsWaiting } from './most-rows-waiting.js'
import { OneSource } from './one-source.js'
import { tickRate } from './tick-rate.js'
import { TickSteps } from './tick-steps.js'
import type { EpisodeEnd, Labels, TrainingSet } from './training-set.js'

export interface WalkOptions {
  /** Reference ticks a second. Default: what the robot file or the recording says. */
  readonly rate?: number | undefined
  /** The ticks of a head: then each of them is a row, with its streams alone. Default: the reference ticks. */
  readonly head?: FastTicksConfig | undefined
  /** Where the actions come from. Default: the expert or, without an expert, the policy. */
  readonly actions?: ActionSource
  /** Only episodes whose result says success, each from its last jump of time on. */
  readonly onlyWon?: boolean
  /** Only while the actuators follow this one: `person` or `policy`. Each time it is an episode of its own. */
  readonly by?: string
  /** Called with one line about a stream, or about `rate`, that the user should know. */
  readonly onNotice?: (text: string) => void
  /**
   * Ends the export before the next message: `walk` throws Interrupted, and the set does not get this recording's end.
   */
  readonly signal?: AbortSignal
}

export interface Walked {
  /** Observations without an action. */
  readonly leftOut: number
  /** Observations that are not asked for: of episodes that were not won, or while somebody else commanded. */
  readonly passedOver: number
  /** The streams that are in no observation. */
  readonly lost: readonly LostStream[]
}

/**
 * Replays a bag into a training set. A row is an observation with its action, and the samples since the row before. The
 * action of a chunk is the set-point one tick after the chunk's stamp. Of commands on topics the action is the command
 * in force at the next tick, also where it is received up to `max_wait` later; where that tick is lost, there is none.
 * An observation without an action is left out, and its samples go to the next row. A jump of time ends an episode. What
 * lies between two episodes belongs to none. At the ticks of a head only chunks of a head are answers. Throws UsageError
 * where two answers to one observation differ, since a set has the answers of one source, and where those for a head are
 * not of a head.
 */
export async function walk(bag: Bag, robot: Robot, set: TrainingSet, options: WalkOptions = {}): Promise<Walked> {
  const actions = options.actions ?? (await actionSource(bag, robot))
  const commands = actions.kind === 'commands' ? actions.commands : undefined
  const answers = actions.kind === 'chunks' ? actions.topic : undefined
  const { head } = options
  // The expert's labels are of reference ticks.
  const hasAux = !commands && !head && bag.topics.some(({ name, count }) => name === EXPERT_AUX_TOPIC && count > 0)
  const rate = head ? SECOND / head.period : (options.rate ?? (await tickRate(bag, robot)))
  const period = SECOND / rate
  const source = new OneSource(bag.path)
  const mostWaiting = mostRowsWaiting(robot.maxWait, period)
  const join = new Join(robot, set, { hasAux, period, mostWaiting })
  const steps = new TickSteps(rate)
  const chunkActions = new ChunkActions(robot, period)
  const stretches = new EpisodeStretches(bag, robot)
  const { onlyWon = false, by } = options
  const clock = await stampClock(bag, robot)
  if (onlyWon) await stretches.look(clock, options.signal)
  set.begin({ path: bag.path, robot, epoch: new Epoch(clock.epochSec), rate })
  const heard = commands ? { ...robot, streams: [...robot.streams, ...commands.streams] } : robot
  const fates = new StreamFates(heard, clock)
  const followed = new Followed(robot, clock)
  const log =
    commands &&
    new CommandLog(robot, commands, {
      clock,
      mostWaiting,
      onSample: (index, ...sample) => fates.take(robot.streams.length + index, ...sample),
    })
  /** Adds the rows whose commands are known at a receive time. Infinity: all rows that wait. */
  const answer = async (receive: number): Promise<void> => {
    for (const { stamp, action } of log?.answered(receive) ?? []) if (action) await join.part(stamp, { action })
  }
  /** The observation before, and the one before in this episode. */
  let last: Observation | undefined
  let before: Observation | undefined
  let passedOver = 0
  let isAnswered = false
  const onObservation = async (observation: Observation): Promise<void> => {
    if (last && last.episode !== observation.episode) {
      await answer(Infinity)
      await join.endEpisode(CUT_OFF, observation)
      log?.jump(last, observation)
      before = undefined
    }
    last = observation
    log?.forget(observation.stamp)
    if (!stretches.isEpisode) {
      if (onlyWon) before = undefined
      return
    }
    if (onlyWon && !stretches.isWon(observation)) {
      before = undefined
      passedOver++
      return
    }
    if (by !== undefined && followed.at(observation.stamp) !== by) {
      passedOver++
      before = undefined
      await answer(Infinity)
      return join.endEpisode(CUT_OFF)
    }
    if (log && before && steps.isWhole(before.stamp, observation.stamp)) log.expect(before.stamp, observation)
    before = observation
    return join.part(observation.stamp, { observation })
  }
  const counters = await replayBag({
    bag,
    robot,
    clock,
    rate: 'max',
    onSample: (...sample) => fates.take(...sample),
    ...(options.onNotice && { onNotice: options.onNotice }),
    ...(options.signal && { signal: options.signal }),
    ...(head
      ? { onObservation: () => undefined, fast: { ...head, onObservation } }
      : { onObservation, onAligned: (observation, aligner) => join.align(observation, aligner) }),
    onMessage: async (message, episode) => {
      const { topic, data } = message
      followed.hear(message)
      const boundary = stretches.boundary(message, clock.epochSec)
      await answer(boundary === undefined ? message.receive : Infinity)
      log?.take(message)
      await answer(message.receive)
      if (topic === answers || topic === INSTEAD_TOPICS.chunk) {
        const answer = decode('prehend_interfaces/msg/ActionChunk', data, clock.epochSec)
        // The answer to a picture may have the stamp of a head's tick by chance. Those of a head say their features.
        if (head && answer.featureStamp === undefined) return undefined
        isAnswered = true
        const chunk = executableOf(answer)
        const { stamp } = chunk
        if (!source.isNew(topic, stamp, data)) return undefined
        if (topic !== answers) return join.part(stamp, { insteadChunk: chunk })
        const action = chunkActions.of(chunk)
        return action ? join.part(stamp, { chunk, action }) : join.refuse(stamp)
      }
      if (!head && (topic === EXPERT_AUX_TOPIC || topic === INSTEAD_TOPICS.aux)) {
        const { stamp, name, position } = decode('sensor_msgs/msg/JointState', data, clock.epochSec)
        const values = Float64Array.from(position)
        return join.part(stamp, topic === EXPERT_AUX_TOPIC ? { aux: { names: name, values } } : { insteadAux: values })
      }
      if (!head && topic === INSTEAD_TOPICS.command) {
        const { stamp, text } = decode('prehend_interfaces/msg/VoiceEvent', data, clock.epochSec)
        return join.part(stamp, { insteadCommand: text })
      }
      if (boundary === undefined) return undefined
      stretches.pass(boundary)
      before = undefined
      // A jump of time since the last observation parts it from the result.
      const isParted = last !== undefined && last.episode !== episode
      if (boundary === 'begins') last = undefined
      return join.endEpisode(boundary === 'begins' || isParted ? CUT_OFF : boundary)
    },
  })
  if (options.signal?.aborted)
    throw new Interrupted(`${bag.path}: the export was interrupted; nothing of this recording was written`)
  if (head && answers !== undefined && !isAnswered)
    throw new UsageError(
      `${bag.path}: the contract is of a head, and ${actions.by} answered at no tick of a head: say with --actions ` +
        'which commands are learned',
    )
  await answer(Infinity)
  await join.endEpisode(CUT_OFF)
  await set.end()
  if (steps.remark !== undefined) options.onNotice?.(`${bag.path}: ${steps.remark}`)
  const streams = new Map([...counters.streams, ...(log?.counters ?? [])])
  return { leftOut: join.leftOut, passedOver, lost: fates.lost({ ...counters, streams }) }
}

/** The end of an episode without a result. */
const CUT_OFF: EpisodeEnd = { index: -1, success: false }

interface Parts {
  readonly observation?: Observation
  readonly action?: Action
  readonly chunk?: Executable
  readonly aux?: Labels
  readonly insteadCommand?: string
  readonly insteadChunk?: Executable
  readonly insteadAux?: Float64Array
}

/** Joins observations, answers and samples that have the same stamp, and adds them to the set as rows. */
class Join {
  leftOut = 0
  readonly #set: TrainingSet
  readonly #hasAux: boolean
  readonly #period: number
  readonly #mostWaiting: number
  readonly #windows: readonly { readonly name: string; readonly index: number }[]
  readonly #waiting = new Map<number, Parts>()
  /** Samples of observations that are not yet in the set, by stamp, in order. */
  readonly #samples = new Map<number, { readonly episode: number; readonly of: ReadonlyMap<string, Samples> }>()
  #since = -Infinity
  #episode = -1
  #rows = 0

  constructor(
    robot: Robot,
    set: TrainingSet,
    {
      hasAux,
      period,
      mostWaiting,
    }: { readonly hasAux: boolean; readonly period: number; readonly mostWaiting: number },
  ) {
    this.#set = set
    this.#hasAux = hasAux
    this.#period = period
    this.#mostWaiting = mostWaiting
    this.#windows = robot.streams
      .map(({ name, align }, index) => ({ name, index, align }))
      .filter(({ align }) => align.strategy === 'window')
  }

  /** Copies the samples since the tick before, while the aligner still has them. */
  align({ stamp, episode }: Observation, aligner: Aligner): void {
    const goesOn = episode === this.#episode && this.#since < stamp && this.#since > -Infinity
    const after = goesOn ? this.#since : stamp - this.#period
    const of = new Map(this.#windows.map(({ name, index }) => [name, aligner.samples(index, after, stamp)]))
    this.#samples.set(stamp, { episode, of })
    this.#since = stamp
    this.#episode = episode
  }

  async part(stamp: number, part: Parts): Promise<void> {
    const { observation, action, chunk, aux, insteadCommand, insteadChunk, insteadAux } = {
      ...this.#waiting.get(stamp),
      ...part,
    }
    if (observation && action && (aux || !this.#hasAux)) {
      const samples = this.#take(stamp)
      const instead =
        insteadCommand !== undefined && insteadChunk && insteadAux
          ? { command: insteadCommand, chunk: insteadChunk, aux: insteadAux }
          : undefined
      await this.#set.add({ observation, action, chunk, aux, instead, samples })
      this.#rows++
      return
    }
    this.#waiting.set(stamp, { ...this.#waiting.get(stamp), ...part })
    if (this.#waiting.size > this.#mostWaiting) this.#forget(Math.min(...this.#waiting.keys()))
  }

  /** The answer to the observation at `stamp` cannot be carried out: a chunk without the origin that it counts from. */
  refuse(stamp: number): void {
    this.#forget(stamp)
  }

  /** `next`: the observation with which another episode begins; its samples are kept. */
  async endEpisode(end: EpisodeEnd, next?: Observation): Promise<void> {
    for (const stamp of [...this.#waiting.keys()]) this.#forget(stamp)
    for (const [stamp, { episode }] of [...this.#samples]) if (episode !== next?.episode) this.#samples.delete(stamp)
    if (next === undefined) this.#since = -Infinity
    if (this.#rows > 0) await this.#set.endEpisode(end)
    this.#rows = 0
  }

  /**
   * Takes all samples up to a row's stamp. Earlier observations that still wait are left out, since answers come in
   * order.
   */
  #take(stamp: number): ReadonlyMap<string, Samples> {
    this.#waiting.delete(stamp)
    for (const earlier of [...this.#waiting.keys()].filter(other => other < stamp)) this.#forget(earlier)
    const parts = [...this.#samples].filter(([other]) => other <= stamp)
    for (const [other] of parts) this.#samples.delete(other)
    return new Map(this.#windows.map(({ name }) => [name, joined(parts.map(([, { of }]) => of.get(name)))]))
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
