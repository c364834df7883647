import type { Precision } from '../../policy/contract/onnx-metadata.js'
import type { Robot } from '../../robots/robot.js'
import { loadPolicy, type LoadedPolicy } from '../policies/policies.js'
import { readRobot } from '../robot/load-robot.js'

/** What drives the arm in a benchmark: the robot file and the policy, each read once in a process. */
export interface Driver {
  readonly robot: Robot
  readonly policy: LoadedPolicy
}

/** Reads robot file and model; throws what is wrong with them. `signal` ends the loading. */
export async function loadDriver(
  {
    robot: name,
    policy,
    precision,
  }: { readonly robot: string; readonly policy?: string | undefined; readonly precision?: Precision | undefined },
  signal: AbortSignal,
): Promise<Driver> {
  const robot = readRobot(name)
  return { robot, policy: await loadPolicy(policy, robot, { precision, signal }) }
}
