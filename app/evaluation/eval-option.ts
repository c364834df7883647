import type { z } from 'zod'
import type { CellLoopOptions } from '../session/cell-loop.js'
import type { Provenance } from './provenance.js'

/** The flag of an option on the command line. Its name is the option's name, in words with dashes. */
export interface Flag<Value> {
  /** Its argument as the help shows it, such as `<n>`. */
  readonly argument: string
  readonly help: string
  /** The value that a text stands for. Default: the text itself. Throws UsageError that says what was expected. */
  read?(text: string): Value
  /** The only texts that are allowed. */
  readonly choices?: readonly string[]
  /** Names of options that cannot be given together with this one. */
  readonly conflicts?: readonly string[]
}

/**
 * What an option is about: the scene that the policy meets, the draw of its episodes, or how they are run. Results and
 * reports name options in this order.
 */
export const PARTS = ['scene', 'draw', 'run'] as const

/** A benchmark that has run, for a row of its report. */
export interface Ran<All> {
  readonly options: All
  readonly provenance: Provenance
  /** Number of episodes that were run. */
  readonly episodes: number
  /** How the chunks were carried out: one of EXECUTION_MODES. Undefined: nothing was run. */
  readonly execution: string | undefined
}

/**
 * An option of `prehend eval`, with all that the command, the loop, the workers and the report need of it. Its value is
 * plain data, since it is sent to other processes. `All` has the values of all options.
 */
export interface EvalOption<Value, All> {
  readonly part: (typeof PARTS)[number]
  /** Left out: the option has no flag. */
  readonly flag?: Flag<Exclude<Value, undefined>>
  /** Checks a value. Its message says what was expected. */
  readonly schema: z.ZodType<Exclude<Value, undefined>>
  /** Left out: the option may have no value. */
  readonly default?: Value
  /** The option is for the parent process alone, and is not sent to workers. */
  readonly isOfParent?: boolean
  /** Called before anything starts. Throws an error for the user where the value cannot be used. */
  check?(value: Value, all: All): void
  /** The loop's options that follow from the value. `signal` ends the loop's wait for a simulator. */
  loop?(value: Value, all: All, signal: AbortSignal): Partial<CellLoopOptions>
  /** The file that the value names. It is sent along where an episode runs on another machine. */
  file?(value: Value, all: All): string | undefined
  /** The value in the result, in a field of the option's name. */
  result?(value: Value): string | number | boolean | null
  /** The option's row in the report. */
  readonly row?: { readonly name: string; text(value: Value, ran: Ran<All>): string }
}
