import { PeriodicTicks } from './reference-ticks.js'
import type { StreamBuffer } from './stream-buffer.js'
import { referenceOf } from './stream-clock.js'
import type { AlignerConfig } from './stream.js'
import { TickSequence } from './tick-sequence.js'

/** A second sequence of ticks, at a fixed period, at which some of the streams are observed. */
export interface FastTicksConfig {
  /** ns. */
  readonly period: number
  /** Names of the streams that are observed. Of them comes the stream with the origin (`referenceOf`). */
  readonly streams: readonly string[]
}

/** The place of the fast ticks among the readers of a buffer. The reference ticks are reader 0. */
const READER = 1

/**
 * Fast ticks: origin + round(n * period), ns. The origin is the stamp of the first accepted sample of the first
 * stream that is none of events.
 * A tick arrives with the first accepted sample of one of its streams at or after it.
 */
export class FastTicks {
  readonly sequence: TickSequence
  /** Ticks that were not observed: in a gap of all streams, or they waited when an episode began or time jumped. */
  dropped = 0
  readonly #periodic: PeriodicTicks
  readonly #observes: readonly boolean[]
  readonly #first: number
  #receive = -Infinity
  readonly #add = (stamp: number): void => {
    if (!this.sequence.add(stamp, this.#receive)) this.dropped++
  }

  /** @param buffers those of all streams. Those that are observed have two readers. */
  constructor({ period, streams: names }: FastTicksConfig, buffers: readonly StreamBuffer[], config: AlignerConfig) {
    this.#periodic = new PeriodicTicks(period)
    this.#observes = buffers.map(({ stream }) => names.includes(stream.name))
    const streams = buffers.map(({ stream }) => stream)
    const observed = streams.filter((_, i) => this.#observes[i])
    this.#first = streams.findIndex(stream => stream === referenceOf({ tick: { period }, streams: observed }))
    this.sequence = new TickSequence({
      buffers: buffers.filter((_, i) => this.#observes[i]),
      reader: READER,
      config,
    })
  }

  /** A sample of stream `index` was accepted. Adds the ticks that arrive with it. Allocates nothing. */
  heard(index: number, stamp: number, receive: number): void {
    if (this.#observes[index] !== true) return
    this.#receive = receive
    this.dropped += this.#periodic.add(stamp, index === this.#first, this.#add)
  }

  /** An episode begins: ticks have a new origin, and those that wait are dropped. */
  reset(): void {
    this.dropped += this.sequence.clear()
    this.#periodic.clear()
  }

  /** Time has jumped: ticks begin anew, at any stamp. */
  jump(): void {
    this.reset()
    this.sequence.restart()
  }
}
