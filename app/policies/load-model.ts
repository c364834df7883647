import type { Policy } from '../../policy/policy.js'
import { OnnxPolicy } from '../../policy/runtime/onnx-policy.js'
import type { Robot } from '../../robots/robot.js'
import { shippedModel } from './model-path.js'

/** The files of a policy. Undefined: the model that comes with prehend; no encoder. */
export interface PolicyFiles {
  readonly policy: string | undefined
  readonly encoder: string | undefined
}

/** Loads an ONNX model as the policy of a robot. Throws PolicyError. `signal` ends the loading. */
export const loadModel = ({ policy, encoder }: PolicyFiles, robot: Robot, signal: AbortSignal): Promise<Policy> =>
  OnnxPolicy.load(policy ?? shippedModel(), robot, { encoder, signal })
