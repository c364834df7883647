import type { Precision } from '../../policy/contract/onnx-metadata.js'
import type { Robot } from '../../robots/robot.js'
import { loadPolicy, policyFor, type LoadedPolicy } from '../policies/policies.js'
import { readRobot } from '../robot/load-robot.js'

/** The robot file and the policy of a benchmark. A process reads each once. */
export interface PolicyUnderTest {
  readonly robot: Robot
  readonly policy: LoadedPolicy
}

/** Reads robot file and model. `signal` ends the loading. Throws RobotError, PolicyError or UsageError. */
export async function loadPolicyUnderTest(
  {
    robot: name,
    policy,
    precision,
    encoder,
  }: {
    readonly robot: string
    readonly policy?: string | undefined
    readonly precision?: Precision | undefined
    readonly encoder?: string | undefined
  },
  signal: AbortSignal,
): Promise<PolicyUnderTest> {
  const robot = readRobot(name)
  return { robot, policy: await loadPolicy(policyFor(policy, robot, precision), robot, { precision, encoder, signal }) }
}
