import type { VoiceQueue } from '../voice-queue.js'
import { MISSING, present, type Aligned, type Strategy } from './strategy.js'

/** The last events at or before the tick. Never waits; present when there is one. */
export class Events implements Strategy {
  readonly rebuilds = 0
  readonly #queue: VoiceQueue

  constructor(queue: VoiceQueue) {
    this.#queue = queue
  }

  brackets(): boolean {
    return true
  }

  value(tick: number): Aligned {
    const value = this.#queue.at(tick)
    const last = value.events.at(-1)
    return last === undefined ? MISSING : present(value, tick, last.stamp, 0, value.events.length)
  }

  disturb(): void {}
  clear(): void {}
}
