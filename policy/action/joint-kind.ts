import { z } from 'zod'
import type { ActionGroup, ActionKind } from './action-kind.js'
import { LinearMean, LinearMotion, type Between } from './linear-motion.js'

export interface JointKindOptions {
  /** The column of a joint is called `JOINT.value`. */
  readonly value: 'position' | 'velocity' | 'effort'
  /** The SI units of a joint that turns and of one that slides. */
  readonly units: readonly [string, string]
  readonly between: Between
  /** Whether the values may count from where the joints were. */
  readonly offsets: boolean
}

const joints = z
  .array(z.string().min(1))
  .min(1)
  .refine(names => new Set(names).size === names.length, { error: 'a joint is named twice' })

/** A kind whose columns are values of joints, in the order in which the group names the joints. */
export function jointKind({ value, units, between, offsets }: JointKindOptions): ActionKind {
  const columns = ({ joints = [], unit = units[0] }: ActionGroup) =>
    joints.map(joint => ({ name: `${joint}.${value}`, unit }))
  const isOffset = ({ counts }: ActionGroup): boolean => counts === 'offset'
  const wraps = ({ joints = [], continuous = [] }: ActionGroup) => joints.map(joint => continuous.includes(joint))
  return {
    fields: {
      joints,
      unit: z.enum(units).default(units[0]),
      ...(offsets && {
        counts: z.enum(['absolute', 'offset']).default('absolute'),
        continuous: z.array(z.string()).optional(),
      }),
    },
    fault: ({ joints = [], continuous = [] }) => {
      const unknown = continuous.find(name => !joints.includes(name))
      return unknown === undefined ? undefined : `continuous: '${unknown}' is none of its joints (${joints.join(', ')})`
    },
    columns,
    values: columns,
    originSize: group => (isOffset(group) ? columns(group).length : 0),
    isUsable: (group, { origin, originAt }) =>
      !isOffset(group) || columns(group).every((_, i) => Number.isFinite(origin[originAt + i])),
    motion: group =>
      new LinearMotion({ size: columns(group).length, between, offset: isOffset(group), wraps: wraps(group) }),
    mean: group => new LinearMean(columns(group).length, wraps(group)),
    describe: group => `${isOffset(group) ? `offsets of the ${value}` : value} of ${(group.joints ?? []).join(', ')}`,
  }
}
