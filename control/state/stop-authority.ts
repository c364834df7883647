import type { Said } from '../speech/said.js'

export interface StopRule {
  readonly how: string
  /** The stop remains when a new episode begins or the node is activated anew. */
  readonly outlivesEpisodes: boolean
  /** The next goal ends it, if there is no other stop beside it. */
  readonly endedByGoal: boolean
}

/** What a stop outlives depends on who made it. A "resume" that is heard ends each of them. */
export const STOPS = {
  somebody: { how: 'a stop word on a voice topic', outlivesEpisodes: true, endedByGoal: false },
  caller: {
    how: 'the service `~/stop`, Ctrl-C, the end of the process',
    outlivesEpisodes: true,
    endedByGoal: false,
  },
  script: {
    how: "a stop word that the script of the benchmark's episode says (`speaker` is `SCRIPT`)",
    outlivesEpisodes: false,
    endedByGoal: false,
  },
  goal: { how: 'a `~/grasp` goal that is cancelled or runs out of time', outlivesEpisodes: true, endedByGoal: true },
} as const satisfies Record<string, StopRule>
export type Stopper = keyof typeof STOPS

/** Who makes the stop when a stop word is said. All speakers but the script count as somebody. */
export const stopperOf = ({ by }: Said): Stopper => (by === 'script' ? 'script' : 'somebody')

/**
 * Remembers which stops were made, and so what ends them. There are two: one of the controller, for the motion, and one
 * of the cell's episodes (`app/session/episodes.ts`), for whether one may begin. Where there are two stops, motion continues when both have
 * ended. Whether the motion is stopped now is the state of the motion (`holds.ts`).
 */
export class StopAuthority {
  #stands = false
  #endedByGoal = false

  /** Whether there is a stop that outlives episodes. */
  get stands(): boolean {
    return this.#stands
  }

  /** Whether the newest stop is a goal's and there is no other one beside it, so that the next goal may end it. */
  get endedByGoal(): boolean {
    return this.#endedByGoal
  }

  /** Takes an utterance, also one that is heard while there is no motion to stop. */
  hear(said: Said): void {
    if (said.meaning === 'resume') this.resume()
    if (said.meaning !== 'stop' || !STOPS[stopperOf(said)].outlivesEpisodes) return
    this.#stands = true
    this.#endedByGoal = false
  }

  /** A stop is made. `stopped`: another stop holds the motion already. */
  stop(by: Stopper, { stopped }: { readonly stopped: boolean }): void {
    const { outlivesEpisodes, endedByGoal } = STOPS[by]
    this.#stands ||= outlivesEpisodes
    this.#endedByGoal = endedByGoal && (!stopped || this.#endedByGoal)
  }

  /** All stops end. */
  resume(): void {
    this.#stands = this.#endedByGoal = false
  }
}
