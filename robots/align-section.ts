import { z } from 'zod'
import type { Align } from '../fusion/align/align.js'
import type { AnyOption } from '../fusion/align/option.js'
import { STRATEGIES, strategyOf } from '../fusion/align/strategies.js'
import type { StrategyDeclaration } from '../fusion/align/strategy.js'
import { count, time, word, type Fail, type Path } from './fields.js'
import { mapping } from './validation.js'

/** The alignment of a stream as the robot file gives it, after the schema. Times in whole ns. */
export type AlignParsed = string | Readonly<Record<string, unknown>> | undefined

const optionsOf = (declared: StrategyDeclaration): [field: string, option: AnyOption][] =>
  Object.entries<AnyOption>(declared.options)

/** The option that names the strategy. Undefined where only the strategy's name is written. */
const mainOption = (declared: StrategyDeclaration): AnyOption | undefined =>
  optionsOf(declared).find(([, { key }]) => key === declared.name)?.[1]

/** The options of all strategies that stand inside `align`, or beside it, by key. */
function keysOf({ beside }: { readonly beside: boolean }): Map<string, AnyOption> {
  const all = [...STRATEGIES.values()].flatMap(declared => optionsOf(declared).map(([, option]) => option))
  return new Map(all.filter(option => (option.beside ?? false) === beside).map(option => [option.key, option]))
}

/** `{ window: 33.333333 ms }` for each strategy that has a main option. */
const examples = (): string[] =>
  [...STRATEGIES.values()].flatMap(declared => {
    const main = mainOption(declared)
    return main ? [`{ ${main.key}: ${main.example} }`] : []
  })

/** The schema of `align`. */
export function alignSchema() {
  return z
    .union([
      word('strategy', [...STRATEGIES.keys()] as [string, ...string[]]),
      mapping(shapeOf(keysOf({ beside: false }))),
    ])
    .meta({ description: `How samples become a value at the tick: a word, or ${examples().join(', ')}.` })
}

/** The schemas of the keys that stand beside `align`. */
export const besideShape = (): Record<string, z.ZodType> => shapeOf(keysOf({ beside: true }))

const shapeOf = (options: ReadonlyMap<string, AnyOption>): Record<string, z.ZodType> =>
  Object.fromEntries([...options].map(([key, option]) => [key, schemaOf(option)]))

function schemaOf(option: AnyOption): z.ZodType {
  switch (option.kind) {
    case 'time':
      return time(option.note, option.range).optional()
    case 'count':
      return count(option.note, option.most).optional()
    case 'flag':
      return z.boolean({ error: 'expected true or false' }).optional().meta({ description: option.note })
    case 'times':
      return z
        .array(time(option.each, option.range), { error: 'expected a list of times such as [8 ms, 16 ms]' })
        .max(option.most, { error: `at most ${option.most} windows` })
        .refine(times => times.every((each, i) => i === 0 || each > times[i - 1]!), {
          error: 'windows must grow: [8 ms, 16 ms, …]',
        })
        .optional()
        .meta({ description: option.note })
  }
}

/**
 * The alignment of a stream with its defaults. `stream`: the stream in the robot file. `fallback`: the strategy where
 * the file names none. Calls `fail` where options are missing or belong to another strategy.
 */
export function resolveAlign(
  stream: { readonly align?: AlignParsed },
  fallback: string,
  path: (...keys: string[]) => Path,
  fail: Fail,
): Align {
  const { align } = stream
  const map = typeof align === 'object' ? align : {}
  const inside = Object.keys(map).filter(key => map[key] !== undefined)
  const given = [...STRATEGIES.keys()].filter(name => inside.includes(name))
  if (typeof align === 'object' && given.length === 0 && inside.length > 0) {
    const key = lastOf(inside)
    const owner = ownersOf(key)[0]!
    fail(
      'ROBOT_INVALID',
      path('align', key),
      `belongs to a ${owner.name}: align: { ${owner.name}: ${mainOption(owner)?.example}, ${key}: … }`,
    )
  }
  if (typeof align === 'object' && given.length !== 1) {
    const names = [...STRATEGIES.values()].filter(mainOption).map(({ name }) => name)
    fail('ROBOT_INVALID', path('align'), `say one of ${names.join(', ')}, got ${listed(given)}`)
  }
  const name = given[0] ?? (typeof align === 'string' ? align : fallback)
  const declared = strategyOf({ strategy: name } as Align)
  const foreign = inside.filter(key => !ownersOf(key).includes(declared))
  if (foreign.length > 0) {
    const key = lastOf(foreign)
    fail('ROBOT_INVALID', path('align', key), `belongs to a ${ownersOf(key)[0]!.name}, this is ${name}`)
  }
  const beside = stream as Readonly<Record<string, unknown>>
  for (const key of keysOf({ beside: true }).keys()) {
    const owners = ownersOf(key)
    if (beside[key] !== undefined && !owners.includes(declared))
      fail('ROBOT_INVALID', path(key), `belongs to ${owners.map(owner => owner.name).join(' or ')}, this is ${name}`)
  }
  const options = optionsOf(declared).map(([field, option]) => {
    const value = (option.beside ? beside : map)[option.key] ?? option.default
    if (value === undefined)
      fail('ROBOT_INVALID', path('align'), `${name} needs ${option.what}: align: { ${option.key}: ${option.example} }`)
    return [field, value]
  })
  return { strategy: name, ...Object.fromEntries(options) } as Align
}

const ownersOf = (key: string): StrategyDeclaration[] =>
  [...STRATEGIES.values()].filter(declared => optionsOf(declared).some(([, option]) => option.key === key))

/** The one of these keys inside `align` that the schema lists last. */
function lastOf(keys: readonly string[]): string {
  const ordered = [...keysOf({ beside: false }).keys()].filter(key => keys.includes(key))
  return ordered[ordered.length - 1]!
}

export const listed = (keys: readonly string[]): string => (keys.length === 0 ? 'none' : keys.join(' and '))

/** The keys of an alignment in a canonical text: `align` itself and the keys beside it. Times in s. */
export function canonicalAlign(align: Align): Readonly<Record<string, Written>> {
  const declared = strategyOf(align)
  const values = align as unknown as Readonly<Record<string, number | boolean | readonly number[]>>
  const written = (isBeside: boolean): Readonly<Record<string, Value>> =>
    Object.fromEntries(
      optionsOf(declared)
        .filter(([, { beside = false }]) => beside === isBeside)
        .map(([field, option]) => [option.key, writtenOf(option, values[field]!)]),
    )
  return { ...written(true), align: mainOption(declared) ? written(false) : declared.name }
}

type Value = number | boolean | readonly number[]
type Written = Value | string | Readonly<Record<string, Value>>

function writtenOf({ kind }: AnyOption, value: Value): Value {
  if (kind === 'time') return seconds(value as number)
  return kind === 'times' ? (value as readonly number[]).map(seconds) : value
}

/** Converts ns to s. */
export const seconds = (ns: number): number => Number((ns * 1e-9).toPrecision(15))
