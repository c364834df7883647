import { messageOf } from '../middleware/message-of.js'
import type { Disposable } from '../middleware/bus.js'
import { lacking, type RosLogger } from '../middleware/ros2/rclnodejs.js'
import type { Ros2Process } from '../middleware/ros2/ros2-process.js'
import type { ControlNode } from '../nodes/control-node.js'
import { GripWatch } from '../nodes/grip-watch.js'
import type { GoalExecution, SingleGoalActions } from './single-goal-actions.js'

interface GripperCommandGoal {
  /** `position`: gap between the fingertips, m. `max_effort`: N; 0: the largest that the limits allow. */
  readonly command: { readonly position: number; readonly max_effort: number }
}

/** The feedback and the result, which have the same fields. */
interface GripperCommandState {
  position: number
  effort: number
  stalled: boolean
  reached_goal: boolean
}

const TYPE = 'control_msgs/action/GripperCommand'

type GripHold = ReturnType<ControlNode['gripHold']>

const REASONS: Readonly<Record<Exclude<GripHold, 'none'>, string>> = {
  unconfigured: 'the node is unconfigured',
  inactive: 'the node is inactive',
  finalized: 'the node is finalized',
  stop: 'somebody said stop; say "resume" first',
  policy: 'the policy drives the gripper',
  wrench: 'the wrist sensor is silent',
  gripper: 'the gripper does not answer, or is not activated',
  tare: "the wrist sensor's offset is not known yet",
  over_force: 'the force at the wrist is over its limit: the fingers may only open',
}

/**
 * Serves the action `~/gripper_cmd` (control_msgs/action/GripperCommand) on a control node, for clients without a
 * policy: MoveIt, a script, a person. Where control_msgs is not installed, the log says so once and the function
 * returns undefined.
 *
 * The gripper's own answers end a goal. It succeeds at the gap that was asked for. It succeeds on a stall too, because
 * fingers that hold something stall. It is aborted where the gap lies beyond the limits, and when the control node may
 * no longer move the fingers. The effort in feedback and result is NaN, because the device reports a current and not a
 * force.
 */
export function serveGripperCommand(
  ros: Ros2Process,
  actions: SingleGoalActions,
  control: ControlNode,
  log: RosLogger,
): Disposable | undefined {
  const why = lacking(ros.rcl, TYPE)
  if (why !== undefined) {
    log.info(`${why}: no action ~/gripper_cmd`)
    return undefined
  }
  const {
    width: [closed, open],
    effort: [least, most],
  } = control.limits
  const within = (position: number): number => Math.min(open, Math.max(closed, position))
  const rejection = ({ command: { position, max_effort: effort } }: GripperCommandGoal): string | undefined => {
    if (!Number.isFinite(position)) return `position ${position}: expected a gap in m`
    if (!(effort >= 0)) return `max_effort ${effort}: expected N, or 0 for the largest`
    if (effort > 0 && effort < least)
      return `max_effort ${effort} N: this gripper cannot grip with less than ${least} N`
    const hold = control.gripHold(within(position))
    return hold === 'none' ? undefined : REASONS[hold]
  }
  const begin = ({
    command: { position, max_effort: effort },
  }: GripperCommandGoal): GoalExecution<GripperCommandState> => {
    const width = within(position)
    const watch = new GripWatch(position, width)
    const state = (): GripperCommandState => ({
      position: watch.width,
      effort: NaN,
      stalled: watch.stalled,
      reached_goal: watch.reached,
    })
    watch.update(control.status, undefined)
    let written: number | undefined
    let outcome: GoalExecution<GripperCommandState>['outcome']
    const end = (success: boolean): void => {
      outcome ??= { success, result: state() }
    }
    const fail = (reason: string): void => {
      log.warn(`gripper_cmd: goal aborted: ${reason}`)
      end(false)
    }
    control.grip(width, effort === 0 ? most : Math.min(most, effort)).then(
      at => {
        written = at
      },
      (error: unknown) => {
        if (outcome === undefined) fail(messageOf(error))
      },
    )
    return {
      update: () => {
        watch.update(control.status, written)
        const hold = control.gripHold(width)
        if (watch.ended) end(watch.reached || watch.stalled)
        else if (hold !== 'none' && outcome === undefined) {
          fail(REASONS[hold])
          // The policy commands the fingers itself. A stop and a deactivation have already ended their motion.
          if (hold !== 'policy' && hold !== 'stop' && control.state === 'active') void control.endGrip()
        }
        return state()
      },
      get outcome() {
        return outcome
      },
      cancel: async () => {
        end(false)
        const failure = await control.endGrip()
        if (failure !== undefined)
          log.error(`gripper_cmd: cancelled, but the gripper did not stop: ${messageOf(failure)}`)
        return { cancelled: failure === undefined, result: state() }
      },
      abandon: () => {
        if (outcome === undefined) fail('the node has ended')
        return state()
      },
    }
  }
  return actions.serve({ type: TYPE, name: '~/gripper_cmd', rejection, begin })
}
