import type { Said } from '../speech/said.js'

export interface StopRule {
  readonly how: string
  /** A new episode, and a new activation of the node, begin under it. */
  readonly outlivesEpisodes: boolean
  /** The next goal ends it, where no other stop was made beside it. */
  readonly endedByGoal: boolean
}

/** Whose stop it is decides what it outlives. "resume" ends each of them, whoever says it. */
export const STOPS = {
  somebody: { how: 'a stop word on a voice topic', outlivesEpisodes: true, endedByGoal: false },
  caller: {
    how: 'the service `~/stop`, Ctrl-C, the end of the process',
    outlivesEpisodes: true,
    endedByGoal: false,
  },
  script: {
    how: "a stop word that the script of the benchmark's episode says (`frame_id` `script`)",
    outlivesEpisodes: false,
    endedByGoal: false,
  },
  goal: { how: 'a `~/grasp` goal that is cancelled or runs out of time', outlivesEpisodes: true, endedByGoal: true },
} as const satisfies Record<string, StopRule>
export type Stopper = keyof typeof STOPS

/** Whose stop a stop word is. Only the script's words are not somebody's. */
export const stopperOf = ({ by }: Said): Stopper => (by === 'script' ? 'script' : 'somebody')

/**
 * Remembers which stops were made, and so what ends them. Stops add up: with two of them, motion goes on where both
 * have ended. Whether the motion is stopped at this moment is the state of the motion (`holds.ts`).
 */
export class StopAuthority {
  #stands = false
  #endedByGoal = false

  /** Whether a stop stands that no episode ends. */
  get stands(): boolean {
    return this.#stands
  }

  /** Whether the newest stop is a goal's, made beside no other: the next goal may end it. */
  get endedByGoal(): boolean {
    return this.#endedByGoal
  }

  /** Takes a word, also one that is heard while there is no motion to stop. */
  hear(said: Said): void {
    if (said.meaning === 'resume') this.resume()
    if (said.meaning !== 'stop' || !STOPS[stopperOf(said)].outlivesEpisodes) return
    this.#stands = true
    this.#endedByGoal = false
  }

  /** A stop is made. `stopped`: another one holds the motion already. */
  stop(by: Stopper, { stopped }: { readonly stopped: boolean }): void {
    const { outlivesEpisodes, endedByGoal } = STOPS[by]
    this.#stands ||= outlivesEpisodes
    this.#endedByGoal = endedByGoal && (!stopped || this.#endedByGoal)
  }

  /** Nothing stands any more. */
  resume(): void {
    this.#stands = this.#endedByGoal = false
  }
}
