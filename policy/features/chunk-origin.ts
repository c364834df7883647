import type { Observation } from '../../fusion/observation.js'
import { isPoseType, valueNames } from '../../fusion/stream-types/stream-types.js'
import type { Robot, Stream } from '../../robots/robot.js'
import type { ActionGroup } from '../action/action-kind.js'
import { kindOf } from '../action/action-kinds.js'

/** Where one value of an origin comes from: a value of a stream. */
interface Source {
  readonly stream: string
  readonly index: number
}

/** The place from which offsets count: where the actuators were at the stamp of an observation. */
export class ChunkOrigin {
  readonly #sources: readonly Source[]

  /** `originFault` gives none for each of the groups. */
  constructor(robot: Robot, groups: readonly ActionGroup[]) {
    this.#sources = groups.flatMap(group => sourcesOf(robot, group) as readonly Source[])
  }

  /** The origins of all groups that count from one, one after another. NaN where a stream is missing. */
  of({ values }: Observation): Float64Array {
    return Float64Array.from(this.#sources, ({ stream, index }) => {
      const value = values.get(stream)
      return value?.kind === 'vector' ? (value.data[index] ?? NaN) : NaN
    })
  }
}

/** Names of the streams from which the offsets of these groups count. */
export function originStreams(robot: Robot, groups: readonly ActionGroup[]): string[] {
  return groups.flatMap(group => {
    const sources = sourcesOf(robot, group)
    return typeof sources === 'string' ? [] : sources.map(({ stream }) => stream)
  })
}

/** Why a group's offsets have nothing to count from, in words. Undefined where they have, or need none. */
export function originFault(robot: Robot, group: ActionGroup): string | undefined {
  const found = sourcesOf(robot, group)
  return typeof found === 'string' ? found : undefined
}

function sourcesOf(robot: Robot, group: ActionGroup): readonly Source[] | string {
  const kind = kindOf(group)
  if (kind.originSize(group) === 0) return []
  const actuator = robot.actuators.find(({ name }) => name === group.name)
  const stream = robot.streams.find(({ name }) => name === actuator?.state)
  if (stream === undefined) return `offsets need a stream that says where ${group.name} is`
  return group.joints === undefined ? poseSources(stream) : jointSources(stream, group.joints)
}

function poseSources(stream: Stream): readonly Source[] | string {
  if (!isPoseType(stream.type))
    return `offsets of a pose count from a pose, and stream ${stream.name} is ${stream.type}`
  return Array.from({ length: 7 }, (_, index) => ({ stream: stream.name, index }))
}

function jointSources(stream: Stream, joints: readonly string[]): readonly Source[] | string {
  const names = valueNames(stream) ?? []
  const missing = joints.filter(joint => !names.includes(`position.${joint}`))
  if (missing.length > 0)
    return `offsets count from positions: stream ${stream.name} selects no ${missing.map(joint => `position.${joint}`).join(', ')}`
  return joints.map(joint => ({ stream: stream.name, index: names.indexOf(`position.${joint}`) }))
}
