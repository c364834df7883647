import type { Robot } from '../../robots/robot.js'
import type { Calibration } from '../../robots/actuators/lerobot-calibration.js'
import { shortList } from '../../robots/validation.js'
import { followedBy, UNCHANGED, type Affine } from '../contract/affine.js'
import { limitsOf } from '../contract/limits.js'
import type { Checkpoint } from './checkpoint.js'
import { isGripper, jointOf, jointToSi, openingToSi, type JointNumbers, type JointUnit } from './joint-units.js'
import { JointFaults } from './joint-faults.js'
import { jointsCalled, severalArms } from './robot-joints.js'
import type { SetNames } from './set-names.js'

export interface ActionGroupsOptions {
  readonly checkpoint: Checkpoint
  /** What the training set says of itself. Undefined: it was not given. */
  readonly set: SetNames | undefined
  readonly unit: JointUnit | undefined
  /** The calibration that goes before those of the robot file. */
  readonly calibration: Calibration | undefined
  readonly robot: Robot
}

interface Column {
  readonly name: string
  readonly actuator: string
  readonly kind: 'joint_position' | 'gripper'
  /** From the set's number to SI units. */
  readonly units: JointNumbers
  /** It counts from the state at the observation. */
  readonly isOffset: boolean
}

/**
 * The groups of a chunk whose columns are named like the actions of a LeRobot set: each joint goes to the actuator that
 * moves it, a gripper that is no joint to the one that takes an opening. Faults are added to `faults`.
 */
export function actionGroupsOf(options: ActionGroupsOptions, faults: string[]): object[] | undefined {
  const { checkpoint, set, unit, robot } = options
  const names = set?.action
  const count = checkpoint.outputs['action']?.shape[0] ?? 0
  if (names === undefined || names.length !== count || unit === undefined) {
    if (names === undefined)
      faults.push(
        'action: the names of its values are not known: say --dataset DIR (its meta/info.json has them), or groups in a map',
      )
    else if (names.length !== count)
      faults.push(`action: the checkpoint has ${count} values, the set ${names.length}: they do not belong together`)
    if (unit === undefined)
      faults.push(
        'action: the unit of the joints is not known, since no set says it: say --joint-unit deg, lerobot or rad',
      )
    return undefined
  }
  const unknown = new JointFaults()
  const columns = names.map((name, i) => columnOf(name, i, unit, options, unknown))
  faults.push(...unknown.lines().map(line => `action: ${line}`))
  const missing = names.filter((_, i) => columns[i] === 'nowhere')
  if (missing.length > 0) {
    const known = robot.actuators.flatMap(each => [each.name, ...each.joints])
    faults.push(
      `action: no actuator of the robot takes ${shortList(missing.map(jointOf))}: the checkpoint is for ` +
        `${shortList(names.map(jointOf))}, the robot file has ${shortList(known) || 'none'}`,
    )
  }
  const known = columns.filter(each => typeof each === 'object')
  return known.length === columns.length ? groupsOf(known, checkpoint.action, faults) : undefined
}

/** Where a column goes. `unknown`: that, or its unit, is not known, and `faults` says why. */
function columnOf(
  name: string,
  i: number,
  unit: JointUnit,
  { checkpoint, set, robot, calibration }: ActionGroupsOptions,
  faults: JointFaults,
): Column | 'nowhere' | 'unknown' {
  const refuse = (why: string): 'unknown' => {
    faults.add(jointOf(name), why)
    return 'unknown'
  }
  const called = jointOf(name)
  const isOffset = checkpoint.isRelative(i)
  const movers = jointsCalled(name, robot)
  const [mover] = movers
  if (mover !== undefined) {
    const { actuator, joint } = mover
    if (movers.length > 1) {
      return refuse(severalArms(movers))
    }
    const other = set?.state?.[i]
    if (isOffset && jointOf(other ?? '') !== called)
      return refuse(`counts from value ${i} of observation.state, and that is ${other ?? 'not named'}`)
    const units = jointToSi({ joint, unit, actuator, calibration })
    return typeof units === 'string'
      ? refuse(units)
      : { name: joint, actuator: actuator.name, kind: 'joint_position', units, isOffset }
  }
  if (!isGripper(called)) return 'nowhere'
  const fingers = robot.actuators.filter(({ takes }) =>
    takes.some(({ kind, names }) => kind === 'gripper' && names.includes('opening')),
  )
  const found = fingers.find(each => each.name === called) ?? (fingers.length === 1 ? fingers[0] : undefined)
  if (found === undefined) return 'nowhere'
  if (isOffset) return refuse(`counts from the state, and ${found.name} takes openings as they are`)
  return { name: 'opening', actuator: found.name, kind: 'gripper', units: openingToSi(unit), isOffset }
}

function groupsOf(columns: readonly Column[], action: Affine, faults: string[]): object[] {
  const groups: { readonly columns: Column[]; readonly affines: Affine[] }[] = []
  columns.forEach((column, i) => {
    const last = groups.at(-1)
    const { actuator, kind } = column
    const first = last?.columns[0]
    const group = last && first?.actuator === actuator && first.kind === kind ? last : { columns: [], affines: [] }
    if (group !== last) {
      if (groups.some(each => each.columns[0]?.actuator === actuator))
        faults.push(`action: its columns for ${actuator} do not lie together: put them together in the graph`)
      groups.push(group)
    }
    group.columns.push(column)
    // The zero of a joint's numbers falls out of a difference of two of them.
    const units = column.isOffset ? { scale: column.units.scale, bias: 0 } : column.units
    group.affines.push(followedBy(partOf(action, i), units))
  })
  return groups.map(each => groupOf(each.columns, each.affines))
}

function groupOf(columns: readonly Column[], affines: readonly Affine[]): object {
  const [{ actuator, kind }] = columns as [Column]
  const names = columns.map(({ name }) => name)
  const absolute = columns.flatMap(({ name, isOffset }) => (isOffset ? [] : [name]))
  const limits = limitsOf(columns.map(({ units: { range }, isOffset }) => (isOffset ? undefined : range)))
  return {
    name: actuator,
    kind,
    [kind === 'gripper' ? 'channels' : 'joints']: names,
    scale: affines.map(({ scale }) => scale),
    bias: affines.map(({ bias }) => bias),
    ...(absolute.length < names.length && { counts: 'offset', ...(absolute.length > 0 && { absolute }) }),
    // LeRobot brings a number beyond its range to the end of it.
    ...(limits && { limits }),
  }
}

/** What an affine map does with one of the values. */
function partOf({ scale, bias }: Affine, i: number): Affine {
  const at = (numbers: Affine['scale'], none: number): number =>
    typeof numbers === 'number' ? numbers : (numbers[i] ?? none)
  return { scale: at(scale, UNCHANGED.scale as number), bias: at(bias, UNCHANGED.bias as number) }
}
