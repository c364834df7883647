import { strategyOf } from '../../fusion/align/strategies.js'
import { ms } from '../../fusion/stamp.js'
import type { FixedFrame, Robot, Stream } from '../../robots/robot.js'
import { describeCompensation } from './describe-compensation.js'
import { hz } from '../inspection/stream-check.js'
import { table } from '../output/text-table.js'
import { actuatorObjects, describeActuators } from './describe-actuators.js'

/** The canonical robot (SI units, s), with the sha256 of its translation and what its actuators take. */
export const robotObject = (robot: Robot): object => ({
  sha256: robot.sha256,
  actuators: actuatorObjects(robot),
  ...(JSON.parse(robot.canonical) as object),
})

/** A robot file in plain words, for people. */
export function describeRobot(robot: Robot): string[] {
  const tick =
    'from' in robot.tick
      ? `at each sample of ${robot.tick.from}`
      : `every ${ms(robot.tick.period)} (${hz(1e9 / robot.tick.period)})`
  return [
    `robot ${robot.name}`,
    `  an observation ${tick}, after at most ${ms(robot.maxWait)}; a stream silent for ` +
      `${ms(robot.maxSilence)} is not waited for`,
    '',
    'streams',
    ...table([
      ['name', 'becomes', 'topic', 'type', 'at the tick'],
      ...robot.streams.map(stream => [stream.name, stream.modality, stream.topic, stream.type, describeStream(stream)]),
    ]),
    ...robot.streams.flatMap(stream => describeCompensation(stream)),
    '',
    'actions',
    ...describeActuators(robot),
    `  stop words are heard in: ${robot.languages.join(', ')}`,
    ...(robot.reset ? [`  a message on ${robot.reset.topic} starts a new episode`] : []),
    '',
    ...(robot.actuators.length > 0 ? describeLimits(robot) : []),
    ...(robot.frames.length > 0 ? ['frames', ...table(robot.frames.map(describeFrame)), ''] : []),
    `translation sha256 ${robot.sha256}`,
  ]
}

const mm = (m: number): string => `${Number((m * 1000).toPrecision(6))}`
const degrees = (rad: number): string => `${Number(((rad * 180) / Math.PI).toPrecision(6))}`

function describeFrame({ name, parent, xyz, rpy }: FixedFrame): string[] {
  return [name, `in ${parent}`, `at ${xyz.map(mm).join(', ')} mm`, `turned by ${rpy.map(degrees).join(', ')} deg`]
}

function describeLimits({ limits, actions, streams }: Robot): string[] {
  const span = ([from, to]: readonly [number, number], scale = mm): string => `${scale(from)} to ${scale(to)}`
  return [
    'limits',
    ...(actions.arm
      ? [
          `  tool: x ${span(limits.workspace.x)}, y ${span(limits.workspace.y)}, z ${span(limits.workspace.z)} mm; ` +
            `${limits.speed} m/s, ${degrees(limits.yawRate)} deg/s`,
        ]
      : []),
    ...(actions.gripper ? [`  gripper: ${span(limits.width)} mm, ${span(limits.effort, String)} N`] : []),
    streams.some(({ modality }) => modality === 'force')
      ? `  wrist force: contact from ${limits.contact} N, stop at ${limits.overForce} N`
      : '  no wrist sensor: nothing here guards against too much force',
    `  holds after silence of: ${Object.entries(limits.watchdog)
      .map(([what, ns]) => `${what} ${ms(ns)}`)
      .join(', ')}`,
    '',
  ]
}

function describeStream(stream: Stream): string {
  return [
    strategyOf(stream.align).describe(stream.align),
    ...(stream.select.length > 0 ? [`of ${stream.select.join(', ')}`] : []),
    ...(stream.depthUnit === undefined ? [] : [`a unit of depth is ${mm(stream.depthUnit)} mm`]),
    ...(stream.tare > 0 ? [`tare ${ms(stream.tare)}`] : []),
    ...(stream.timeline === 'receive' ? ['by receive time'] : []),
    ...(stream.clock === 'estimate' ? ['clock estimated'] : []),
  ].join(', ')
}
