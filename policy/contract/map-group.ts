import { z } from 'zod'
import { validate } from '../../robots/validation.js'
import type { Channel } from '../action/action-kind.js'
import { ACTION_KINDS } from '../action/action-kinds.js'
import { groupSchema, type GroupSpec } from './group-spec.js'
import { hasScaling, limitsInSi, outOfGraph, scalingFault, scalingFields, siUnit, unitFault } from './map-scaling.js'

const numbers = z.looseObject({ ...scalingFields, unit: z.string().optional(), limits: z.unknown().optional() })
const ranges = z.array(z.tuple([z.number(), z.number()]).nullable())

/**
 * A group as a map says it: as in a contract, and in the units of the graph. `mean` and `std`, or `min` and `max`, are
 * those of the training; `unit` may be one that is not SI. In the contract they become `scale` and `bias`, and the limits
 * are in SI units.
 */
export const mapGroupSchema = z.unknown().transform((value, context): GroupSpec => {
  const group = inSiUnits(value, message => context.addIssue({ code: 'custom', message }))
  const { data, issues } = validate<typeof groupSchema>(groupSchema, group)
  for (const { path, message } of issues ?? []) context.addIssue({ code: 'custom', path: [...path], message })
  return data ?? z.NEVER
})

/** The group with `scale`, `bias`, `unit` and `limits` of a contract. What is no number here the contract refuses. */
function inSiUnits(value: unknown, fault: (message: string) => void): unknown {
  const { data } = validate(numbers, value)
  if (data === undefined) return withNumbersChecked(value, fault)
  if (!hasScaling(data)) return value
  const { scale, bias, mean, std, min, max, unit, limits, ...rest } = data
  const columns = columnsOf(rest)
  const wrong =
    scalingFault(data) ??
    (needsUnit(rest) && unit !== undefined ? (unitFault(unit) ?? columnFault(unit, columns)) : undefined)
  if (wrong !== undefined) {
    fault(wrong)
    return { ...rest, ...keptUnit(rest, unit) }
  }
  const units = unitsOf(unit ?? '', columns)
  const given = { scale, bias, mean, std, min, max }
  // Lists of another length than the columns are refused by the contract.
  const fits = Object.values(given).every(each => !Array.isArray(each) || each.length === units.length)
  const affine = outOfGraph(given, fits ? units : [unit ?? ''])
  const inUnit = ranges.safeParse(limits)
  return {
    ...rest,
    ...keptUnit(rest, unit),
    ...(isChange(affine.scale, 1) && { scale: affine.scale }),
    ...(isChange(affine.bias, 0) && { bias: affine.bias }),
    ...(limits !== undefined && { limits: inUnit.success ? limitsInSi(inUnit.data, units) : limits }),
  }
}

function withNumbersChecked(value: unknown, fault: (message: string) => void): unknown {
  if (value === null || typeof value !== 'object') return value
  const { scale: _1, bias: _2, mean: _3, std: _4, min: _5, max: _6, ...rest } = value as Record<string, unknown>
  for (const { path, message } of validate(numbers, value).issues ?? []) fault(`${path.join('.')}: ${message}`)
  return rest
}

const isChange = (given: number | readonly number[], nothing: number): boolean =>
  [given].flat().some(each => each !== nothing)

/** A scalar has any unit. It is converted where it is known. */
const needsUnit = ({ kind }: { readonly [key: string]: unknown }): boolean => kind !== 'scalar'

const names = z.array(z.string())

/**
 * The columns of a gripper, each with its own unit. Undefined for the other kinds, whose columns have the unit of their
 * group, and where the contract refuses the channels.
 */
function columnsOf(group: { readonly [key: string]: unknown }): readonly Channel[] | undefined {
  const { data: channels } = names.safeParse(group['channels'])
  if (group['kind'] !== 'gripper' || channels === undefined) return undefined
  const columns = ACTION_KINDS.get('gripper')?.columns({ name: '', kind: 'gripper', channels })
  return columns?.every(column => column.unit !== undefined) ? columns : undefined
}

/** What is wrong with a unit that no column has. Undefined: nothing. */
function columnFault(unit: string, columns: readonly Channel[] | undefined): string | undefined {
  if (columns === undefined || columns.some(column => column.unit === siUnit(unit))) return undefined
  const own = columns.map(column => `${column.name} (${column.unit || 'no unit'})`)
  return `unit '${unit}' is of none of its columns: ${own.join(', ')}`
}

/** The unit of each column, or one for all. A column of another quantity than the unit is in SI units. */
function unitsOf(unit: string, columns: readonly Channel[] | undefined): readonly string[] {
  return columns === undefined ? [unit] : columns.map(column => (column.unit === siUnit(unit) ? unit : column.unit))
}

/** A gripper says no unit in a contract. */
function keptUnit({ kind }: { readonly [key: string]: unknown }, unit: string | undefined): { unit?: string } {
  return unit === undefined || kind === 'gripper' ? {} : { unit: siUnit(unit) }
}
