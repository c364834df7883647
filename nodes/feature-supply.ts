import type { FastTicksConfig } from '../fusion/fast-ticks.js'
import type { Observation } from '../fusion/observation.js'
import { SECOND } from '../fusion/stamp.js'

/** The features that an encoder has made of an observation. They are handed to the head as they are. */
export interface Encoded {
  /** Wall-clock time of the inference alone, ms. */
  readonly inferenceMs: number
}

/** What is needed of a policy that is a head: its ticks, its encoder, and how old its features may be (ns). */
export interface ObservationHead<Features extends Encoded = Encoded> {
  readonly ticks: FastTicksConfig
  readonly maxAge: number
  readonly encoder: {
    encode(observation: Observation): Promise<Features>
    /** As of a policy. */
    observe?(observation: Observation): Promise<void>
  }
}

export interface FeatureSupplyOptions<Features extends Encoded = Encoded> {
  readonly head: ObservationHead<Features>
  /**
   * ns from the emission of an observation until its features may be used, whatever time the encoder takes: so the result
   * does not depend on the machine. 0: they may be used once the encoder has answered.
   */
  readonly latency: number
  /**
   * Of a recorded run: by the stamp of a chunk, the stamp of the observation that its features were from. At such a tick
   * the head gets those. Left out: nothing is known of a run.
   */
  readonly recorded?: ReadonlyMap<number, number>
  /** Told why an observation has no features. */
  readonly onError?: (error: unknown) => void
}

/** The features of one observation, or of one that the encoder is at work on. */
interface Entry<Features> extends Pick<Observation, 'stamp' | 'episode'> {
  /** Bus time (ns) from which on they may be used. */
  readonly due: number
  /** Whether the encoder, with its latency, was free for this observation. */
  readonly isFree: boolean
  readonly answer: Promise<Features>
  /** Undefined: the encoder has not answered yet. */
  done: Features | undefined
}

/** Gives the observations at reference ticks to an encoder, and its features to the ticks of a head. */
export class FeatureSupply<Features extends Encoded = Encoded> {
  /** Observations that were not encoded because the encoder was busy with an earlier one. */
  skipped = 0
  /** Ticks of the head without features: none were made in their episode, or they were too old. */
  unfed = 0
  /** Ticks of the head that got the features of the recorded run. */
  asRecorded = 0
  /** Wall time of each inference of the encoder, ms. Whoever reads them removes them. */
  readonly inferenceMs: number[] = []
  readonly #head: ObservationHead<Features>
  readonly #latency: number
  readonly #recorded: ReadonlyMap<number, number> | undefined
  /** The stamps of the observations from which recorded chunks have their features. */
  readonly #wanted: ReadonlySet<number>
  readonly #onError: FeatureSupplyOptions['onError']
  /** By ascending stamp. */
  #entries: Entry<Features>[] = []
  #busyUntil = -Infinity

  constructor({ head, latency, recorded, onError }: FeatureSupplyOptions<Features>) {
    this.#head = head
    this.#latency = latency
    this.#recorded = recorded
    this.#wanted = new Set(recorded?.values())
    this.#onError = onError
  }

  /**
   * Takes an observation at a reference tick, in order. Gives it to the encoder where that is free. Resolves when the
   * encoder has answered, and never rejects: `onError` is told.
   */
  async take(observation: Observation): Promise<void> {
    const { stamp, episode, emitted } = observation
    const isFree = emitted >= this.#busyUntil
    if (!isFree && !this.#wanted.has(stamp)) {
      this.skipped++
      await this.#head.encoder.observe?.(observation)?.catch((error: unknown) => this.#onError?.(error))
      return
    }
    const due = emitted + this.#latency
    // Without a latency the encoder is busy until it has answered.
    if (isFree) this.#busyUntil = this.#latency > 0 ? due : Infinity
    const answer = this.#head.encoder.encode(observation)
    const entry: Entry<Features> = { stamp, episode, due, isFree, answer, done: undefined }
    const oldest = stamp - this.#head.maxAge - SECOND
    this.#entries = [...this.#entries.filter(each => each.episode === episode && each.stamp > oldest), entry]
    try {
      entry.done = await answer
      this.inferenceMs.push(entry.done.inferenceMs)
    } catch (error) {
      this.#entries = this.#entries.filter(each => each !== entry)
      this.#onError?.(error)
    }
    if (isFree && this.#latency === 0) this.#busyUntil = -Infinity
  }

  /**
   * The features for an observation at a tick of the head: those of the recorded run, else of the newest observation of
   * the episode whose features may be used. Undefined where there are none, or where they are too old.
   */
  at({ stamp, episode, emitted }: Observation): Features | Promise<Features> | undefined {
    const recorded = this.#recorded?.get(stamp)
    const its = this.#entries.find(each => each.stamp === recorded)
    if (its) {
      this.asRecorded++
      return its.done ?? its.answer
    }
    const newest = this.#entries.findLast(
      each =>
        each.episode === episode && each.isFree && (this.#latency > 0 ? each.due <= emitted : each.done !== undefined),
    )
    if (newest && stamp - newest.stamp <= this.#head.maxAge) return newest.done ?? newest.answer
    this.unfed++
    return undefined
  }
}
