import { z } from 'zod'
import { mapping, unknownName, validate } from '../../robots/validation.js'
import type { ActionGroup } from '../action/action-kind.js'
import { ACTION_KINDS } from '../action/action-kinds.js'
import { limitsSchema, type Limits } from './limits.js'

/**
 * A group as a contract declares it: what the policy commands, and how the numbers of the graph become that. A column in
 * SI units is the graph's number times `scale` plus `bias`, within `limits`.
 */
export interface GroupSpec extends ActionGroup {
  /** One number for all columns of the group, or one for each. */
  readonly scale?: number | readonly number[]
  readonly bias?: number | readonly number[]
  /** The least and the largest value of each column. null: it has none. */
  readonly limits?: Limits
  /** Joints of a group that counts offsets whose values are absolute all the same, such as a gripper. */
  readonly absolute?: readonly string[]
}

const finite = z.number()
const perColumn = z.union([finite, z.array(finite).min(1)], { error: 'expected a number, or one for each column' })

const common = {
  name: z.string().min(1),
  kind: z.string(),
  scale: perColumn.optional(),
  bias: perColumn.optional(),
  limits: limitsSchema.optional(),
  absolute: z.array(z.string()).min(1).optional(),
}

/** Gives the fields of the kind their place in the schema. All faults of a group are reported at once. */
export const groupSchema = z.unknown().transform((value, context): GroupSpec => {
  const kind = ACTION_KINDS.get(kindIn(value))
  if (kind === undefined) {
    context.addIssue({
      code: 'custom',
      path: ['kind'],
      message: unknownName('kind of action', kindIn(value), [...ACTION_KINDS.keys()]),
    })
    return z.NEVER
  }
  const { data, issues } = validate(mapping({ ...common, ...kind.fields }, 'field of a group'), value)
  if (issues) {
    for (const { path, message } of issues) context.addIssue({ code: 'custom', path: [...path], message })
    return z.NEVER
  }
  const group = data as unknown as GroupSpec
  const fault = kind.fault?.(group) ?? absoluteFault(group) ?? lengthFault(group, kind.columns(group).length)
  if (fault !== undefined) context.addIssue({ code: 'custom', message: fault })
  return group
})

function kindIn(value: unknown): string {
  return value !== null && typeof value === 'object' && 'kind' in value ? String(value.kind) : ''
}

function lengthFault(group: GroupSpec, columns: number): string | undefined {
  for (const key of ['scale', 'bias', 'limits'] as const) {
    const given = group[key]
    if (Array.isArray(given) && given.length !== columns)
      return `${key} has ${given.length} entries, the group has ${columns} column${columns === 1 ? '' : 's'}`
  }
  return undefined
}

function absoluteFault({ absolute, joints = [], counts }: GroupSpec): string | undefined {
  if (absolute === undefined) return undefined
  if (counts !== 'offset')
    return 'absolute names joints of a group that counts offsets: leave it out, or say counts: offset'
  const unknown = absolute.find(name => !joints.includes(name))
  if (unknown !== undefined) return `absolute: '${unknown}' is none of its joints (${joints.join(', ')})`
  return absolute.length < joints.length ? undefined : 'all its joints are absolute: leave out absolute and counts'
}

/**
 * The groups of a chunk, without what the contract alone says of them. One of which some joints are absolute is absolute:
 * its offsets are added up where the chunk is made (`MixedOffsets`).
 */
export function actionGroups(groups: readonly GroupSpec[]): ActionGroup[] {
  return groups.map(({ scale: _scale, bias: _bias, limits: _limits, absolute, ...group }) =>
    absolute === undefined ? group : { ...group, counts: 'absolute' },
  )
}

/** The joints that count offsets in groups of which others are absolute, as groups of their own. */
export function mixedOffsets(groups: readonly GroupSpec[]): ActionGroup[] {
  return groups.flatMap(({ name, kind, joints = [], counts, absolute }) =>
    absolute === undefined || counts === undefined
      ? []
      : [{ name, kind, counts, joints: joints.filter(joint => !absolute.includes(joint)) }],
  )
}
