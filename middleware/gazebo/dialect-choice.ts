import { dialectOf, type Dialect } from './dialect.js'
import type { GzSettings } from './settings.js'

/**
 * The dialect of the message types' names that are sent: the one from the settings, or that of the first type that
 * another process announces.
 */
export class DialectChoice {
  #dialect: Dialect
  #open: boolean

  constructor({ dialect, guess }: GzSettings) {
    this.#dialect = dialect ?? guess
    this.#open = dialect === undefined
  }

  get dialect(): Dialect {
    return this.#dialect
  }

  /**
   * Takes note of `type`, which another process announced. True when the dialect changed by it: own topics must then be
   * announced again.
   */
  learn(type: string): boolean {
    const theirs = dialectOf(type)
    if (!this.#open || !theirs) return false
    this.#open = false
    const changed = theirs !== this.#dialect
    this.#dialect = theirs
    return changed
  }
}
