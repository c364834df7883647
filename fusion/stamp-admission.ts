import type { DropReason } from './counters.js'
import { SECOND } from './stamp.js'
import { DISORDER } from './step-back.js'
import type { StreamBuffer } from './stream-buffer.js'
import { TimeJumps, type TimeJumpsOptions } from './time-jumps.js'

/** A stamp may lie at most this far after its arrival (ns). */
const MAX_FUTURE = SECOND
/** Where stamps are of another clock: at most this far after the newest stamp of the ticking stream (ns). */
const MAX_FUTURE_APART = 10 * SECOND

export interface StampAdmissionOptions extends TimeJumpsOptions {
  /** Index of the ticking stream; 0 where ticks have a fixed rate. */
  readonly reference: number
}

/**
 * Decides which stamps are believed. It refuses a stamp without a value, from the future, of another clock, or from the
 * other side of a jump of time. The rules are in docs/explanation/time.md. Times in ns; allocates nothing per sample.
 */
export class StampAdmission {
  readonly #buffers: readonly StreamBuffer[]
  readonly #otherClock: boolean
  readonly #reference: number
  readonly #jumps: TimeJumps
  #refusal: DropReason = 'nan'

  constructor(options: StampAdmissionOptions) {
    this.#buffers = options.buffers
    this.#otherClock = options.otherClock
    this.#reference = options.reference
    this.#jumps = new TimeJumps(options)
  }

  /** Why the latest `admit` that returned NaN refused its sample. */
  get refusal(): DropReason {
    return this.#refusal
  }

  /** A new episode begins. */
  reset(): void {
    this.#jumps.reset()
  }

  /**
   * The stamp (ns) under which a sample enters its buffer. It is the receive time, or the stamp on our clock, where the
   * stream asks for that. NaN where the sample is refused: see `refusal`.
   */
  admit(buffer: StreamBuffer, raw: number, receive: number): number {
    const otherClock = this.#otherClock
    if (otherClock && buffer.clockKind === 'receive') return this.#refuse('other_clock')
    const received = buffer.stream.timeline === 'receive'
    if (Number.isNaN(raw) && !received) return this.#refuse('nan')
    if (Math.abs(raw) > Number.MAX_SAFE_INTEGER && !received) return this.#refuse('stamp_range')
    const stamp = received ? receive : buffer.clock === undefined ? raw : buffer.clock.correct(raw, receive)
    if (otherClock ? this.#isFarAhead(stamp, receive) : stamp > receive + MAX_FUTURE) return this.#refuse('future')
    const isBehind = buffer.isJudged && stamp < buffer.newest - DISORDER
    if (isBehind || this.#jumps.watching) {
      const reason = this.#jumps.refusal(buffer, stamp, receive, isBehind)
      if (reason !== undefined) return this.#refuse(reason)
    }
    if (buffer.isJudged && !otherClock) {
      const { lead } = buffer
      lead.count++
      if ((stamp - receive > lead.greatest || receive > lead.until) && lead.isOdd(stamp, receive))
        return this.#refuse('future')
    }
    this.#jumps.clear(buffer)
    buffer.advance(stamp, receive)
    return stamp
  }

  #refuse(reason: DropReason): number {
    this.#refusal = reason
    return NaN
  }

  /**
   * Whether a stamp of another clock is impossibly far ahead. That clock may run at another rate, so the arrival tells
   * nothing. The stamp is compared with the newest one of the ticking stream, as long as that stream sends.
   */
  #isFarAhead(stamp: number, receive: number): boolean {
    const { newest, heard } = this.#buffers[this.#reference] as StreamBuffer
    return receive - heard <= MAX_FUTURE && stamp > newest + MAX_FUTURE_APART
  }
}
