import type { Robot } from '../../robots/robot.js'
import { originStreams } from '../features/chunk-origin.js'
import type { Contract } from './contract.js'
import { actionGroups, mixedOffsets } from './group-spec.js'

/**
 * Names of the streams that a head observes, in the order of the robot file: those of its inputs, and those that say
 * where its offsets count from.
 */
export function headStreams({ inputs, outputs: { action_chunk: chunk } }: Contract, robot: Robot): string[] {
  const groups = 'groups' in chunk ? [...actionGroups(chunk.groups), ...mixedOffsets(chunk.groups)] : []
  const wanted = new Set([...Object.values(inputs).flatMap(({ from }) => from), ...originStreams(robot, groups)])
  return robot.streams.flatMap(({ name }) => (wanted.has(name) ? [name] : []))
}
