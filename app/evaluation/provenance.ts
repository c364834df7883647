import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { OnnxPolicy, readModel } from '../../policy/runtime/onnx-policy.js'
import type { Precision } from '../../policy/contract/onnx-metadata.js'
import { modelFile } from '../policies/models.js'
import { asksForExpert, EXPERT } from '../policies/policies.js'
import { readRobot } from '../robot/load-robot.js'
import type { EvalOptions } from './evaluation-options.js'

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

/** Reads robot file and model; throws what is wrong with them. */
export async function provenanceOf(
  { robot: name, policy: given, precision }: Pick<EvalOptions, 'robot' | 'policy' | 'precision'>,
  signal?: AbortSignal,
): Promise<Provenance> {
  const robot = readRobot(name)
  const common = { robot: robot.name, robotSha256: robot.sha256 }
  if (asksForExpert(given, precision))
    return { model: EXPERT, precision: 'fp32', modelSha256: null, trainingCommit: null, ...common }
  const policy = modelFile(given, precision)
  const loaded = await OnnxPolicy.load(policy, robot, { signal })
  const commit = loaded.contract.training?.commit
  await loaded.close()
  const { precision: found } = await readModel(policy)
  return {
    model: basename(policy),
    precision: found,
    modelSha256: createHash('sha256')
      .update(await readFile(policy))
      .digest('hex'),
    trainingCommit: typeof commit === 'string' ? commit : null,
    ...common,
  }
}
