import type { RosLogger } from '../middleware/ros2/rclnodejs.js'

/** Looks after which it is said of what was never there: nodes come up one after the other. */
const PATIENCE = 5

/** What the log is told, each once a change. */
export interface SilenceWords {
  readonly never: string
  readonly ended: string
  readonly back: string
}

/**
 * Tells the log, of something that is looked at once a second, that it has fallen silent, that it never came, and that
 * it is there again.
 */
export class SilenceLog {
  readonly #log: RosLogger
  readonly #words: SilenceWords
  #heard = false
  #told = false
  #quiet = 0

  constructor(log: RosLogger, words: SilenceWords) {
    this.#log = log
    this.#words = words
  }

  look(silent: boolean): void {
    this.#quiet = silent ? this.#quiet + 1 : 0
    if (silent && !this.#told && (this.#heard || this.#quiet >= PATIENCE)) {
      this.#told = true
      this.#log.warn(this.#heard ? this.#words.ended : this.#words.never)
    } else if (!silent) {
      if (this.#told) this.#log.info(this.#words.back)
      this.#told = false
      this.#heard = true
    }
  }
}
