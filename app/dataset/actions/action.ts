import type { Finger } from '../../../robots/actuators/servo-mounting.js'
import type { ActionGroup } from '../../../policy/action/action-kind.js'
import { kindOf } from '../../../policy/action/action-kinds.js'

/** A value of an action. */
export interface ActionChannel {
  /** As LeRobot names it: `shoulder_pan.pos`, `gripper.pos`; else as its kind of action names it: `x`, `vx`, `width`. */
  readonly name: string
  /** Whose it is: an actuator, or a topic. It comes before `name` where two values have the same one. */
  readonly of: string
  /** The joint whose position, velocity or effort it is. */
  readonly joint?: { readonly name: string; readonly value: JointValue }
  /** It is an opening of fingers that no joint of the robot file moves, 0 to 1. */
  readonly isOpening?: true
}

export type JointValue = 'position' | 'velocity' | 'effort'

/** What was commanded for one tick after an observation, in SI units. `channels` is the same array for all rows. */
export interface Action {
  readonly channels: readonly ActionChannel[]
  readonly values: ArrayLike<number>
}

/** How LeRobot ends the name of a joint's value. */
const ENDINGS: Readonly<Record<JointValue, string>> = { position: 'pos', velocity: 'vel', effort: 'effort' }

/** The value of a joint under LeRobot's name. `of`: whose joint it is. */
export const jointChannel = (of: string, joint: string, value: JointValue): ActionChannel => ({
  name: jointName(joint, value),
  of,
  joint: { name: joint, value },
})

/** `shoulder_pan.pos` */
const jointName = (joint: string, value: JointValue): string => `${joint}.${ENDINGS[value]}`

/**
 * The channels of the set-points of a group. `finger`: the joint that moves the fingers, where the robot has one. An
 * opening is then the position of that joint.
 */
export function channelsOf(group: ActionGroup, finger: Finger | undefined): ActionChannel[] {
  const { name: of, joints = [] } = group
  const value = JOINT_KINDS[group.kind]
  if (value !== undefined) return joints.map(joint => jointChannel(of, joint, value))
  return kindOf(group)
    .values(group)
    .map(({ name }) => {
      if (name !== 'opening') return { name, of }
      return finger
        ? jointChannel(of, finger.joint, 'position')
        : { name: jointName('gripper', 'position'), of, isOpening: true }
    })
}

/** The values of a set-point of a group in the order of its channels. An opening becomes the position of `finger`. */
export function valuesOf(group: ActionGroup, values: Float64Array, finger: Finger | undefined): number[] {
  if (finger === undefined || group.kind !== 'gripper') return [...values]
  const { closed, open } = finger
  return kindOf(group)
    .values(group)
    .map(({ name }, i) => (name === 'opening' ? closed + values[i]! * (open - closed) : values[i]!))
}

const JOINT_KINDS: Readonly<Record<string, JointValue>> = {
  joint_position: 'position',
  joint_velocity: 'velocity',
  joint_effort: 'effort',
}

/** The names of the channels. Where two would be the same, all have `of` before them: `left_shoulder_pan.pos`. */
export function namesOf(channels: readonly ActionChannel[]): string[] {
  const names = channels.map(({ name }) => name)
  if (new Set(names).size === names.length) return names
  return channels.map(({ of, name }) => `${of.replace(/^\//, '').replaceAll('/', '_')}_${name}`)
}
