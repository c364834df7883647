import { isPose } from '../../fusion/rotation.js'
import { PolicyError } from '../../policy/policy-error.js'
import { RecedingHorizon } from './receding-horizon.js'
import type { Executable, ExecutionMode, SetPoint } from './set-point.js'
import { TemporalEnsembling } from './temporal-ensembling.js'

export type { Executable, SetPoint } from './set-point.js'

export interface ExecutionOptions {
  /** Temporal ensembling: how fast older chunks lose weight, per row. Default 0.1. */
  readonly m?: number
}

/** The execution modes by name. */
const MODES: Readonly<Record<string, (options: ExecutionOptions) => ExecutionMode>> = {
  temporal_ensembling: ({ m = 0.1 }) => new TemporalEnsembling(m),
  receding_horizon: () => new RecedingHorizon(),
}

export const EXECUTION_MODES: readonly string[] = Object.keys(MODES)

/** Action chunks as set-points at any moment. Time comes in as a value. */
export class ChunkExecutor {
  readonly #mode: ExecutionMode

  /** @param mode one of EXECUTION_MODES. Throws PolicyError `POLICY_EXECUTION` for any other. */
  constructor(mode: string, options: ExecutionOptions = {}) {
    if (!Object.hasOwn(MODES, mode)) {
      throw new PolicyError(
        'POLICY_EXECUTION',
        `execution mode '${mode}': expected one of ${EXECUTION_MODES.join(', ')}`,
      )
    }
    this.#mode = MODES[mode]!(options)
  }

  /**
   * Takes a copy of a chunk. False, and no effect, where it cannot be placed: an origin that is not a pose (the tool
   * pose was missing), no rows, or a value that is not finite.
   */
  push(chunk: Executable): boolean {
    const { data, origin, rate } = chunk
    if (data.length < 6 || !isPose(origin) || !(rate > 0) || !data.every(Number.isFinite)) return false
    this.#mode.push(chunk)
    return true
  }

  clear(): void {
    this.#mode.clear()
  }

  /**
   * The set-point at `t` (ns), into `out`: base frame, between rows by interpolation, before the first row from the
   * chunk's origin, after the last row that row with `exhausted` set. False, and `out` untouched, while there is no
   * chunk. Allocates nothing.
   */
  sample(t: number, out: SetPoint): boolean {
    return this.#mode.sample(t, out)
  }
}
