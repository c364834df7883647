import type { CommandedFingers } from '../control/finger-motion.js'
import type { ActionClient, ActionGoal } from '../middleware/action-client.js'
import { messageOf } from '../middleware/message-of.js'

export interface ActionFingersOptions {
  readonly client: ActionClient
  /** The goal that moves the fingers to a width (m) with an effort (N). */
  readonly goal: (width: number, effort: number) => object
  /** Told in one line what a user should know. */
  readonly tell: (text: string) => void
}

/** ns between two looks for the server, and ns without one that are no news, since it is found after a while. */
const LOOK = 200_000_000
const NEWS = 3_000_000_000

/**
 * Fingers behind a ROS action. Each move is a goal; the server ends the goal before it. One goal at a time is on its way to
 * the server, and of those that come meanwhile the newest follows. A stop cancels what is under way, and holds the fingers
 * where they are. A server that is missing or refuses is a fault, of which one line is told.
 */
export class ActionFingers implements CommandedFingers {
  readonly #options: ActionFingersOptions
  #isReady = false
  #isRefused = false
  #lookedAt = -Infinity
  #missingSince: number | undefined
  #isTold = false
  #wanted: { readonly width: number; readonly effort: number } | undefined
  #effort = NaN
  #active: ActionGoal | undefined
  #stops = 0
  #work: Promise<void> | undefined
  #ending: Promise<void> | undefined

  constructor(options: ActionFingersOptions) {
    this.#options = options
  }

  get isFaulty(): boolean {
    return !this.#isReady || this.#isRefused
  }

  move(width: number, effort: number): void {
    this.#wanted = { width, effort }
    this.#work ??= this.#send()
  }

  stop(at: number | undefined): void {
    this.drop()
    this.#stops++
    const goal = this.#active
    this.#active = undefined
    if (goal) this.#ending = this.#end(goal, at)
  }

  drop(): void {
    this.#wanted = undefined
  }

  recover(): void {
    this.#isRefused = false
  }

  poll(now: number): void {
    if (Math.abs(now - this.#lookedAt) < LOOK) return
    this.#lookedAt = now
    this.#isReady = this.#options.client.ready
    if (this.#isReady) {
      this.#missingSince = undefined
      this.#isTold = false
      return
    }
    this.#missingSince ??= now
    if (this.#isTold || now - this.#missingSince < NEWS) return
    this.#isTold = true
    this.#options.tell('no server of its action is there: the robot holds until one is')
  }

  /** Resolves when what was told is with the server. */
  async settled(): Promise<void> {
    await this.#ending
    await this.#work
  }

  /** Sends the newest goal until there is none. Never rejects. */
  async #send(): Promise<void> {
    const { client, goal, tell } = this.#options
    while (this.#wanted) {
      const { width, effort } = this.#wanted
      const stops = this.#stops
      this.#wanted = undefined
      this.#effort = effort
      try {
        const accepted = await client.send(goal(width, effort))
        if (!accepted) {
          this.#isRefused = true
          tell(
            `its action refuses ${(width * 1000).toFixed(1)} mm with ${effort} N: the robot holds until "resume" or the ` +
              'next episode',
          )
        } else if (stops !== this.#stops) {
          // Somebody said stop while the goal was on its way.
          await this.#end(accepted, undefined)
        } else {
          this.#active = accepted
          void accepted.ended.then(
            () => this.#forget(accepted),
            () => this.#forget(accepted),
          )
        }
      } catch (error) {
        this.#isRefused = true
        tell(`${messageOf(error)}: the robot holds until "resume" or the next episode`)
      }
    }
    this.#work = undefined
  }

  #forget(goal: ActionGoal): void {
    if (this.#active === goal) this.#active = undefined
  }

  /** Cancels a goal, and holds the fingers at `at` (m). Never rejects. */
  async #end(goal: ActionGoal, at: number | undefined): Promise<void> {
    const { tell } = this.#options
    try {
      await goal.cancel()
    } catch (error) {
      tell(`its motion could not be ended: ${messageOf(error)}`)
    }
    // A move that was told meanwhile goes before.
    if (at !== undefined && !this.#wanted) this.move(at, this.#effort)
  }
}
