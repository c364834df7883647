import { z } from 'zod'
import type { Path } from '../fields.js'
import type { JointLimits } from '../limits/joint-limits.js'
import { partName } from '../ros-names.js'
import { mapping, short, unknownName } from '../validation.js'
import { readModel } from './read-model.js'
import { followersAmong, type Follower } from './followers.js'
import { jointsBetween, ModelError, type ModelJoint, type RobotModel } from './robot-model.js'

/** Where the tool of joints is: that of the link `tip` in the frame of the link `base` in a URDF or MJCF. */
export interface Kinematics {
  /** The path as the robot file gives it. It is relative to the folder of the robot file. */
  readonly file: string
  readonly base: string
  readonly tip: string
}

/** The same after reading, with what computes the place of the tool. */
export interface ResolvedKinematics extends Kinematics {
  /**
   * The text of the file without geometry (`bareModel`), in the file's own format. Undefined: the file was not read, as
   * for a recording.
   */
  readonly model: string | undefined
  /** The joints between base and tip that others lead. Each comes behind its leader. */
  readonly followers: readonly Follower[]
}

/** The schema of `kinematics`. */
export const kinematicsSchema = mapping({
  file: z
    .string({ error: 'expected the path of a URDF or an MJCF' })
    .min(1, { error: 'expected the path of a URDF or an MJCF' })
    .meta({ description: 'The path of a URDF or an MJCF, relative to the folder of this file.' }),
  base: partName('link').meta({ description: 'The link whose frame is the base frame.' }),
  tip: partName('link').meta({ description: 'The link (in MJCF also: the site) that is the tool.' }),
})
  .meta({
    id: 'kinematics',
    description: 'Where the tool is, given the joints: needed for limits.workspace.',
  })
  .optional()

/** rad or m by which a limit may pass that of the model: degrees and rounded numbers do not meet exactly. */
const SLACK = 2e-3

interface Moved {
  readonly name: string
  readonly joints: ReadonlyMap<string, JointLimits>
}

/**
 * Checks what a robot file says of an arm against the text of its model: that the links and joints are there, that the
 * arm moves every joint between base and tip, or one that leads it, and that its limits lie within those of the model.
 * `fail` throws; its path counts from the top of the robot file. Gives the joints between base and tip that follow.
 */
export function checkKinematics(
  { name, joints }: Moved,
  { file, base, tip }: Kinematics,
  text: string,
  fail: (path: Path, message: string) => never,
): readonly Follower[] {
  const place = ['actions', name, 'kinematics']
  const model = modelOf(text, file, (message: string) => fail([...place, 'file'], message))
  const links = [...model.links.keys()]
  for (const [key, link] of Object.entries({ base, tip }))
    if (!model.links.has(link)) fail([...place, key], `${short(file)}: ${unknownName('link', link, links)}`)
  const between =
    jointsBetween(model, base, tip) ??
    fail([...place, 'tip'], `${short(file)}: '${tip}' does not hang on '${base}'; name a link above it as base`)

  for (const [joint, limits] of joints) {
    const known =
      model.joints.get(joint) ?? fail(place, `${short(file)}: ${unknownName('joint', joint, [...model.joints.keys()])}`)
    checkJoint(known, limits, model, message =>
      fail(['limits', 'joints', joint], `${joint} ${message} in ${short(file)}`),
    )
  }
  const loose = between.filter(joint => !joints.has(joint) && !model.joints.get(joint)?.follows)
  if (loose.length > 0)
    fail(
      [...place, 'tip'],
      `${short(file)}: ${loose.join(', ')} ${loose.length === 1 ? 'moves' : 'move'} between '${base}' and '${tip}' and ` +
        `${loose.length === 1 ? 'is no joint' : 'are no joints'} of '${name}', so nobody knows where the tool is`,
    )
  return followersAmong(between, model, name, [...joints.keys()], why =>
    fail([...place, 'tip'], `${short(file)}: ${why}`),
  )
}

function modelOf(text: string, file: string, fail: (message: string) => never): RobotModel {
  try {
    return readModel(text)
  } catch (error) {
    if (error instanceof ModelError) return fail(`${short(file)} ${error.message}`)
    throw error
  }
}

function checkJoint(
  { motion, range, velocity, effort }: ModelJoint,
  limits: JointLimits,
  { format }: RobotModel,
  fail: (message: string) => never,
): void {
  const unit = limits.prismatic ? 'm' : 'rad'
  if (motion !== (limits.prismatic ? 'slides' : 'turns'))
    fail(`${limits.prismatic ? 'slides here and does not slide' : 'turns here and does not turn'}`)
  if (limits.continuous && range) fail(`turns without an end here, and from ${range[0]} to ${range[1]} rad`)
  const { position } = limits
  if (position && range && (position[0] < range[0] - SLACK || position[1] > range[1] + SLACK))
    fail(`may go from ${position.join(' to ')} ${unit} here, and from ${range.map(round).join(' to ')} ${unit}`)
  for (const [what, here, there, per] of [
    ['fast', limits.velocity, velocity, `${unit}/s`],
    ['hard', limits.effort, effort, limits.prismatic ? 'N' : 'N m'],
  ] as const)
    if (here !== undefined && there !== undefined && there > 0 && here > there * (1 + SLACK))
      fail(`may go as ${what} as ${here} ${per} here, and ${round(there)} ${per} (${format})`)
}

const round = (value: number): string => String(Number(value.toPrecision(6)))
