import type { z } from 'zod'
import type { CellLoopOptions } from '../session/cell-loop.js'
import type { Provenance } from './provenance.js'

/** How an option is asked for on the command line. The flag itself is the option's name, in words with dashes. */
export interface Flag<Value> {
  /** Its argument as the help shows it, such as `<n>`. */
  readonly argument: string
  readonly help: string
  /** The value that a text stands for. Default: the text itself. Throws UsageError that says what was expected. */
  read?(text: string): Value
  /** The only texts that there are. */
  readonly choices?: readonly string[]
  /** Names of options that cannot be asked for beside it. */
  readonly conflicts?: readonly string[]
}

/**
 * What an option is about: what the policy meets, what is drawn from it, or how it is run. Results and reports name
 * options in this order.
 */
export const PARTS = ['scene', 'draw', 'run'] as const

/** What a benchmark has become once it has run, for a row of its report. */
export interface Ran<All> {
  readonly options: All
  readonly provenance: Provenance
  /** Episodes that were run. */
  readonly episodes: number
}

/**
 * An option of `prehend eval`: all that others need to know of it. Its value is plain data, so that it can travel to
 * other processes. `All`: the values of all options.
 */
export interface EvalOption<Value, All> {
  readonly part: (typeof PARTS)[number]
  /** Left out: the command line cannot ask for it. */
  readonly flag?: Flag<Exclude<Value, undefined>>
  /** What a value is, with a message that says what was expected. */
  readonly schema: z.ZodType<Exclude<Value, undefined>>
  /** Left out: the option may be without a value. */
  readonly default?: Value
  /** It concerns the process that was asked alone, and is not handed to its workers. */
  readonly isOfParent?: boolean
  /** Before anything is started: throws an error for the user where the value cannot be used. */
  check?(value: Value, all: All): void
  /** What it asks of the loop. `signal` ends what that has to wait for. */
  loop?(value: Value, all: All, signal: AbortSignal): Partial<CellLoopOptions>
  /** The file that it names, which has to travel where an episode runs on another machine. */
  file?(value: Value, all: All): string | undefined
  /** What the result has for it, in a field of the option's name. */
  result?(value: Value): string | number | boolean | null
  /** Its row in the report. */
  readonly row?: { readonly name: string; text(value: Value, ran: Ran<All>): string }
}
