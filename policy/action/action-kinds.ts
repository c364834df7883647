import { z } from 'zod'
import type { ActionGroup, ActionKind } from './action-kind.js'
import { gripper } from './kinds/gripper.js'
import { jointEffort } from './kinds/joint-effort.js'
import { jointPosition } from './kinds/joint-position.js'
import { jointVelocity } from './kinds/joint-velocity.js'
import { pose } from './kinds/pose.js'
import { scalar } from './kinds/scalar.js'
import { twist } from './kinds/twist.js'

/**
 * The kinds of action by the name that a contract uses, one line each. A kind from elsewhere is added with `set` before
 * the first model is read.
 */
export const ACTION_KINDS: Map<string, ActionKind> = new Map([
  ['joint_position', jointPosition],
  ['joint_velocity', jointVelocity],
  ['joint_effort', jointEffort],
  ['pose', pose],
  ['twist', twist],
  ['gripper', gripper],
  ['scalar', scalar],
])

/** The declaration of a group's kind. Throws RangeError where there is none. */
export function kindOf({ kind }: ActionGroup): ActionKind {
  const found = ACTION_KINDS.get(kind)
  if (found === undefined)
    throw new RangeError(`kind '${kind}': expected one of ${[...ACTION_KINDS.keys()].join(', ')}`)
  return found
}

/**
 * What is wrong with a group, in words: its kind is unknown, a field of it has no meaning, or its fields do not fit
 * together. Undefined: nothing.
 */
export function groupFault({ name, kind, ...fields }: ActionGroup): string | undefined {
  const found = ACTION_KINDS.get(kind)
  if (found === undefined) return `kind '${kind}': expected one of ${[...ACTION_KINDS.keys()].join(', ')}`
  const { error } = z.strictObject(found.fields).safeParse(fields)
  const [issue] = error?.issues ?? []
  return issue ? `${[name, ...issue.path].join('.')}: ${issue.message}` : found.fault?.({ name, kind, ...fields })
}

/**
 * The groups of a chunk of contract version 1: offsets dx, dy, dz (m) and dyaw (rad) in the tool frame, then the width
 * (m) and the effort (N) of the gripper.
 */
export const VERSION_1_GROUPS: readonly ActionGroup[] = [
  { name: 'arm', kind: 'pose', counts: 'offset', rotation: 'yaw', frame: 'tool' },
  { name: 'gripper', kind: 'gripper', channels: ['width', 'effort'] },
]
