import type { Status } from '../../middleware/ros2/diagnostics.js'
import type { Hold } from '../../control/state/holds.js'
import type { ControlNode } from '../../nodes/control-node.js'
import type { Watched } from '../../control/guard/watchdog.js'

const OF_ITS_COURSE: Readonly<Record<Exclude<Hold, Watched | 'stop' | 'tool' | 'tilt'>, string>> = {
  none: 'following the policy',
  no_chunk: 'holding: waits for the first action chunk',
  tare: 'holding: the wrist sensor is being tared',
  command: 'holding: waits for a command',
}

/** What each watched source has not said, and what to look at. */
const SILENT: Readonly<Record<Watched, string>> = {
  wrench: 'no wrench for over {} ms: does the wrist sensor run?',
  camera: 'no picture for over {} ms: does the camera run?',
  policy: 'no action chunk for over {} ms: is the fusion node active, and does it keep up?',
  gripper: 'no answer of an activated gripper for over {} ms: is it powered, is its cable in?',
}

/**
 * How the motion does, in plain words: what it waits for of its course is no fault, what holds it against its course
 * is.
 */
export function motionStatus(node: ControlNode): Pick<Status, 'level' | 'message'> {
  const { hold, guard, limits } = node
  if (node.state !== 'active') return { level: 'ok', message: node.state }
  if (hold === 'stop') return { level: 'warn', message: 'stopped: "resume" goes on' }
  if (hold === 'tilt') return { level: 'error', message: `holding: ${node.holdText}` }
  if (hold === 'tool')
    return { level: 'error', message: "holding: no fresh pose of the tool: does the arm's driver publish it?" }
  if (hold in SILENT) {
    const source = hold as Watched
    // A deactivated fusion node is how others come to drive the gripper.
    return {
      level: source === 'policy' ? 'warn' : 'error',
      message: `holding: ${SILENT[source].replace('{}', String(limits.watchdog[source] / 1e6))}`,
    }
  }
  if (guard.state === 'over_force')
    return { level: 'warn', message: 'over-force: the arm only rises, the fingers only open' }
  return { level: 'ok', message: OF_ITS_COURSE[hold as keyof typeof OF_ITS_COURSE] }
}
