import { dialectOf, type Dialect } from './dialect.js'
import type { GzSettings } from './settings.js'

/**
 * Which of both names our types have for others: as they were told, else as the first of them that names one has it.
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
   * Whether `type`, which another process announced, changed the choice: what we have announced is to be announced
   * anew.
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
