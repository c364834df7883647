import { elapsed } from './elapsed.js'

/** The time that a client waits for an answer. It adapts to the answers that came last. */
export class AnswerTimeout {
  readonly #least: number
  readonly #most: number
  /** ms to wait for an answer. */
  #patience: number
  #hurry: (() => void) | undefined

  /** `least` and `most`: limits of the wait, ms. */
  constructor(least: number, most: number) {
    this.#least = this.#patience = least
    this.#most = most
  }

  /**
   * Resolves when the time to wait for an answer is over: after the least wait when something urgent waits, otherwise
   * after the adapted wait. Never resolves after an abort.
   */
  async expired(signal: AbortSignal, isUrgentWaiting: () => boolean): Promise<void> {
    await elapsed(this.#least, signal)
    if (this.#patience <= this.#least || isUrgentWaiting()) return
    const hurried = new Promise<void>(resolve => {
      this.#hurry = resolve
    })
    await Promise.race([hurried, elapsed(this.#patience - this.#least, signal)])
  }

  /** Ends a wait that is longer than the least one, because something urgent waits. */
  hurry(): void {
    this.#hurry?.()
  }

  /** The attempt has ended: there is no wait to end any more. */
  ended(): void {
    this.#hurry = undefined
  }

  /** Sets the wait to 1.5 times the time that an answer took (ns). It decays over about ten quicker answers. */
  learn(took: number): void {
    this.#patience = Math.max(this.#least, Math.min(this.#most, (1.5 * took) / 1e6), 0.9 * this.#patience)
  }
}
