import { kindOf, type Actuator } from '../../robots/actuators/actuators.js'
import type { JointLimits } from '../../robots/limits/joint-limits.js'
import type { Robot } from '../../robots/robot.js'
import { isOfTheLoop } from '../../robots/actuators/arm-and-gripper.js'
import { table } from '../output/text-table.js'
import { undrivable } from '../session/drivable.js'

/** The actuators of a robot as JSON: what each takes, of which joints, with which limits, and whether the control loop drives it. SI units. */
export const actuatorObjects = ({ actuators }: Robot): object[] =>
  actuators.map(actuator => {
    const { name, kind, takes, joints, state, limits, kinematics, home } = actuator
    return {
      name,
      kind,
      takes,
      joints,
      state,
      limits: { ...limits, joints: Object.fromEntries(limits.joints) },
      kinematics: kinematics && { file: kinematics.file, base: kinematics.base, tip: kinematics.tip },
      home,
      driven: undrivable({ actuators: [actuator] }) === undefined,
    }
  })

/** The actuators of a robot in plain words, for people. */
export function describeActuators(robot: Robot): string[] {
  const topicOf = (name: string): string => robot.streams.find(stream => stream.name === name)?.topic ?? '-'
  const reason = undrivable(robot)
  return [
    ...robot.actuators.flatMap(actuator => [
      `  ${actuator.name}: ${kindOf(actuator).describe(actuator, topicOf)}`,
      ...(isOfTheLoop(actuator.name, actuator.kind, actuator) ? [] : more(actuator).map(line => `    ${line}`)),
    ]),
    ...(robot.actuators.length > 0 ? [] : ['  none']),
    ...(reason === undefined ? [] : [`  run and the control node refuse this robot: ${reason}`]),
  ]
}

/** 6 significant digits: of what was written in degrees or mm, SI numbers have twelve. */
const rounded = (value: number): string => String(Number(value.toPrecision(6)))
const inDegrees = (rad: number): string => rounded((rad * 180) / Math.PI)
const inMillimetres = (m: number): string => rounded(m * 1000)
type Range = readonly [number, number]
const span = ([from, to]: Range, written: (value: number) => string): string => `${written(from)} to ${written(to)}`

function more({ takes, kinematics, home, limits }: Actuator): string[] {
  const { workspace, speed, yawRate, width, effort } = limits
  const channels = takes.map(({ kind, names }) => (kind === 'gripper' ? `${kind} (${names.join(', ')})` : kind))
  const at = ([joint, value]: [string, number]): string => {
    const { scale, unit } = writtenAs(limits.joints.get(joint)?.prismatic === true)
    return `${joint} ${scale(value)} ${unit}`
  }
  return [
    `takes ${channels.join(', ')}`,
    ...(kinematics ? [`its tool is ${kinematics.tip}, seen from ${kinematics.base} (${kinematics.file})`] : []),
    ...(home ? [`home: ${Object.entries(home).map(at).join(', ')}`] : []),
    ...(workspace
      ? [
          `tool: x ${span(workspace.x, inMillimetres)}, y ${span(workspace.y, inMillimetres)}, ` +
            `z ${span(workspace.z, inMillimetres)} mm`,
        ]
      : []),
    ...(speed === undefined ? [] : [`tool: at most ${speed} m/s`]),
    ...(yawRate === undefined ? [] : [`tool: turns by at most ${inDegrees(yawRate)} deg/s`]),
    ...(width ? [`fingers: ${span(width, inMillimetres)} mm${effort ? `, ${span(effort, String)} N` : ''}`] : []),
    ...(limits.joints.size > 0 ? jointTable(limits.joints) : []),
  ]
}

/** In which unit people read the position of a joint. */
const writtenAs = (prismatic: boolean): { readonly scale: (si: number) => string; readonly unit: string } =>
  prismatic ? { scale: inMillimetres, unit: 'mm' } : { scale: inDegrees, unit: 'deg' }

function jointTable(joints: ReadonlyMap<string, JointLimits>): string[] {
  return table([
    ['joint', 'position', 'velocity', 'acceleration', 'effort'],
    ...[...joints].map(([name, { prismatic, continuous, position, velocity, acceleration, effort }]) => {
      const { scale, unit } = writtenAs(prismatic)
      const most = (value: number | undefined, per: string): string =>
        value === undefined ? '-' : `${scale(value)} ${unit}${per}`
      return [
        name,
        continuous ? 'without an end' : position ? `${span(position, scale)} ${unit}` : '-',
        most(velocity, '/s'),
        most(acceleration, '/s²'),
        effort === undefined ? '-' : `${effort} ${prismatic ? 'N' : 'N m'}`,
      ]
    }),
  ])
}
