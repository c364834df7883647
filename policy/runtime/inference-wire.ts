import type { Slot } from '../features/tensors.js'

/** What the program of an InferenceProcess is told at its start, as JSON in its last argument. */
export interface ProgramOptions {
  readonly path: string
  /** Id of the process that it serves. */
  readonly parent: number
  readonly inputs: readonly Slot[]
  readonly outputs: readonly Slot[]
  /** Bytes of all inputs, and of all outputs behind them: their slots count from the start of the inputs. */
  readonly inputBytes: number
  readonly outputBytes: number
  readonly intraOpNumThreads: number
}

/** The descriptor of the wire in the program. A request is the bytes of all inputs. */
export const WIRE = 3

/**
 * An answer is a head and a body. The head, by byte: 0 kind (u8), 4 length of the body (u32), 8 wall time of the
 * inference alone, ms (f64), little-endian. The body: all outputs after `done`, else a text. The first answer comes by
 * itself, once the model has run on zeros.
 */
export const ANSWER = { head: 16, kind: 0, length: 4, ms: 8, done: 0, notLoaded: 1, notRun: 2 } as const
