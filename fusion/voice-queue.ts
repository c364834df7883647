import type { EventsValue } from './observation.js'

interface Event {
  readonly stamp: number
  readonly text: string
  readonly confidence: number
}

/** Most events that are kept after the last tick asked for. Beyond that the oldest are removed. */
const ROOM = 1024

/**
 * Events by ascending stamp; those with one stamp are in the order of arrival. The queue keeps the last `count` before
 * the newest tick and all after it.
 */
export class VoiceQueue {
  readonly #count: number
  readonly #events: Event[] = []

  constructor(count: number) {
    this.#count = count
  }

  /** Adds an event. False when the same text with the same stamp is already there. */
  push(stamp: number, text: string, confidence: number): boolean {
    let at = this.#events.length
    while (at > 0 && (this.#events[at - 1] as Event).stamp > stamp) at--
    for (let i = at - 1; i >= 0 && (this.#events[i] as Event).stamp === stamp; i--) {
      if ((this.#events[i] as Event).text === text) return false
    }
    this.#events.splice(at, 0, { stamp, text, confidence })
    if (this.#events.length > ROOM + this.#count) this.#events.shift()
    return true
  }

  /** The last `count` events at or before `tick` (ns), the oldest first. `ageS` is tick minus stamp in s. */
  at(tick: number): EventsValue {
    let end = this.#events.length
    while (end > 0 && (this.#events[end - 1] as Event).stamp > tick) end--
    const first = Math.max(0, end - this.#count)
    const events = this.#events
      .slice(first, end)
      .map(({ stamp, text, confidence }) => ({ text, stamp, ageS: (tick - stamp) / 1e9, confidence }))
    this.#events.splice(0, first)
    return { kind: 'events', events }
  }

  clear(): void {
    this.#events.length = 0
  }
}
