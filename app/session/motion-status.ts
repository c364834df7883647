import type { Status } from '../../middleware/ros2/diagnostics.js'
import type { Hold } from '../../control/state/holds.js'
import type { ControlNode } from '../../nodes/control-node.js'
import type { Watched } from '../../control/guard/watchdog.js'

/** What the motion does, or waits for, in plain words. */
export type MotionStatus = Pick<Status, 'level' | 'message'>

const NORMAL_HOLDS: Readonly<Record<Exclude<Hold, Watched | 'stop' | 'arm' | 'tool' | 'tilt'>, string>> = {
  none: 'following the policy',
  no_chunk: 'holding: waits for the first action chunk',
  tare: 'holding: the wrist sensor is being tared',
  command: 'holding: waits for a command',
}

/** For each watched source: which message is missing, and what to check. */
const MISSING: Readonly<Record<Watched, string>> = {
  wrench: 'no wrench for over {} ms: does the wrist sensor run?',
  camera: 'no picture for over {} ms: does the camera run?',
  policy: 'no action chunk for over {} ms: is the fusion node active, and does it keep up?',
  person: 'nothing from the leader arm, the keyboard or the gamepad for over {} ms: is it plugged in?',
  gripper: 'no answer of an activated gripper for over {} ms: is it powered, is its cable in?',
}

/**
 * The state of the motion in plain words. A hold that belongs to the normal sequence of an episode is `ok`; any other
 * hold is a warning or an error.
 */
export function motionStatus(node: ControlNode): MotionStatus {
  const { hold, guard, limits } = node
  if (node.state !== 'active') return { level: 'ok', message: node.state }
  if (hold === 'stop') return { level: 'warn', message: 'stopped: "resume" goes on' }
  if (hold === 'tilt') return { level: 'error', message: `holding: ${node.holdText}` }
  if (hold === 'tool')
    return { level: 'error', message: "holding: no fresh pose of the tool: does the arm's driver publish it?" }
  if (hold === 'arm')
    return {
      level: 'error',
      message:
        'holding: an arm has a fault, which was told; where it must be reset, "resume" or the next episode does it',
    }
  if (hold in MISSING) {
    const source = hold as Watched
    // This is only a warning: others deactivate the fusion node in order to move the gripper themselves.
    return {
      level: source === 'policy' ? 'warn' : 'error',
      message: `holding: ${MISSING[source].replace('{}', String(limits.watchdog[source] / 1e6))}`,
    }
  }
  if (guard.state === 'over_force')
    return { level: 'warn', message: 'over-force: the arm only rises, the fingers only open' }
  if (hold === 'none' && node.commander === 'person') return { level: 'ok', message: 'following the person' }
  return { level: 'ok', message: NORMAL_HOLDS[hold as keyof typeof NORMAL_HOLDS] }
}
