import type { Disposable } from '../middleware/bus.js'
import type { RosGoal, RosLogger } from '../middleware/ros2/rclnodejs.js'
import type { Ros2Bus } from '../middleware/ros2/ros2-bus.js'
import type { Ros2Process } from '../middleware/ros2/ros2-process.js'

/** A goal on its way. */
export interface Course<Result extends object> {
  /** To be called regularly; returns what is said as feedback. */
  look(now: number): object
  /** Set once it has ended by itself: whether it succeeded, and what it came to. */
  readonly outcome: { readonly success: boolean; readonly result: Result } | undefined
  /**
   * Ends it on a cancel: motion ends at the call, and is over when this resolves; not `cancelled` where it could not be
   * ended.
   */
  cancel(): Promise<{ readonly cancelled: boolean; readonly result: Result }>
  /** What it came to where the node has ended, and with it what moved. */
  abandon(): Result
}

/** One action. */
export interface GoalKind<Goal, Result extends object> {
  readonly type: string
  readonly name: string
  /** Why a goal is not taken; undefined where it is. */
  refusal(goal: Goal): string | undefined
  begin(goal: Goal): Course<Result>
}

/** How a goal ends: the word for its handle, and its result. */
interface Ending<Result> {
  readonly state: 'succeed' | 'abort' | 'canceled'
  readonly result: Result
}

interface Running {
  readonly name: string
  /** False where it is ending already. */
  cancel(): boolean
  abandon(): void
  readonly reported: Promise<unknown>
}

/** What is under way in this turn of the event loop is done. */
const turn = (): Promise<void> =>
  new Promise(resolve => {
    setImmediate(resolve)
  })

/** ns between two looks, and between two words of feedback. */
const LOOK = 20_000_000
const FEEDBACK = 100_000_000

/**
 * The actions of a node that has one thing to move: one goal at a time over all of them, refusals with their reasons in
 * the log.
 */
export class GoalDesk {
  readonly #ros: Ros2Process
  readonly #bus: Ros2Bus
  readonly #log: RosLogger
  #running: Running | undefined

  constructor(ros: Ros2Process, bus: Ros2Bus, log: RosLogger) {
    this.#ros = ros
    this.#bus = bus
    this.#log = log
  }

  serve<Goal, Result extends object>(kind: GoalKind<Goal, Result>): Disposable {
    const { rcl, node } = this.#ros
    const judge = (goal: Goal): number => {
      const reason = this.#running === undefined ? kind.refusal(goal) : `a goal of ${this.#running.name} is running`
      if (reason === undefined) return rcl.GoalResponse.ACCEPT
      this.#log.warn(`${kind.name.replace('~/', '')}: goal refused: ${reason}`)
      return rcl.GoalResponse.REJECT
    }
    const server = new rcl.ActionServer(
      node,
      kind.type,
      kind.name,
      goal => this.#execute(kind, goal),
      judge,
      undefined,
      () => (this.#running?.cancel() === true ? rcl.CancelResponse.ACCEPT : rcl.CancelResponse.REJECT),
    )
    return { dispose: () => server.destroy() }
  }

  /** Ends the goal that runs because the node has ended. Resolves when its result was sent to whoever asked for it. */
  async end(): Promise<void> {
    this.#running?.abandon()
    await this.#running?.reported.catch(() => undefined)
    await turn()
  }

  #execute<Goal, Result extends object>(kind: GoalKind<Goal, Result>, goal: RosGoal<Goal>): Promise<Result> {
    const course = kind.begin(goal.request)
    const { cancel, abandon, ended } = this.#follow(course, goal)
    const reported = this.#report(goal, ended)
    this.#running = { name: kind.name, cancel, abandon, reported }
    return reported
  }

  async #report<Result>(goal: RosGoal<unknown>, ended: Promise<Ending<Result>>): Promise<Result> {
    try {
      const { state, result } = await ended
      goal[state]()
      return result
    } finally {
      this.#running = undefined
    }
  }

  /** Looks at it by the bus's clock; a cancel and the node's end do not wait for that: time may stand. */
  #follow<Result extends object>(
    course: Course<Result>,
    goal: RosGoal<unknown>,
  ): { ended: Promise<Ending<Result>>; cancel(): boolean; abandon(): void } {
    const { clock } = this.#bus
    let resolve: (ending: Ending<Result> | Promise<Ending<Result>>) => void = () => undefined
    const ended = new Promise<Ending<Result>>(settle => {
      resolve = settle
    })
    let told = -Infinity
    let ending = false
    const end = (how: () => Ending<Result> | Promise<Ending<Result>>): boolean => {
      if (ending) return false
      ending = true
      timer.dispose()
      resolve(how())
      return true
    }
    const timer = clock.every(LOOK, () => {
      const now = clock.now()
      const feedback = course.look(now)
      if (now - told >= FEEDBACK) {
        told = now
        goal.publishFeedback(feedback)
      }
      const { outcome } = course
      if (outcome) end(() => ({ state: outcome.success ? 'succeed' : 'abort', result: outcome.result }))
    })
    const cancel = async (): Promise<Ending<Result>> => {
      const { cancelled, result } = await course.cancel()
      // Only after the answer to the request is the goal one that is being cancelled.
      await turn()
      return { state: cancelled ? 'canceled' : 'abort', result }
    }
    return {
      ended,
      cancel: () => end(cancel),
      abandon: () => void end(() => ({ state: 'abort', result: course.abandon() })),
    }
  }
}
