import type { Need } from '../../peers/peers.js'
import { ONNX_PACKAGES } from '../../policy/runtime/onnx-graph.js'
import { OnnxPolicy } from '../../policy/runtime/onnx-policy.js'
import type { Precision } from '../../policy/contract/onnx-metadata.js'
import type { Policy } from '../../policy/policy.js'
import type { Robot } from '../../robots/robot.js'
import { UsageError } from '../output/output.js'
import type { RobotCell } from '../../sim/robot-cell.js'
import { cellOf } from '../session/cells.js'
import { expertOf } from './experts.js'
import { modelFile } from './model-path.js'

/** The word for the scripted expert in place of a model's file. */
export const EXPERT = 'expert'

/**
 * Whether the expert is asked for. The expert has no precision, so with one the word counts as the name of a file,
 * which is then refused.
 */
export const asksForExpert = (name: string | undefined, precision: Precision | undefined): boolean =>
  name === EXPERT && precision === undefined

/**
 * The policy that is meant where `name` is what was asked for: the expert for a robot in whose cell no model is at home,
 * unless a precision says that a model is meant.
 */
export const policyFor = (name: string | undefined, robot: Robot, precision: Precision | undefined) =>
  name === undefined && precision === undefined && cellOf(robot).policy === 'expert' ? EXPERT : name

/** The optional packages that a policy needs. Throws UsageError where it can be seen that there is no such model. */
export function policyNeed(name: string | undefined, precision: Precision | undefined): readonly Need[] {
  if (asksForExpert(name, precision)) return []
  modelFile(name, precision)
  return [{ purpose: 'an ONNX policy', packages: ONNX_PACKAGES }]
}

/** How a policy is loaded; `signal` ends it. */
export interface LoadOptions {
  readonly precision?: Precision | undefined
  /** The file of the encoder of a policy that is a head. */
  readonly encoder?: string | undefined
  readonly signal?: AbortSignal
}

/** A policy that is loaded, and that a cell can use. */
export interface LoadedPolicy {
  /** Undefined: the scripted expert, which has no file. */
  readonly model:
    | { readonly file: string; readonly encoder: string | undefined; readonly policy: OnnxPolicy }
    | undefined
  /** Makes the policy of a cell. The expert reads the cell's true state. */
  readonly make: (cell: RobotCell) => Promise<Policy>
  close(): Promise<void>
}

/** Loads and checks a model before anything starts. Throws PolicyError or UsageError. */
export async function loadPolicy(
  name: string | undefined,
  robot: Robot,
  { precision, encoder, signal }: LoadOptions = {},
): Promise<LoadedPolicy> {
  if (asksForExpert(name, precision)) {
    if (encoder !== undefined)
      throw new UsageError(`--encoder ${encoder}: --policy ${EXPERT} takes no features; name a head, or leave it away`)
    return {
      model: undefined,
      make: cell => expertOf(cell, robot),
      close: () => Promise.resolve(),
    }
  }
  const file = modelFile(name, precision)
  const policy = await OnnxPolicy.load(file, robot, { encoder, signal })
  return { model: { file, encoder, policy }, make: () => Promise.resolve(policy), close: () => policy.close() }
}

/** As `loadPolicy`, but gives only the function that makes a cell's policy. */
export const policyMaker = async (...what: Parameters<typeof loadPolicy>): Promise<LoadedPolicy['make']> =>
  (await loadPolicy(...what)).make
