import type { Robot } from '../../robots/robot.js'
import { actuatorFaults } from '../action/actuator-faults.js'
import { originFault } from '../features/chunk-origin.js'
import type { ChunkSpec } from './output-spec.js'

/** All reasons why a robot cannot carry out what a policy commands, one line each. Empty where it can. */
export function checkGroups(chunk: ChunkSpec, robot: Robot): string[] {
  if (!('groups' in chunk)) return actuatorFaults(undefined, robot.actuators)
  const faults = actuatorFaults(chunk.groups, robot.actuators)
  if (faults.length > 0) return faults
  return chunk.groups.flatMap(group => {
    const fault = originFault(robot, group)
    return fault === undefined ? [] : [`group ${group.name}: ${fault}`]
  })
}
