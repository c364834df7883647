import { z } from 'zod'
import { angleOrLength, type JointPosition, type Path } from '../fields.js'
import { partName } from '../ros-names.js'
import { unknownName } from '../validation.js'
import type { JointLimits } from './joint-limits.js'

/** A position (rad or m) for each joint. */
export type Home = Readonly<Record<string, number>>

/** The schema of `home`. */
export const homeSchema = z
  .record(partName('joint'), angleOrLength(['-1000', '1000'], 'The position of the joint.'), {
    error: issue => (issue.code === 'invalid_type' ? 'expected a map of joints to positions' : undefined),
  })
  .meta({ id: 'home', description: 'Where the joints are before an episode: a position for each of them.' })
  .optional()

/**
 * The home pose, which names each joint and keeps the limits. `fail` throws with a key below `home`.
 */
export function resolveHome(
  given: Readonly<Record<string, JointPosition>>,
  joints: ReadonlyMap<string, JointLimits>,
  fail: (keys: Path, message: string) => never,
): Home {
  const names = [...joints.keys()]
  for (const [joint, { value, unit }] of Object.entries(given)) {
    const { position, prismatic } = joints.get(joint) ?? fail([joint], unknownName('joint', joint, names))
    const own = prismatic ? 'm' : 'rad'
    if (unit !== undefined && unit !== own)
      fail([joint], prismatic ? 'the joint slides: say a length' : 'the joint turns: say an angle')
    if (position && (value < position[0] || value > position[1]))
      fail([joint], `${value} ${own} breaks the limits of position, from ${position[0]} to ${position[1]} ${own}`)
  }
  const missing = names.filter(name => given[name] === undefined)
  if (missing.length > 0) fail([], `leaves out ${missing.join(', ')}; say a position for each joint`)
  return Object.fromEntries(names.map(name => [name, given[name]!.value]))
}
