import { closest, distance } from 'fastest-levenshtein'
import { ParameterError } from './parameter-error.js'

/** ROS 2's parameter types and their types in TypeScript. */
export interface ParameterValues {
  boolean: boolean
  integer: number
  double: number
  string: string
  boolean_array: readonly boolean[]
  integer_array: readonly number[]
  double_array: readonly number[]
  string_array: readonly string[]
}

export type ParameterType = keyof ParameterValues

export interface ParameterDescription<T extends ParameterType = ParameterType> {
  readonly type: T
  readonly default: ParameterValues[T]
  /** Inclusive limits of a number, or of every number of an array. */
  readonly range?: { readonly min: number; readonly max: number }
  /** SI unit, or empty. */
  readonly unit?: string
  readonly description: string
  readonly readOnly?: boolean
}

/** Describes one parameter. Its default is checked against its type. */
export function parameter<T extends ParameterType>(description: ParameterDescription<T>): ParameterDescription<T> {
  return description
}

type Declarations = Readonly<Record<string, ParameterDescription>>
type ValueOf<D> = D extends ParameterDescription<infer T> ? ParameterValues[T] : never

/**
 * The parameters of a node. Overrides (from a launch file or the command line) are given to the constructor and checked
 * like all other values; it throws ParameterError.
 */
export class Parameters<D extends Declarations> {
  readonly declarations: D
  /** Called after every change. */
  onChange: ((name: string, value: unknown) => void) | undefined
  readonly #node: string
  readonly #values = new Map<string, unknown>()

  constructor(node: string, declarations: D, overrides: Readonly<Record<string, unknown>> = {}) {
    this.#node = node
    this.declarations = declarations
    for (const [name, description] of Object.entries(declarations))
      this.#values.set(name, this.#checked(name, description.default))
    for (const [name, value] of Object.entries(overrides)) this.#values.set(name, this.#checked(name, value))
  }

  names(): string[] {
    return [...this.#values.keys()]
  }

  get<K extends keyof D & string>(name: K): ValueOf<D[K]> {
    this.#description(name)
    return this.#values.get(name) as ValueOf<D[K]>
  }

  /** Sets a value from outside. Integers may be BigInt. Throws ParameterError; the old value then stays. */
  set(name: string, value: unknown): void {
    const checked = this.check(name, value)
    this.#values.set(name, checked)
    this.onChange?.(name, checked)
  }

  /** The value that `set` would set. Throws the same ParameterError. */
  check(name: string, value: unknown): unknown {
    const checked = this.#checked(name, value)
    if (this.#description(name).readOnly) {
      throw new ParameterError('PARAMETER_RANGE', `${this.#node}: parameter ${name} is read-only: give it at start`)
    }
    return checked
  }

  /** Sets a value that was given at the start, also of a read-only parameter. Throws ParameterError. */
  override(name: string, value: unknown): void {
    this.#values.set(name, this.#checked(name, value))
  }

  /** The message for a name that is not one of this node's parameters. */
  unknown(name: string): string {
    const names = Object.keys(this.declarations)
    if (names.length === 0) return `${this.#node}: no parameter ${name}: it has none`
    const near = closest(name, names)
    const isNear = distance(name, near) <= Math.max(2, name.length / 2)
    return `${this.#node}: no parameter ${name}: ${isNear ? `did you mean ${near}?` : `it has ${names.join(', ')}.`}`
  }

  #description(name: string): ParameterDescription {
    if (!Object.hasOwn(this.declarations, name)) throw new ParameterError('PARAMETER_UNKNOWN', this.unknown(name))
    return this.declarations[name]!
  }

  #checked(name: string, given: unknown): unknown {
    const { type, range, unit } = this.#description(name)
    const value = normal(type, given)
    if (value === undefined) {
      throw new ParameterError(
        'PARAMETER_TYPE',
        `${this.#node}: parameter ${name}: expected ${type.replace('_', ' ')}, got ${show(given)}`,
      )
    }
    if (range !== undefined) {
      const numbers = (Array.isArray(value) ? value : [value]) as readonly number[]
      const outside = numbers.find(number => !(number >= range.min && number <= range.max))
      if (outside !== undefined) {
        const suffix = unit ? ` ${unit}` : ''
        throw new ParameterError(
          'PARAMETER_RANGE',
          `${this.#node}: parameter ${name}: expected ${range.min} to ${range.max}${suffix}, got ${outside}${suffix}`,
        )
      }
    }
    return value
  }
}

/** The value in this project's form of its type; undefined when it has another type. */
function normal(type: ParameterType, value: unknown): unknown {
  if (type.endsWith('_array')) {
    const list = ArrayBuffer.isView(value) ? Array.from(value as unknown as Iterable<unknown>) : value
    if (!Array.isArray(list)) return undefined
    const items = list.map(item => normal(type.slice(0, -'_array'.length) as ParameterType, item))
    return items.includes(undefined) ? undefined : items
  }
  if (type === 'boolean' || type === 'string') return typeof value === type ? value : undefined
  const number = typeof value === 'bigint' ? Number(value) : value
  if (typeof number !== 'number' || !Number.isFinite(number)) return undefined
  return type === 'double' || Number.isSafeInteger(number) ? number : undefined
}

function show(value: unknown): string {
  if (typeof value === 'bigint') return String(value)
  // JSON cannot express NaN and infinities.
  if (typeof value === 'number' && !Number.isFinite(value)) return `${value} (number)`
  const text = JSON.stringify(value, (_key, one: unknown) => (typeof one === 'bigint' ? Number(one) : one))
  return `${text} (${Array.isArray(value) ? 'array' : typeof value})`
}
