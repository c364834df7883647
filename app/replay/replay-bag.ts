import { Aligner, type AlignerOptions } from '../../fusion/aligner.js'
import type { Counters } from '../../fusion/counters.js'
import type { FastTicksConfig } from '../../fusion/fast-ticks.js'
import type { Observation } from '../../fusion/observation.js'
import { clockOf, referenceOf } from '../../fusion/stream-clock.js'
import type { Robot } from '../../robots/robot.js'
import type { Bag, BagMessage } from '../../middleware/bag/bag.js'
import { headerClock } from '../../middleware/bag/header-clock.js'
import { Pace } from '../../middleware/bag/pace.js'
import { decode } from '../../middleware/cdr/codecs.js'
import { Arrivals } from '../../nodes/intake/arrivals.js'
import { inlets, type Inlet } from '../../nodes/intake/inlets.js'

export interface ReplayOptions {
  readonly bag: Pick<Bag, 'epochSec' | 'batches'>
  readonly robot: Robot
  /** Default: `stampClock` of the bag and the robot. */
  readonly clock?: StampClock
  /** Times real time, or as fast as the machine can. */
  readonly rate: number | 'max'
  /** Called when an observation is made, while the aligner's buffers still have its samples. */
  readonly onAligned?: (observation: Observation, aligner: Aligner) => void
  /** Called in order. The replay waits for what it returns before it reads on. */
  readonly onObservation: (observation: Observation) => void | Promise<void>
  /** Fast ticks, and what is called with each observation at them, among the others in their order. */
  readonly fast?: (FastTicksConfig & { readonly onObservation: ReplayOptions['onObservation'] }) | undefined
  /**
   * Called with every message, after the observations that were complete before it and before those that it completes.
   * `episode`: the aligner's when the message came (see `Aligner.episode`), also where no observation has it yet.
   */
  readonly onMessage?: (message: BagMessage, episode: number) => void | Promise<void>
  /** Called with every sample and whether it was dropped, see `AlignerOptions`. */
  readonly onSample?: AlignerOptions['onSample']
  /** Called with one line about a stream that the user should know. */
  readonly onNotice?: (text: string) => void
  /** Called with every message when it is read. */
  readonly onRead?: ((message: BagMessage) => void) | undefined
  /** Ends the replay before the next message. */
  readonly signal?: AbortSignal
}

/** The clock of the stamps of a recording's observations. */
export interface StampClock {
  /** The zero of stamps, absolute seconds. */
  readonly epochSec: number
  /** About how far it differs from the recording's receive clock, s. 0: they are the same. */
  readonly apart: number
}

/**
 * The clock of the reference stream: the one of its headers, which may be any clock, or the recording's own. The stamps
 * of observations are of this clock.
 */
export async function stampClock(bag: Pick<Bag, 'epochSec' | 'batches'>, robot: Robot): Promise<StampClock> {
  const reference = referenceOf(robot)
  const apart =
    reference && clockOf(reference) === 'header' ? await headerClock(bag, reference.topic, reference.type) : 0
  return { epochSec: bag.epochSec + apart, apart }
}

/**
 * ns. A longer time between two messages is not waited for: the first was logged before the clock was set, or another
 * recording begins.
 */
const LONGEST_GAP = 3600e9

/**
 * Feeds a bag through the aligner, in receive order and with the recording's own receive times, so that the pace
 * (`rate`) does not change the observations. Memory does not grow with the bag.
 */
export async function replayBag(options: ReplayOptions): Promise<Counters> {
  const { bag, robot, rate, fast, onAligned, onObservation, onMessage, onRead, onSample, onNotice, signal } = options
  const clock = options.clock ?? (await stampClock(bag, robot))
  const ready: (() => void | Promise<void>)[] = []
  const aligner: Aligner = new Aligner(
    robot,
    observation => {
      onAligned?.(observation, aligner)
      ready.push(() => onObservation(observation))
    },
    {
      otherClock: clock.apart !== 0,
      fast: fast && { ...fast, emit: observation => ready.push(() => fast.onObservation(observation)) },
      ...(onSample && { onSample }),
    },
  )
  let failure: { readonly error: unknown } | undefined
  const arrivals = new Arrivals(robot, aligner, {
    onError: error => {
      failure ??= { error }
    },
    isBehind: () => ready.length > 0,
    ...(onNotice && { onNotice }),
  })
  await arrivals.prepare()
  const sinks = new Map<string, Inlet[]>()
  for (const inlet of inlets({ robot, aligner, arrivals }))
    sinks.set(inlet.topic, [...(sinks.get(inlet.topic) ?? []), inlet])
  const drain = async (): Promise<void> => {
    if (failure) throw failure.error
    for (const next of ready.splice(0)) await next()
    arrivals.resume()
  }
  /** Uses observations as they are made, so that only a few wait in memory. */
  const until = async (isReached: () => boolean): Promise<void> => {
    while (!isReached()) {
      if (ready.length > 0 || failure) await drain()
      else await arrivals.change()
    }
  }
  const pace = rate === 'max' ? undefined : new Pace({ rate, longestGap: LONGEST_GAP })
  for await (const batch of bag.batches()) {
    for (const message of batch) {
      if (pace && Number.isFinite(message.receive)) await pace.reach(message.receive, signal)
      if (signal?.aborted) return aligner.counters
      onRead?.(message)
      // A live run drops pictures while decoding is slow. A replay waits instead.
      if (!arrivals.hasSlack) await until(() => arrivals.hasSlack)
      if (onMessage)
        arrivals.then(message.receive, () => {
          const { episode } = aligner
          ready.push(() => onMessage(message, episode))
        })
      for (const inlet of sinks.get(message.topic) ?? []) deliver(message, inlet, clock)
      if (ready.length > 0 || failure) await drain()
    }
  }
  await until(() => arrivals.idle)
  aligner.finish()
  await drain()
  return aligner.counters
}

/**
 * Gives a recorded message to the inlet that a live one would reach. Every message on the reset topic begins an
 * episode, whatever its text.
 */
export function deliver({ type, data, receive }: BagMessage, inlet: Inlet, clock: StampClock): void {
  if (!Number.isFinite(receive)) return inlet.refuse('log_time')
  if (inlet.kind === 'reset') {
    inlet.take(undefined as never, receive)
    return
  }
  if (type !== inlet.type) return inlet.refuse('bad_type')
  let message
  try {
    message = decode(inlet.type, data, clock.epochSec)
  } catch {
    return inlet.refuse('bad_message')
  }
  inlet.take(message as never, receive)
}
