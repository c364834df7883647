import { basename } from 'node:path'
import { modelSha256 } from '../../policy/contract/external-data.js'
import type { Precision } from '../../policy/contract/onnx-metadata.js'
import { EXPERT } from '../policies/policies.js'
import type { PolicyUnderTest } from './policy-under-test.js'

/**
 * Which model and robot file a benchmark ran with, so that it can be identified and run again. `null`: the scripted
 * expert has no file, or the model does not say.
 */
export interface Provenance {
  readonly model: string
  /** The type of the stored weights. `fp32` for the expert. */
  readonly precision: Precision
  readonly modelSha256: string | null
  readonly trainingCommit: string | null
  readonly robot: string
  readonly robotSha256: string
}

/** The provenance of a benchmark's result, from its robot file and model. */
export async function provenanceOf({ robot, policy: { model } }: PolicyUnderTest): Promise<Provenance> {
  const common = { robot: robot.name, robotSha256: robot.sha256 }
  if (!model) return { model: EXPERT, precision: 'fp32', modelSha256: null, trainingCommit: null, ...common }
  const { file, policy } = model
  const commit = policy.contract.training?.commit
  return {
    model: basename(file),
    precision: policy.precision,
    modelSha256: await modelSha256(file),
    trainingCommit: typeof commit === 'string' ? commit : null,
    ...common,
  }
}
