/**
 * Counts events. Gives their rate over all time and over the last second. The caller gives the time of each event (ns).
 */
export class RateMeter {
  count = 0
  first = NaN
  last = NaN
  /** The longest time between two events, ns. */
  widest = 0
  #windowStart = NaN
  #windowCount = 0
  #recent = 0

  tick(now: number): void {
    if (this.count === 0) {
      this.first = this.#windowStart = now
    } else {
      this.widest = Math.max(this.widest, now - this.last)
    }
    this.count++
    this.last = now
    this.#windowCount++
    if (now - this.#windowStart >= 1e9) {
      this.#recent = (this.#windowCount * 1e9) / (now - this.#windowStart)
      this.#windowStart = now
      this.#windowCount = 0
    }
  }

  /** Events a second in the last full second, Hz. */
  get recent(): number {
    return this.#recent
  }

  /** Events a second over all of it, Hz; 0 before the second event. */
  get mean(): number {
    return this.count < 2 ? 0 : ((this.count - 1) * 1e9) / (this.last - this.first)
  }
}
