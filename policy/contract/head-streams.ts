import type { FastTicksConfig } from '../../fusion/fast-ticks.js'
import type { Robot } from '../../robots/robot.js'
import { originStreams } from '../features/chunk-origin.js'
import type { Contract } from './contract.js'
import { actionGroups, mixedOffsets } from './group-spec.js'
import { isHead, tickPeriod } from './head-spec.js'

/**
 * Names of the streams that a head observes, in the order of the robot file: those of its inputs, and those that say
 * where its offsets count from.
 */
export function headStreams({ inputs, outputs: { action_chunk: chunk } }: Contract, robot: Robot): string[] {
  const groups = 'groups' in chunk ? [...actionGroups(chunk.groups), ...mixedOffsets(chunk.groups)] : []
  const wanted = new Set([...Object.values(inputs).flatMap(({ from }) => from), ...originStreams(robot, groups)])
  return robot.streams.flatMap(({ name }) => (wanted.has(name) ? [name] : []))
}

/** The ticks of a head, and what is observed at them. Undefined: the contract is of no head. */
export function headTicks(contract: Contract, robot: Robot): FastTicksConfig | undefined {
  return isHead(contract) ? { period: tickPeriod(contract), streams: headStreams(contract, robot) } : undefined
}
