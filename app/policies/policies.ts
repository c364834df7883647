import { OnnxPolicy } from '../../policy/runtime/onnx-policy.js'
import type { Precision } from '../../policy/contract/onnx-metadata.js'
import type { Policy } from '../../policy/policy.js'
import type { Robot } from '../../robots/robot.js'
import type { SimulatedCell } from '../../sim/embedded/cell-handle.js'
import { ExpertPolicy } from '../../sim/embedded/expert-policy.js'
import { modelFile } from './models.js'

/** The word that stands for the scripted expert where a model's file is expected. */
export const EXPERT = 'expert'

/**
 * Whether the expert is asked for. It has no precision: with one, its word is taken for a file's name, which is
 * refused.
 */
export const asksForExpert = (name: string | undefined, precision: Precision | undefined): boolean =>
  name === EXPERT && precision === undefined

/** Loads and checks a model before anything is started, which `signal` ends; the expert waits for its cell. */
export async function policyMaker(
  name: string | undefined,
  robot: Robot,
  { precision, signal }: { readonly precision?: Precision | undefined; readonly signal?: AbortSignal } = {},
): Promise<(cell: SimulatedCell) => Promise<Policy>> {
  if (asksForExpert(name, precision)) return cell => Promise.resolve(new ExpertPolicy(cell, robot))
  const policy = await OnnxPolicy.load(modelFile(name, precision), robot, { signal })
  return () => Promise.resolve(policy)
}
