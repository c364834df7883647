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

/** How a policy is loaded; `signal` ends it. */
export interface LoadOptions {
  readonly precision?: Precision | undefined
  readonly signal?: AbortSignal
}

/** A policy that is loaded, and waits for its cell. */
export interface LoadedPolicy {
  /** Undefined: the scripted expert, which has no file. */
  readonly model: { readonly file: string; readonly policy: OnnxPolicy } | undefined
  /** The policy of a cell; the expert sees into it. */
  readonly make: (cell: SimulatedCell) => Promise<Policy>
  close(): Promise<void>
}

/** Loads and checks a model before anything is started; throws what is wrong with it. */
export async function loadPolicy(
  name: string | undefined,
  robot: Robot,
  { precision, signal }: LoadOptions = {},
): Promise<LoadedPolicy> {
  if (asksForExpert(name, precision)) {
    return {
      model: undefined,
      make: cell => Promise.resolve(new ExpertPolicy(cell, robot)),
      close: () => Promise.resolve(),
    }
  }
  const file = modelFile(name, precision)
  const policy = await OnnxPolicy.load(file, robot, { signal })
  return { model: { file, policy }, make: () => Promise.resolve(policy), close: () => policy.close() }
}

/** As loadPolicy, for those who need no more of it than the policy of their cell. */
export const policyMaker = async (...what: Parameters<typeof loadPolicy>): Promise<LoadedPolicy['make']> =>
  (await loadPolicy(...what)).make
