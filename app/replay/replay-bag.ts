import { Aligner, type AlignerOptions } from '../../fusion/aligner.js'
import type { Counters } from '../../fusion/counters.js'
import type { Observation } from '../../fusion/observation.js'
import { clockOf, referenceOf } from '../../fusion/reference.js'
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
  /** Default: what `stampClock` tells of the two. */
  readonly clock?: StampClock
  /** Times real time, or as fast as the machine can. */
  readonly rate: number | 'max'
  /** Called the moment an observation is made, when the aligner's buffers hold everything that went into it. */
  readonly onAligned?: (observation: Observation, aligner: Aligner) => void
  /** Called in order; what it returns is waited for before more of the bag is read. */
  readonly onObservation: (observation: Observation) => void | Promise<void>
  /**
   * Told of every message, in its turn: after the observations that were complete before it, before those that it
   * completes.
   */
  readonly onMessage?: (message: BagMessage) => void | Promise<void>
  /** Told the fate of every sample, see `AlignerOptions`. */
  readonly onSample?: AlignerOptions['onSample']
  /** Something about a stream that its user should know; one line. */
  readonly onNotice?: (text: string) => void
  /** Told of every message that is read, before anything is made of it. */
  readonly onRead?: ((message: BagMessage) => void) | undefined
  /** Ends the replay before the next message. */
  readonly signal?: AbortSignal
}

/** The clock that the stamps of a recording's observations are of. */
export interface StampClock {
  /** The zero of stamps, absolute seconds. */
  readonly epochSec: number
  /** s by which it differs from the recording's receive clock, about; 0: they are one. */
  readonly apart: number
}

/**
 * The stamps of observations are of the clock of the stream that ticks: that of its headers, which may be any, or the
 * recording's own.
 */
export async function stampClock(bag: Pick<Bag, 'epochSec' | 'batches'>, robot: Robot): Promise<StampClock> {
  const reference = referenceOf(robot)
  const apart =
    reference && clockOf(reference) === 'header' ? await headerClock(bag, reference.topic, reference.type) : 0
  return { epochSec: bag.epochSec + apart, apart }
}

/**
 * ns between two messages beyond which the first was logged by a clock that was not set yet, or another recording
 * begins: nobody waits for that.
 */
const LONGEST_GAP = 3600e9

/**
 * Feeds a bag through the aligner, in receive order, on the recording's own receive times: the pace (`rate`) changes
 * nothing in what comes out. Memory does not grow with the bag.
 */
export async function replayBag(options: ReplayOptions): Promise<Counters> {
  const { bag, robot, rate, onAligned, onObservation, onMessage, onRead, onSample, onNotice, signal } = options
  const clock = options.clock ?? (await stampClock(bag, robot))
  const ready: (() => void | Promise<void>)[] = []
  const aligner: Aligner = new Aligner(
    robot,
    observation => {
      onAligned?.(observation, aligner)
      ready.push(() => onObservation(observation))
    },
    { otherClock: clock.apart !== 0, ...(onSample && { onSample }) },
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
  /** Observations are used as they are made, so that no more than a few wait in memory. */
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
      // A recording can wait, so nothing of it is left out because a picture takes long.
      if (!arrivals.hasSlack) await until(() => arrivals.hasSlack)
      if (onMessage) arrivals.then(message.receive, () => ready.push(() => onMessage(message)))
      for (const inlet of sinks.get(message.topic) ?? []) put(message, inlet, clock)
      if (ready.length > 0 || failure) await drain()
    }
  }
  await until(() => arrivals.idle)
  aligner.finish()
  await drain()
  return aligner.counters
}

/** Puts a recorded message where a live one would be heard. An announcement begins an episode, whatever it says. */
function put({ type, data, receive }: BagMessage, inlet: Inlet, clock: StampClock): void {
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
