import { MISSING, present, type Aligned, type Strategy } from './strategy.js'
import type { Track } from './track.js'

/** The newest sample at or before the tick, however old. Never waits. */
export class Hold implements Strategy {
  readonly rebuilds = 0
  readonly #track: Track
  readonly #maxAge: number

  constructor(track: Track, maxAge = Infinity) {
    this.#track = track
    this.#maxAge = maxAge
  }

  brackets(): boolean {
    return true
  }

  value(tick: number): Aligned {
    const index = this.#track.after(tick) - 1
    if (index < 0) return MISSING
    const stamp = this.#track.stampAt(index)
    return tick - stamp > this.#maxAge ? MISSING : present(this.#track.valueAt(index), tick, stamp, 0, 1)
  }

  disturb(): void {}
  clear(): void {}
}
