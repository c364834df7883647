import { z } from 'zod'
import { isPose } from '../../../fusion/rotation.js'
import type { ActionGroup, ActionKind, Channel, GroupRows } from '../action-kind.js'
import { PoseMean, PoseMotion } from '../pose-motion.js'
import { ROTATIONS, type RotationForm } from '../rotations.js'
import { YawMotion } from '../yaw-motion.js'

const POSITION: readonly Channel[] = ['x', 'y', 'z'].map(name => ({ name, unit: 'm' }))
const POSE: readonly Channel[] = [...POSITION, ...['qx', 'qy', 'qz', 'qw'].map(name => ({ name, unit: '' }))]
const scratch = new Float64Array(4)

/** Where a tool should be: x, y, z in m and a rotation. A set-point is x, y, z, qx, qy, qz, qw. */
export const pose: ActionKind = {
  fields: {
    counts: z.enum(['absolute', 'offset']).default('absolute'),
    rotation: z.enum([...ROTATIONS.keys()] as [string, ...string[]]),
    frame: z.string().min(1),
  },
  fault: ({ counts, rotation, frame }) => {
    if (counts === 'offset') return undefined
    if (rotation === 'yaw') return 'a yaw is an offset from an orientation; write an absolute rotation another way'
    return frame === 'tool' ? 'an absolute pose is in a frame that does not move with the tool' : undefined
  },
  columns: group => {
    const d = group.counts === 'offset' ? 'd' : ''
    return [...POSITION, ...rotationOf(group).columns].map(({ name, unit }) => ({ name: d + name, unit }))
  },
  values: () => POSE,
  originSize: ({ counts }) => (counts === 'offset' ? POSE.length : 0),
  isUsable: (group, rows) => hasOrigin(group, rows) && hasRotations(rotationOf(group), rows),
  motion: group =>
    group.rotation === 'yaw' && group.frame === 'tool' ? new YawMotion() : new PoseMotion(group, rotationOf(group)),
  mean: () => new PoseMean(),
  describe: ({ counts, rotation, frame }) =>
    counts === 'offset'
      ? `a pose as an offset in the frame ${frame} from the pose at the stamp, rotation as ${rotation}`
      : `a pose in the frame ${frame}, rotation as ${rotation}`,
}

function rotationOf({ rotation }: ActionGroup): RotationForm {
  const form = ROTATIONS.get(rotation ?? '')
  if (form === undefined)
    throw new RangeError(`rotation '${rotation}': expected one of ${[...ROTATIONS.keys()].join(', ')}`)
  return form
}

function hasOrigin({ counts }: ActionGroup, { origin, originAt }: GroupRows): boolean {
  return counts !== 'offset' || isPose(origin.subarray(originAt, originAt + POSE.length))
}

function hasRotations(form: RotationForm, { data, count, columns, first }: GroupRows): boolean {
  for (let row = 0; row < count; row++)
    if (!form.decode(data, row * columns + first + POSITION.length, scratch, 0)) return false
  return true
}
