import { messageOf } from '../app/output/output.js'
import type { Disposable } from '../middleware/bus.js'
import type { RosLogger } from '../middleware/ros2/rclnodejs.js'
import type { Ros2Bus } from '../middleware/ros2/ros2-bus.js'
import { SAID_BY_GOAL } from '../control/speech/said.js'
import type { ControlNode } from '../nodes/control-node.js'
import { Speaker, type VoiceStream } from '../nodes/speaker.js'
import { GraspWatch } from '../nodes/grasp-watch.js'
import type { Course, GoalDesk } from './goal-desk.js'

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
const TIMEOUT = 20_000_000_000

const ENDED = 'the node has ended'

/** ns. */
const limitOf = ({ sec, nanosec }: GraspGoal['timeout']): number => Number(sec) * 1e9 + Number(nanosec)

/**
 * The action `~/grasp` (prehend_interfaces/action/Grasp) on a control node: its text is said on the voice topic, and
 * what the control node knows of itself tells how it goes. None is taken while the node is not active or somebody's
 * stop lasts. A cancel and a timeout stop arm and fingers; the next goal ends that stop, and only that one. An episode
 * that is announced on `resetTopic` ends the goal: what it was about is not there any more.
 */
export function serveGrasp(
  desk: GoalDesk,
  bus: Ros2Bus,
  control: ControlNode,
  { voice, resetTopic, log }: { voice: VoiceStream; resetTopic: string | undefined; log: RosLogger },
): Disposable {
  const speaker = new Speaker(bus, voice)
  let episodes = 0
  const announced =
    resetTopic === undefined ? undefined : bus.subscribe(resetTopic, 'std_msgs/msg/String', () => episodes++)
  /**
   * Ends motion until the next goal. Resolves with why the goal ended, and why the fingers did not stop where they did
   * not.
   */
  const stop = async (reason: string): Promise<string> => {
    const failure = await control.stop({ forNextGoal: true })
    if (failure === undefined) return reason
    const text = `${reason}, but the gripper did not stop: ${messageOf(failure)}`
    log.error(`grasp: ${text}`)
    return text
  }
  const refusal = ({ text, timeout }: GraspGoal): string | undefined => {
    if (control.state !== 'active') return `the node is ${control.state}`
    if (text.trim() === '') return 'its text is empty'
    if (limitOf(timeout) < 0) return `its timeout is ${limitOf(timeout) / 1e9} s; 0 means ${TIMEOUT / 1e9} s`
    if (control.hold === 'tilt') return control.holdText
    return control.stoppedBySomebody ? 'somebody said stop; say "resume" first' : undefined
  }
  const begin = ({ text, timeout }: GraspGoal): Course<GraspResult> => {
    if (control.hold === 'stop') {
      control.resume()
      // Without its mark it would end a stop that somebody made in between.
      if (speaker.marks) speaker.say('resume', SAID_BY_GOAL)
    }
    speaker.say(text)
    const episode = episodes
    const watch = new GraspWatch(bus.clock.now(), limitOf(timeout) || TIMEOUT)
    const failed = (reason: string): GraspResult => ({
      success: false,
      reason,
      peak_force: watch.outcome?.peakForce ?? control.guard.peak,
    })
    let late: Promise<void> | undefined
    let lateReason: string | undefined
    return {
      look: now => {
        const phase = watch.look(control, now)
        if (watch.outcome?.reason === 'timeout') {
          late ??= stop('timeout').then(reason => {
            lateReason = reason
          })
        }
        return { phase, force: control.guard.force, gate: control.gate }
      },
      get outcome() {
        if (late) return lateReason === undefined ? undefined : { success: false, result: failed(lateReason) }
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
  const server = desk.serve({ type: 'prehend_interfaces/action/Grasp', name: '~/grasp', refusal, begin })
  return {
    dispose: () => {
      server.dispose()
      announced?.dispose()
      speaker.dispose()
    },
  }
}
