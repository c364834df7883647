import type { RosLogger } from '../middleware/ros2/rclnodejs.js'

/** Silent seconds after which the log says that something never came. Nodes come up one after the other. */
const FIRST_WAIT = 5

/** Lines for the log. Each is written once for each change. */
export interface SilenceWords {
  readonly never: string
  readonly ended: string
  readonly back: string
}

/** Tells the log that a source never came, that it has fallen silent, and that it is back. */
export class SilenceLog {
  readonly #log: RosLogger
  readonly #words: SilenceWords
  #heard = false
  #reported = false
  #silentSeconds = 0

  constructor(log: RosLogger, words: SilenceWords) {
    this.#log = log
    this.#words = words
  }

  /** To be called once a second with whether the source was silent in that second. */
  update(silent: boolean): void {
    this.#silentSeconds = silent ? this.#silentSeconds + 1 : 0
    if (silent && !this.#reported && (this.#heard || this.#silentSeconds >= FIRST_WAIT)) {
      this.#reported = true
      this.#log.warn(this.#heard ? this.#words.ended : this.#words.never)
    } else if (!silent) {
      if (this.#reported) this.#log.info(this.#words.back)
      this.#reported = false
      this.#heard = true
    }
  }
}
