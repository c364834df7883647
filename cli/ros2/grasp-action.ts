import type { Disposable } from '../../middleware/bus.js'
import type { RosGoal, RosLogger } from '../../middleware/ros2/rclnodejs.js'
import type { Ros2Bus } from '../../middleware/ros2/ros2-bus.js'
import type { Ros2Process } from '../../middleware/ros2/ros2-process.js'
import type { ControlNode } from '../../nodes/control.js'
import { GraspWatch } from '../../nodes/grasp-watch.js'

interface GraspGoal {
  readonly text: string
  readonly timeout: { readonly sec: number; readonly nanosec: number }
}

interface GraspResult {
  success: boolean
  reason: string
  peak_force: number
}

/** ns between two looks, and between two words of feedback. */
const LOOK = 20_000_000
const FEEDBACK = 100_000_000
/** ns that a goal without a timeout may take. */
const TIMEOUT = 20_000_000_000

/**
 * The action `~/grasp` (prehend_interfaces/action/Grasp) on a control node: its text is said on the voice topic, and what the control node
 * knows of itself tells how it goes. One goal at a time; none while the node is not active or somebody's stop lasts. A cancel stops arm
 * and fingers; the next goal ends that stop, and only that one.
 */
export function serveGrasp(ros: Ros2Process, bus: Ros2Bus, control: ControlNode, voiceTopic: string, log: RosLogger): Disposable {
  const { rcl, node } = ros
  const voice = bus.advertise(voiceTopic, 'prehend_interfaces/msg/VoiceEvent')
  const say = (text: string): void => voice.publish({ stamp: bus.clock.now(), frameId: '', text, confidence: 1 })
  let running = false
  let cancelled = false
  const refuse = (reason: string): number => {
    log.warn(`grasp: goal refused: ${reason}`)
    return rcl.GoalResponse.REJECT
  }
  const judge = ({ text }: GraspGoal): number => {
    if (control.state !== 'active') return refuse(`the node is ${control.state}`)
    if (running) return refuse('another one is running')
    if (text.trim() === '') return refuse('its text is empty')
    if (control.hold === 'stop' && !cancelled) return refuse('somebody said stop; say "resume" first')
    return rcl.GoalResponse.ACCEPT
  }
  const execute = async (goal: RosGoal<GraspGoal>): Promise<GraspResult> => {
    const { text, timeout } = goal.request
    running = true
    if (control.hold === 'stop') say('resume')
    cancelled = false
    say(text)
    const limit = Number(timeout.sec) * 1e9 + Number(timeout.nanosec)
    const watch = new GraspWatch(bus.clock.now(), limit > 0 ? limit : TIMEOUT)
    let told = -Infinity
    await new Promise<void>(resolve => {
      const timer = bus.clock.every(LOOK, () => {
        const now = bus.clock.now()
        const phase = watch.look(control, now)
        if (now - told >= FEEDBACK) {
          told = now
          goal.publishFeedback({ phase, force: control.guard.force, gate: control.gate })
        }
        if (!watch.outcome && !goal.isCancelRequested && control.state === 'active') return
        timer.dispose()
        resolve()
      })
    })
    running = false
    const peak = watch.outcome?.peakForce ?? control.guard.peak
    if (goal.isCancelRequested) {
      cancelled = true
      await control.stop()
      goal.canceled()
      return { success: false, reason: 'cancelled', peak_force: peak }
    }
    const { success, reason } = watch.outcome ?? { success: false, reason: 'the node was deactivated' }
    if (success) goal.succeed()
    else goal.abort()
    return { success, reason, peak_force: peak }
  }
  const server = new rcl.ActionServer(node, 'prehend_interfaces/action/Grasp', '~/grasp', execute, judge, undefined, () => rcl.CancelResponse.ACCEPT)
  return {
    dispose: () => {
      server.destroy()
      voice.dispose()
    },
  }
}
