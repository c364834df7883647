import { isLate } from '../arm/late.js'

/**
 * What belongs to the episode that runs, and what to the one before. Bus times in ns.
 */
export class EpisodeBoundary {
  readonly #awaitCommand: boolean
  /** When the episode began. */
  #begun = 0
  /** When the episode, its resumption or its newest command began: what was planned before is not carried out. */
  #since = 0
  #commanded = true

  /** `awaitCommand`: the policy is followed in an episode only once something has been commanded in it. */
  constructor({ awaitCommand }: { readonly awaitCommand: boolean }) {
    this.#awaitCommand = awaitCommand
  }

  /** Whether something was commanded in this episode, or need not be. */
  get commanded(): boolean {
    return this.#commanded
  }

  begin(now: number): void {
    this.#begun = this.#since = now
    this.#commanded = !this.#awaitCommand
  }

  /** A stop ends. */
  resume(now: number): void {
    this.#since = now
  }

  /** What was planned before a word was said is not carried out. */
  command(now: number): void {
    this.#commanded = true
    this.#since = now
  }

  /**
   * Whether it was measured before the episode began, and comes late: it says nothing of where that has put the tool,
   * nor of what its wrist weighs there.
   */
  isOld(stamp: number, receive: number): boolean {
    return isLate(stamp, receive, this.#begun)
  }

  /** Whether a chunk of that stamp is of before the boundary, or further than `most` (ns) from its reception. */
  isStale(stamp: number, receive: number, most: number): boolean {
    return stamp < this.#since || Math.abs(receive - stamp) > most
  }
}
