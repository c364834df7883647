import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { OnnxPolicy } from '../../fusion/policy/onnx-policy.js'
import { shippedModel } from '../models.js'
import { EXPERT } from '../policies.js'
import { readRobot } from '../robot-file.js'
import type { EvalOptions } from './options.js'

/** What drove a benchmark, so that it can be told apart and run again. `null`: the scripted expert has no file; a model that does not say. */
export interface Provenance {
  readonly model: string
  readonly modelSha256: string | null
  readonly trainingCommit: string | null
  readonly robot: string
  readonly robotSha256: string
}

/** Reads robot file and model; throws what is wrong with them. */
export async function provenanceOf({ robot: name, policy = shippedModel() }: Pick<EvalOptions, 'robot' | 'policy'>): Promise<Provenance> {
  const robot = readRobot(name)
  const common = { robot: robot.name, robotSha256: robot.sha256 }
  if (policy === EXPERT) return { model: EXPERT, modelSha256: null, trainingCommit: null, ...common }
  const loaded = await OnnxPolicy.load(policy, robot)
  const commit = loaded.contract.training?.commit
  await loaded.close()
  return {
    model: basename(policy), modelSha256: createHash('sha256').update(await readFile(policy)).digest('hex'), trainingCommit: typeof commit === 'string' ? commit : null, ...common,
  }
}
