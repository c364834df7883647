import type { Disposable } from '../../middleware/bus.js'
import type { RosGoal, RosLogger } from '../../middleware/ros2/rclnodejs.js'
import type { Ros2Bus } from '../../middleware/ros2/ros2-bus.js'
import type { Ros2Process } from '../../middleware/ros2/ros2-process.js'

/** A goal on its way. */
export interface Course<Result extends object> {
  /** To be called regularly; returns what is said as feedback. */
  look(now: number): object
  /** Set once it has ended by itself: whether it succeeded, and what it came to. */
  readonly outcome: { readonly success: boolean; readonly result: Result } | undefined
  /** Ends it on a cancel: what moves is stopped before this resolves. */
  cancel(): Promise<Result>
}

/** One action. */
export interface GoalKind<Goal, Result extends object> {
  readonly type: string
  readonly name: string
  /** Why a goal is not taken; undefined where it is. */
  refusal(goal: Goal): string | undefined
  begin(goal: Goal): Course<Result>
}

/** ns between two looks, and between two words of feedback. */
const LOOK = 20_000_000
const FEEDBACK = 100_000_000

/** The actions of a node that has one thing to move: one goal at a time over all of them, refusals with their reasons in the log. */
export class GoalDesk {
  readonly #ros: Ros2Process
  readonly #bus: Ros2Bus
  readonly #log: RosLogger
  #running: string | undefined

  constructor(ros: Ros2Process, bus: Ros2Bus, log: RosLogger) {
    this.#ros = ros
    this.#bus = bus
    this.#log = log
  }

  serve<Goal, Result extends object>(kind: GoalKind<Goal, Result>): Disposable {
    const { rcl, node } = this.#ros
    const judge = (goal: Goal): number => {
      const reason = this.#running === undefined ? kind.refusal(goal) : `a goal of ${this.#running} is running`
      if (reason === undefined) return rcl.GoalResponse.ACCEPT
      this.#log.warn(`${kind.name.replace('~/', '')}: goal refused: ${reason}`)
      return rcl.GoalResponse.REJECT
    }
    const server = new rcl.ActionServer(node, kind.type, kind.name, goal => this.#execute(kind, goal), judge, undefined, () => rcl.CancelResponse.ACCEPT)
    return { dispose: () => server.destroy() }
  }

  async #execute<Goal, Result extends object>(kind: GoalKind<Goal, Result>, goal: RosGoal<Goal>): Promise<Result> {
    this.#running = kind.name
    try {
      const course = kind.begin(goal.request)
      await this.#follow(course, goal)
      if (goal.isCancelRequested || course.outcome === undefined) {
        const result = await course.cancel()
        goal.canceled()
        return result
      }
      const { success, result } = course.outcome
      if (success) goal.succeed()
      else goal.abort()
      return result
    } finally {
      this.#running = undefined
    }
  }

  /** Until it has ended, or a cancel is asked for. */
  #follow<Result extends object>(course: Course<Result>, goal: RosGoal<unknown>): Promise<void> {
    const { clock } = this.#bus
    let told = -Infinity
    return new Promise(resolve => {
      const timer = clock.every(LOOK, () => {
        const now = clock.now()
        const feedback = course.look(now)
        // A goal that is being cancelled takes no feedback any more.
        if (now - told >= FEEDBACK && !goal.isCancelRequested) {
          told = now
          goal.publishFeedback(feedback)
        }
        if (course.outcome === undefined && !goal.isCancelRequested) return
        timer.dispose()
        resolve()
      })
    })
  }
}
