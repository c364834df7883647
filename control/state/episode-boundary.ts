import { isLate } from '../arm/late.js'

/** Separates what belongs to the running episode from what belongs to the one before. Bus times in ns. */
export class EpisodeBoundary {
  readonly #awaitCommand: boolean
  /** When the episode began. */
  #begun = 0
  /** When the episode, its resumption or its newest command began. A chunk that is older is not carried out. */
  #since = 0
  #commanded = true

  /** `awaitCommand`: the policy is not followed in an episode before a command is given in it. */
  constructor({ awaitCommand }: { readonly awaitCommand: boolean }) {
    this.#awaitCommand = awaitCommand
  }

  /** Whether a command was given in this episode, or none is needed. */
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

  /** A command is given. Chunks from before it are not carried out. */
  command(now: number): void {
    this.#commanded = true
    this.#since = now
  }

  /**
   * Whether a measurement was made before the episode began and arrives late. It then tells neither where the episode
   * has placed the tool nor what the wrist weighs there.
   */
  isOld(stamp: number, receive: number): boolean {
    return isLate(stamp, receive, this.#begun)
  }

  /**
   * Whether a chunk with this stamp is older than the boundary, or lies more than `most` (ns) from its receive time.
   */
  isStale(stamp: number, receive: number, most: number): boolean {
    return stamp < this.#since || this.isFar(stamp, receive, most)
  }

  /** Whether a chunk with this stamp lies more than `most` (ns) from its receive time. */
  isFar(stamp: number, receive: number, most: number): boolean {
    return Math.abs(receive - stamp) > most
  }
}
