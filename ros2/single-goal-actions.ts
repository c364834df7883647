import type { Disposable } from '../middleware/bus.js'
import type { RosGoal, RosLogger } from '../middleware/ros2/rclnodejs.js'
import type { Ros2Bus } from '../middleware/ros2/ros2-bus.js'
import type { Ros2Process } from '../middleware/ros2/ros2-process.js'
import { deferred } from './deferred.js'

/** A goal that is being executed. */
export interface GoalExecution<Result extends object> {
  /** Checks how far the goal is; called every 20 ms of bus time. Returns the feedback. */
  update(now: number): object
  /** Set once the goal has ended by itself: whether it succeeded, and its result. */
  readonly outcome: { readonly success: boolean; readonly result: Result } | undefined
  /**
   * Ends the goal because its client cancelled it. The motion ends with the call. The promise resolves when the motion
   * is over; `cancelled` is false where it could not be ended.
   */
  cancel(): Promise<{ readonly cancelled: boolean; readonly result: Result }>
  /** The result of a goal whose node has ended, which ended the motion too. */
  abandon(): Result
}

/** One action, as the node defines it. */
export interface ActionDefinition<Goal, Result extends object> {
  readonly type: string
  readonly name: string
  /** Why a goal is rejected; undefined: it is accepted. */
  rejection(goal: Goal): string | undefined
  begin(goal: Goal): GoalExecution<Result>
}

/** How a goal ends: the method of its goal handle, and its result. */
interface GoalEnd<Result> {
  readonly state: 'succeed' | 'abort' | 'canceled'
  readonly result: Result
}

interface RunningGoal {
  readonly name: string
  /** False where the goal is already ending. */
  cancel(): boolean
  abandon(): void
  readonly reported: Promise<unknown>
}

/** Resolves after this turn of the event loop. */
const turn = (): Promise<void> =>
  new Promise(resolve => {
    setImmediate(resolve)
  })

/** ns between two updates of the running goal, and between two feedback messages. */
const UPDATE_PERIOD = 20_000_000
const FEEDBACK_PERIOD = 100_000_000

/**
 * The action servers of a node that can execute one goal at a time, whichever action it is of. The log says why a goal
 * was rejected.
 */
export class SingleGoalActions {
  readonly #ros: Ros2Process
  readonly #bus: Ros2Bus
  readonly #log: RosLogger
  #running: RunningGoal | undefined

  constructor(ros: Ros2Process, bus: Ros2Bus, log: RosLogger) {
    this.#ros = ros
    this.#bus = bus
    this.#log = log
  }

  /** Makes the action server. Disposing of it ends the server. */
  serve<Goal, Result extends object>(action: ActionDefinition<Goal, Result>): Disposable {
    const { rcl, node } = this.#ros
    const onGoal = (goal: Goal): number => {
      const reason = this.#running === undefined ? action.rejection(goal) : `a goal of ${this.#running.name} is running`
      if (reason === undefined) return rcl.GoalResponse.ACCEPT
      this.#log.warn(`${action.name.replace('~/', '')}: goal refused: ${reason}`)
      return rcl.GoalResponse.REJECT
    }
    const server = new rcl.ActionServer(
      node,
      action.type,
      action.name,
      goal => this.#execute(action, goal),
      onGoal,
      undefined,
      () => (this.#running?.cancel() === true ? rcl.CancelResponse.ACCEPT : rcl.CancelResponse.REJECT),
    )
    return { dispose: () => server.destroy() }
  }

  /**
   * Ends the running goal because the node has ended. Resolves when clients that asked for its result were answered.
   */
  async end(): Promise<void> {
    this.#running?.abandon()
    await this.#running?.reported.catch(() => undefined)
    await turn()
  }

  #execute<Goal, Result extends object>(action: ActionDefinition<Goal, Result>, goal: RosGoal<Goal>): Promise<Result> {
    const execution = action.begin(goal.request)
    const { cancel, abandon, ended } = this.#follow(execution, goal)
    const reported = this.#report(goal, ended)
    this.#running = { name: action.name, cancel, abandon, reported }
    return reported
  }

  async #report<Result>(goal: RosGoal<unknown>, ended: Promise<GoalEnd<Result>>): Promise<Result> {
    try {
      const { state, result } = await ended
      goal[state]()
      return result
    } finally {
      this.#running = undefined
    }
  }

  /**
   * Updates the goal by the bus's clock. A cancel and the node's end do not wait for that clock: it may stand still.
   */
  #follow<Result extends object>(
    execution: GoalExecution<Result>,
    goal: RosGoal<unknown>,
  ): { ended: Promise<GoalEnd<Result>>; cancel(): boolean; abandon(): void } {
    const { clock } = this.#bus
    const { promise: ended, resolve } = deferred<GoalEnd<Result>>()
    let published = -Infinity
    let ending = false
    const end = (how: () => GoalEnd<Result> | Promise<GoalEnd<Result>>): boolean => {
      if (ending) return false
      ending = true
      timer.dispose()
      resolve(how())
      return true
    }
    const timer = clock.every(UPDATE_PERIOD, () => {
      const now = clock.now()
      const feedback = execution.update(now)
      if (now - published >= FEEDBACK_PERIOD) {
        published = now
        goal.publishFeedback(feedback)
      }
      const { outcome } = execution
      if (outcome) end(() => ({ state: outcome.success ? 'succeed' : 'abort', result: outcome.result }))
    })
    const cancel = async (): Promise<GoalEnd<Result>> => {
      const { cancelled, result } = await execution.cancel()
      // The goal handle is in the state CANCELING only after the cancel request was answered.
      await turn()
      return { state: cancelled ? 'canceled' : 'abort', result }
    }
    return {
      ended,
      cancel: () => end(cancel),
      abandon: () => void end(() => ({ state: 'abort', result: execution.abandon() })),
    }
  }
}
