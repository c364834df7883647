import type { ActionGroup } from '../../policy/action/action-kind.js'
import { kindOf, VERSION_1_GROUPS } from '../../policy/action/action-kinds.js'
import { ChunkLayout } from '../../policy/action/chunk-layout.js'
import { PolicyError } from '../../policy/policy-error.js'
import { RecedingHorizon } from './receding-horizon.js'
import { setPointFor, type Executable, type ExecutionMode, type SetPoint } from './set-point.js'
import { TemporalEnsembling } from './temporal-ensembling.js'

export type { Executable, SetPoint } from './set-point.js'

export interface ExecutionOptions {
  /** For temporal ensembling: the rate, per row, at which older chunks lose weight. Default 0.1. */
  readonly m?: number
  /** Why chunks of a layout cannot be carried out, in words. Default: all can. */
  readonly fault?: (layout: ChunkLayout) => string | undefined
}

type MakeMode = (layout: ChunkLayout, options: ExecutionOptions & { readonly rows: number }) => ExecutionMode

/** The execution modes by name. */
const MODES: Readonly<Record<string, MakeMode>> = {
  temporal_ensembling: (layout, { m = 0.1 }) => new TemporalEnsembling(layout, m),
  receding_horizon: (layout, { rows }) => new RecedingHorizon(layout, rows),
}

/** The ways in which chunks that overlap are carried out. */
export const EXECUTION_MODES: readonly string[] = Object.keys(MODES)

/** What a mode may be, in words. */
export const EXECUTION_TEXT = `${EXECUTION_MODES.join(', ')} or receding_horizon:ROWS`

/** A mode in words, such as `receding_horizon:12`. */
interface Mode {
  readonly make: MakeMode
  /** Rows of a chunk that are followed before the next chunk counts. */
  readonly rows: number
}

/** Reads a mode. Throws PolicyError `POLICY_EXECUTION` where it is none. */
export function executionMode(text: string): Mode {
  const [, name = '', rows] = /^([a-z_]+)(?::([1-9]\d{0,3}))?$/.exec(text) ?? []
  const make = Object.hasOwn(MODES, name) ? MODES[name] : undefined
  if (make === undefined || (rows !== undefined && name !== 'receding_horizon'))
    throw new PolicyError('POLICY_EXECUTION', `execution mode '${text}': expected one of ${EXECUTION_TEXT}`)
  return { make, rows: Number(rows ?? 1) }
}

/**
 * Turns action chunks into set-points at any time. Time is passed in as a value. The first chunk with other groups than
 * those before it replaces them all.
 */
export class ChunkExecutor {
  /** Why the groups of the chunk that came last cannot be carried out, in words. */
  refused: string | undefined
  readonly #make: (layout: ChunkLayout) => ExecutionMode
  readonly #fault: (layout: ChunkLayout) => string | undefined
  #mode: ExecutionMode
  #layout: ChunkLayout
  #layoutFault: string | undefined
  #setPoint: SetPoint

  /** @param mode one of EXECUTION_MODES. Throws PolicyError `POLICY_EXECUTION` for any other. */
  constructor(mode: string, options: ExecutionOptions = {}) {
    const { make, rows } = executionMode(mode)
    this.#fault = options.fault ?? (() => undefined)
    this.#make = layout => make(layout, { ...options, rows })
    this.#layout = new ChunkLayout(VERSION_1_GROUPS)
    this.#layoutFault = this.#fault(this.#layout)
    this.#mode = this.#make(this.#layout)
    this.#setPoint = setPointFor(this.#layout)
  }

  /** The groups of the chunks that were pushed last, with their places. */
  get layout(): ChunkLayout {
    return this.#layout
  }

  /** The latest sample. It is refilled in place, and replaced where the layout changes. */
  get setPoint(): SetPoint {
    return this.#setPoint
  }

  /**
   * Takes a copy of a chunk. False, without effect, where the chunk cannot be executed: an origin that its rows count
   * from is missing, it has no rows, a value is not finite, a rotation is none, a group is of no known kind, or `fault`
   * has one for the layout.
   */
  push(chunk: Executable): boolean {
    const { groups = VERSION_1_GROUPS } = chunk
    const layout = sameGroups(groups, this.#layout.groups) ? this.#layout : layoutOf(groups)
    if (layout === undefined) return false
    this.refused = layout === this.#layout ? this.#layoutFault : this.#fault(layout)
    if (this.refused !== undefined || !isUsable(layout, chunk)) return false
    if (layout !== this.#layout) {
      this.#layoutFault = undefined
      this.#mode = this.#make(layout)
      this.#layout = layout
      this.#setPoint = setPointFor(layout)
    }
    this.#mode.push(chunk)
    return true
  }

  clear(): void {
    this.#mode.clear()
  }

  /**
   * Writes the set-point at `t` (ns) to `setPoint`. Between rows it is interpolated. Before the first row offsets start
   * at the chunk's origin. After the last row it is that row, with `exhausted` set. False, with the set-point
   * unchanged, while there is no chunk. Allocates nothing.
   */
  sample(t: number): boolean {
    return this.#mode.sample(t, this.#setPoint)
  }
}

/** Chunks without groups have the layout of contract version 1, and no others have it. */
function sameGroups(a: readonly ActionGroup[], b: readonly ActionGroup[]): boolean {
  if (a === VERSION_1_GROUPS || b === VERSION_1_GROUPS) return a === b
  return JSON.stringify(a) === JSON.stringify(b)
}

function layoutOf(groups: readonly ActionGroup[]): ChunkLayout | undefined {
  try {
    return new ChunkLayout(groups)
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}

/** Whether every row of a chunk can be carried out: finite numbers, an origin where it counts from one, rotations that are some. */
export function isUsable(layout: ChunkLayout, { data, origin, rate }: Executable): boolean {
  const columns = layout.columns.length
  if (columns === 0 || data.length < columns || !(rate > 0) || origin.length < layout.originSize) return false
  if (!data.every(Number.isFinite)) return false
  return layout.placed.every(placed => kindOf(placed.group).isUsable(placed.group, layout.rowsOf(placed, data, origin)))
}
