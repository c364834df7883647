import { z } from 'zod'
import { partName } from '../ros-names.js'
import type { ActuatorBase } from './actuator-base.js'
import type { Taken } from './channels.js'

/** The schema of a list of joints, in the order in which a command has them. */
export const jointNames = z
  .array(partName('joint'), { error: 'expected a list of joints such as [shoulder_pan, shoulder_lift]' })
  .min(1, { error: 'needs at least one joint' })
  .refine(names => new Set(names).size === names.length, { error: 'names a joint twice' })
  .meta({ description: 'The joints, in the order in which the command has them.' })

export type JointValue = 'position' | 'velocity' | 'effort'

/** Channels by joint. The position of a single joint may also be a scalar. */
export const takesOfJoints = (value: JointValue, joints: readonly string[]): readonly Taken[] => [
  { kind: `joint_${value}`, names: joints },
  ...(value === 'position' && joints.length === 1 ? [{ kind: 'scalar', names: [] } as const] : []),
]

/** The joints of an actuator and where they are read from, in words. */
export const describeJoints = (
  { joints, state }: Pick<ActuatorBase, 'joints' | 'state'>,
  topicOf: (stream: string) => string,
): string => `${joints.join(', ')}; they are where ${state ?? '-'} says (${state === undefined ? '-' : topicOf(state)})`
