import { messageOf } from '../middleware/message-of.js'
import type { Disposable } from '../middleware/bus.js'
import type { RosLogger } from '../middleware/ros2/rclnodejs.js'
import type { Ros2Bus } from '../middleware/ros2/ros2-bus.js'
import type { ControlNode } from '../nodes/control-node.js'
import { Speaker, type VoiceStream } from '../nodes/speaker.js'
import { GraspWatch } from '../nodes/grasp-watch.js'
import type { GoalExecution, SingleGoalActions } from './single-goal-actions.js'

interface GraspGoal {
  readonly text: string
  readonly timeout: { readonly sec: number; readonly nanosec: number }
}

interface GraspResult {
  success: boolean
  reason: string
  peak_force: number
}

/** ns that a goal without a timeout may take. */
const DEFAULT_TIMEOUT = 20_000_000_000

const ENDED = 'the node has ended'

/** The timeout of a goal in ns. */
const timeoutOf = ({ sec, nanosec }: GraspGoal['timeout']): number => Number(sec) * 1e9 + Number(nanosec)

/**
 * Serves the action `~/grasp` (prehend_interfaces/action/Grasp) on a control node. The goal's text is published on the
 * voice topic, and the state of the control node tells how far the grasp is. A goal is rejected while the node is not
 * active, and while a stop lasts that somebody made. A cancel and a timeout stop the arm and the fingers. The next goal
 * ends such a stop, but no other. An episode that is announced on `resetTopic` ends the goal, because the scene that
 * the goal was given for is gone.
 */
export function serveGrasp(
  actions: SingleGoalActions,
  bus: Ros2Bus,
  control: ControlNode,
  { voice, resetTopic, log }: { voice: VoiceStream; resetTopic: string | undefined; log: RosLogger },
): Disposable {
  const speaker = new Speaker(bus, voice)
  let episodes = 0
  const announced =
    resetTopic === undefined ? undefined : bus.subscribe(resetTopic, 'std_msgs/msg/String', () => episodes++)
  /**
   * Stops the motion until the next goal. Resolves with the goal's reason, to which it adds why the fingers did not
   * stop, if they did not.
   */
  const stop = async (reason: string): Promise<string> => {
    const failure = await control.stop({ forNextGoal: true })
    if (failure === undefined) return reason
    const text = `${reason}, but the gripper did not stop: ${messageOf(failure)}`
    log.error(`grasp: ${text}`)
    return text
  }
  const rejection = ({ text, timeout }: GraspGoal): string | undefined => {
    if (control.state !== 'active') return `the node is ${control.state}`
    if (text.trim() === '') return 'its text is empty'
    if (timeoutOf(timeout) < 0)
      return `its timeout is ${timeoutOf(timeout) / 1e9} s; 0 means ${DEFAULT_TIMEOUT / 1e9} s`
    if (control.hold === 'tilt') return control.holdText
    return control.stoppedBySomebody ? 'somebody said stop; say "resume" first' : undefined
  }
  const begin = ({ text, timeout }: GraspGoal): GoalExecution<GraspResult> => {
    if (control.hold === 'stop') {
      control.resume()
      // On a topic that does not say who spoke, this word would end a stop that somebody made in between.
      if (speaker.marks) speaker.say('resume', 'goal')
    }
    speaker.say(text)
    const episode = episodes
    const watch = new GraspWatch(bus.clock.now(), timeoutOf(timeout) || DEFAULT_TIMEOUT)
    const failed = (reason: string): GraspResult => ({
      success: false,
      reason,
      peak_force: watch.outcome?.peakForce ?? control.guard.peak,
    })
    /** The stop after a timeout, and the reason with which the goal then ends. */
    let stopping: Promise<void> | undefined
    let stopReason: string | undefined
    return {
      update: now => {
        const phase = watch.update(control, now)
        if (watch.outcome?.reason === 'timeout') {
          stopping ??= stop('timeout').then(reason => {
            stopReason = reason
          })
        }
        return { phase, force: control.guard.force, gate: control.gate }
      },
      get outcome() {
        if (stopping) return stopReason === undefined ? undefined : { success: false, result: failed(stopReason) }
        if (watch.outcome) {
          const { success, reason, peakForce } = watch.outcome
          return { success, result: { success, reason, peak_force: peakForce } }
        }
        const reason =
          control.state === 'finalized'
            ? ENDED
            : control.state !== 'active'
              ? 'the node was deactivated'
              : episodes !== episode
                ? 'a new episode began'
                : undefined
        return reason === undefined ? undefined : { success: false, result: failed(reason) }
      },
      cancel: async () => ({ cancelled: true, result: failed(await stop('cancelled')) }),
      abandon: () => failed(ENDED),
    }
  }
  const server = actions.serve({ type: 'prehend_interfaces/action/Grasp', name: '~/grasp', rejection, begin })
  return {
    dispose: () => {
      server.dispose()
      announced?.dispose()
      speaker.dispose()
    },
  }
}
