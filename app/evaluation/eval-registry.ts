import { z } from 'zod'
import { UsageError } from '../output/output.js'
import type { CellLoopOptions } from '../session/cell-loop.js'
import { PARTS, type EvalOption, type Ran } from './eval-option.js'
import { EVAL_OPTIONS, type EvalOptions } from './eval-options.js'

/** The options that ship are in `eval-options.ts`. Here those from outside are added, and all of them are read. */
type AnyOption = EvalOption<unknown, EvalOptions>
type Values = Readonly<Record<string, unknown>>

const registered = new Map<string, AnyOption>(Object.entries(EVAL_OPTIONS))

/** Adds an option. Throws where its name is taken. */
export function registerEvalOption<Value>(name: string, option: EvalOption<Value, EvalOptions>): void {
  if (registered.has(name)) throw new Error(`eval option ${name}: is there already`)
  registered.set(name, option)
}

/** Every option by its name, in the order of the help. */
export const evalOptions = (): ReadonlyMap<string, AnyOption> => registered

/** The options that another process needs to run episodes, as plain data. */
export const handedOn = (options: EvalOptions): Values => {
  const values: Values = { ...options }
  return Object.fromEntries(
    [...registered].flatMap(([name, { isOfParent }]) => (isOfParent ? [] : [[name, values[name]]])),
  )
}

/**
 * Reads options from plain data. An option that is left out has its default. Throws UsageError for a value that its
 * schema refuses, and for a name that no option has.
 */
export function readEvalOptions(data: unknown): EvalOptions {
  const schema = z.strictObject(
    Object.fromEntries(
      [...registered].map(([name, option]) => [
        name,
        option.default === undefined ? option.schema.optional() : option.schema.default(option.default as never),
      ]),
    ),
  )
  const read = schema.safeParse(data)
  if (read.success) return read.data as unknown as EvalOptions
  const { path, message } = read.error.issues[0]!
  throw new UsageError(`options of an evaluation: ${[...path, ''].join(': ')}${message}`)
}

/** Called before anything starts. Throws an error for the user where an option's value cannot be used. */
export function checkEvalOptions(options: EvalOptions): void {
  for (const [value, option] of valuesOf(options)) option.check?.(value, options)
}

/** The loop's options that follow from those of the benchmark. */
export const loopOptionsOf = (
  options: EvalOptions,
  signal: AbortSignal,
): Pick<CellLoopOptions, 'seed' | 'objects'> & Partial<CellLoopOptions> =>
  valuesOf(options).reduce((all, [value, option]) => ({ ...all, ...option.loop?.(value, options, signal) }), {
    seed: options.seed,
    objects: options.objects,
  })

/** The files that the options name, by the options' names. */
export const filesOf = (options: EvalOptions): Record<string, string> =>
  Object.fromEntries(
    valuesOf(options).flatMap(([value, option, name]) => {
      const file = option.file?.(value, options)
      return file === undefined ? [] : [[name, file]]
    }),
  )

/** The options in the result. */
export const resultOf = (options: EvalOptions): Record<string, string | number | boolean | null> =>
  Object.fromEntries(byPart(options).flatMap(([value, { result }, name]) => (result ? [[name, result(value)]] : [])))

/** The options in a report: names and texts. */
export const rowsOf = (ran: Ran<EvalOptions>): (readonly [string, string])[] =>
  byPart(ran.options).flatMap(([value, { row }]) => (row ? [[row.name, row.text(value, ran)] as const] : []))

const valuesOf = (options: EvalOptions): [unknown, AnyOption, string][] => {
  const values: Values = { ...options }
  return [...registered].map(([name, option]) => [values[name], option, name])
}

const byPart = (options: EvalOptions): [unknown, AnyOption, string][] =>
  valuesOf(options).sort(([, a], [, b]) => PARTS.indexOf(a.part) - PARTS.indexOf(b.part))
