import type { Disposable } from '../../middleware/bus.js'
import type { Ros2Bus } from '../../middleware/ros2/ros2-bus.js'
import { isStop } from '../../middleware/stop-word.js'
import type { ControlNode } from '../../nodes/control.js'
import { GraspWatch } from '../../nodes/grasp-watch.js'
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

/** ns. */
const limitOf = ({ sec, nanosec }: GraspGoal['timeout']): number => Number(sec) * 1e9 + Number(nanosec)

/**
 * The action `~/grasp` (prehend_interfaces/action/Grasp) on a control node: its text is said on the voice topic, and what the control node
 * knows of itself tells how it goes. None is taken while the node is not active or somebody's stop lasts. A cancel stops arm and fingers; the
 * next goal ends that stop, and only that one. An episode that is announced on `resetTopic` ends the goal: what it was about is not there any more.
 */
export function serveGrasp(desk: GoalDesk, bus: Ros2Bus, control: ControlNode, { voiceTopic, resetTopic }: { voiceTopic: string; resetTopic: string | undefined }): Disposable {
  const voice = bus.advertise(voiceTopic, 'prehend_interfaces/msg/VoiceEvent')
  const say = (text: string): void => voice.publish({ stamp: bus.clock.now(), frameId: '', text, confidence: 1 })
  let episodes = 0
  const announced = resetTopic === undefined ? undefined : bus.subscribe(resetTopic, 'std_msgs/msg/String', () => episodes++)
  let cancelled = false
  const heard = bus.subscribe(voiceTopic, 'prehend_interfaces/msg/VoiceEvent', ({ text }) => {
    if (isStop(text)) cancelled = false
  })
  const refusal = ({ text, timeout }: GraspGoal): string | undefined => {
    if (control.state !== 'active') return `the node is ${control.state}`
    if (text.trim() === '') return 'its text is empty'
    if (limitOf(timeout) < 0) return `its timeout is ${limitOf(timeout) / 1e9} s; 0 means ${TIMEOUT / 1e9} s`
    return control.hold === 'stop' && !cancelled ? 'somebody said stop; say "resume" first' : undefined
  }
  const begin = ({ text, timeout }: GraspGoal): Course<GraspResult> => {
    if (control.hold === 'stop') say('resume')
    cancelled = false
    say(text)
    const episode = episodes
    const watch = new GraspWatch(bus.clock.now(), limitOf(timeout) || TIMEOUT)
    return {
      look: now => ({ phase: watch.look(control, now), force: control.guard.force, gate: control.gate }),
      get outcome() {
        if (watch.outcome) {
          const { success, reason, peakForce } = watch.outcome
          return { success, result: { success, reason, peak_force: peakForce } }
        }
        const reason = control.state !== 'active' ? 'the node was deactivated' : episodes !== episode ? 'a new episode began' : undefined
        return reason === undefined ? undefined : { success: false, result: { success: false, reason, peak_force: control.guard.peak } }
      },
      cancel: async () => {
        cancelled = true
        await control.stop()
        return { success: false, reason: 'cancelled', peak_force: watch.outcome?.peakForce ?? control.guard.peak }
      },
    }
  }
  const server = desk.serve({ type: 'prehend_interfaces/action/Grasp', name: '~/grasp', refusal, begin })
  return {
    dispose: () => {
      server.dispose()
      announced?.dispose()
      heard.dispose()
      voice.dispose()
    },
  }
}
