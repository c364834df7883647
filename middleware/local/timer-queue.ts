interface Entry {
  stamp: number
  readonly order: number
  readonly period: number
  readonly callback: () => void
  cancelled: boolean
}

/**
 * Timers in the order of their due stamps; timers of the same stamp in the order of registration. A periodic timer is
 * due again one or more periods later, after `now`: a call that was missed is not made up for.
 */
export class TimerQueue {
  readonly #entries: Entry[] = []
  #order = 0

  /** Adds a timer. `period` 0: it fires once. */
  add(stamp: number, period: number, callback: () => void): { dispose(): void } {
    const entry: Entry = { stamp, order: this.#order++, period, callback, cancelled: false }
    this.#insert(entry)
    return {
      dispose: () => {
        entry.cancelled = true
        const at = this.#entries.indexOf(entry)
        if (at >= 0) this.#entries.splice(at, 1)
      },
    }
  }

  /** Stamp of the earliest timer; Infinity when there is none. */
  get next(): number {
    return this.#entries.length === 0 ? Infinity : this.#entries[0]!.stamp
  }

  /** Runs the earliest timer when it is due at `now`; otherwise false. */
  runOne(now: number): boolean {
    const entry = this.#entries[0]
    if (entry === undefined || entry.stamp > now) return false
    this.#entries.shift()
    if (entry.period > 0) {
      entry.stamp += entry.period * Math.max(1, Math.ceil((now - entry.stamp) / entry.period))
      this.#insert(entry)
    }
    entry.callback()
    return true
  }

  /** Moves every timer by `ns`. */
  shift(ns: number): void {
    for (const entry of this.#entries) entry.stamp += ns
  }

  /** Removes all timers. */
  clear(): void {
    this.#entries.length = 0
  }

  #insert(entry: Entry): void {
    let at = this.#entries.length
    while (at > 0) {
      const before = this.#entries[at - 1]!
      if (before.stamp < entry.stamp || (before.stamp === entry.stamp && before.order < entry.order)) break
      at--
    }
    this.#entries.splice(at, 0, entry)
  }
}
