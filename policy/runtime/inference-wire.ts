import type { Slot } from '../features/tensors.js'

/** The tensors of a recurrent state, in the program's own memory. The output becomes the input of the next run. */
export interface StateSlots {
  readonly input: Slot
  readonly output: Slot
  /** The values with which it begins: one for all, or each of them. */
  readonly initial: number | readonly number[]
}

/** The options that the program of an InferenceProcess gets at its start, as JSON in its last argument. */
export interface ProgramOptions {
  readonly path: string
  /** Id of the process that started it. */
  readonly parent: number
  readonly inputs: readonly Slot[]
  readonly outputs: readonly Slot[]
  /** Bytes of all inputs, and of all outputs behind them. Slots count from the start of the inputs. */
  readonly inputBytes: number
  readonly outputBytes: number
  /** The recurrent states. They stay in the program's own memory. */
  readonly states: readonly StateSlots[]
  /** Bytes of that memory. */
  readonly stateBytes: number
  readonly intraOpNumThreads: number
}

/**
 * The file descriptor of the pipe in the program. A request is the bytes of all inputs and, with states, one byte more: 1
 * where the states are set to their first values before the run, 0 where they are those of the run before.
 */
export const WIRE = 3

/**
 * An answer has a head and a body. The head is little-endian: byte 0 is the kind (u8), byte 4 the length of the body
 * (u32), byte 8 the wall-clock time of the inference alone in ms (f64). After `done` the body is all outputs, otherwise
 * a text. The first answer comes without a request, when the model has run once on zeros.
 */
export const ANSWER = { head: 16, kind: 0, length: 4, ms: 8, done: 0, notLoaded: 1, notRun: 2 } as const
