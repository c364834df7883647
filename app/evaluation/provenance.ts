import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import type { Precision } from '../../policy/contract/onnx-metadata.js'
import { EXPERT } from '../policies/policies.js'
import type { Driver } from './driver.js'

/**
 * What drove a benchmark, so that it can be told apart and run again. `null`: the scripted expert has no file; a model
 * that does not say.
 */
export interface Provenance {
  readonly model: string
  /** What its weights are stored in; `fp32` for the expert. */
  readonly precision: Precision
  readonly modelSha256: string | null
  readonly trainingCommit: string | null
  readonly robot: string
  readonly robotSha256: string
}

/** What its result says of a benchmark's robot file and model. */
export async function provenanceOf({ robot, policy: { model } }: Driver): Promise<Provenance> {
  const common = { robot: robot.name, robotSha256: robot.sha256 }
  if (!model) return { model: EXPERT, precision: 'fp32', modelSha256: null, trainingCommit: null, ...common }
  const { file, policy } = model
  const commit = policy.contract.training?.commit
  return {
    model: basename(file),
    precision: policy.precision,
    modelSha256: createHash('sha256')
      .update(await readFile(file))
      .digest('hex'),
    trainingCommit: typeof commit === 'string' ? commit : null,
    ...common,
  }
}
