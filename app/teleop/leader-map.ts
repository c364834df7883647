import { z } from 'zod'
import { parse } from 'yaml'
import { LARGEST_TEXT, readTextSync } from '../../middleware/regular-file.js'
import { messageOf } from '../../middleware/message-of.js'
import { quantity } from '../../robots/fields.js'
import { mapping, validate } from '../../robots/validation.js'
import { UsageError } from '../output/output.js'

/** How the position of a joint follows from that of a leader's joint: `offset` + `scale` times it, in rad or m. */
export interface MappedJoint {
  /** The leader's joint. Undefined: the one of the same name. */
  readonly from?: string | undefined
  readonly scale?: number | undefined
  readonly offset?: number | undefined
}

const schema = mapping({
  joints: z.record(
    z.string(),
    mapping({
      from: z.string().optional(),
      scale: z.number().min(-100).max(100).optional(),
      offset: quantity('angle', ['-36000 deg', '36000 deg'], '').optional(),
    }),
  ),
})

/**
 * The map of a leader's joints by the joints of the robot: a YAML file such as
 * `joints: { elbow: { from: j3, scale: 1.5, offset: 10 deg } }`. Throws UsageError of one line.
 */
export function readLeaderMap(path: string): ReadonlyMap<string, MappedJoint> {
  let given: unknown
  try {
    given = parse(readTextSync(path, LARGEST_TEXT))
  } catch (error) {
    throw new UsageError(`--map ${path}: cannot be read: ${messageOf(error).split('\n')[0]}`)
  }
  const { data, issues } = validate(schema, given)
  if (data) return new Map(Object.entries(data.joints))
  const [issue] = issues
  throw new UsageError(`--map ${path}: ${[...(issue?.path ?? []), ''].join(': ')}${issue?.message}`)
}
