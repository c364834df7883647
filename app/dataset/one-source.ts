import { createHash } from 'node:crypto'
import { UsageError } from '../output/output.js'

/** How many answers are remembered. */
const MOST = 256

/** Distinguishes a message that was recorded twice from two sources that answered the same observation. */
export class OneSource {
  readonly #path: string
  readonly #sums = new Map<string, string>()

  constructor(path: string) {
    this.#path = path
  }

  /**
   * False where the same answer came before. Throws UsageError where another answer to the same observation came
   * before.
   */
  isNew(topic: string, stamp: number, data: Uint8Array): boolean {
    const key = `${stamp} ${topic}`
    const sum = createHash('sha1').update(data).digest('base64')
    const earlier = this.#sums.get(key)
    if (earlier === undefined) {
      this.#sums.set(key, sum)
      // Old answers are forgotten: a recording that was played in a loop repeats its stamps, perhaps with other
      // answers.
      if (this.#sums.size > MOST) for (const [oldest] of this.#sums) return this.#sums.delete(oldest)
      return true
    }
    if (earlier !== sum)
      throw new UsageError(
        `${this.#path}: ${topic} has different answers to one observation, so they are of more than one ` +
          'policy: replay the recording that they were added to with --out',
      )
    return false
  }
}
