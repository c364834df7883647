/**
 * An option of an alignment strategy, as data. The robot file's schema, its defaults and its canonical text are made
 * from it. Quantities are written as in a robot file. A default has the unit of the value.
 */
export type Option<T> = Common<T> &
  (T extends boolean ? Flag : T extends number ? Time | Count : T extends readonly number[] ? Times : never)

interface Common<T> {
  /**
   * The key in a robot file. The main option has the name of its strategy: `align: { window: 33 ms }` names the
   * strategy and sets the option.
   */
  readonly key: string
  /** One or two sentences for the schema. */
  readonly note: string
  /** Undefined: the robot file must set it. */
  readonly default?: T
  /** For a main option: a value as it is written, for messages. */
  readonly example?: string
  /** For a main option without a default: what it is, with its article. */
  readonly what?: string
  /** The key stands beside `align`, as a key of the stream. */
  readonly beside?: boolean
}

/** A time in ns. */
interface Time {
  readonly kind: 'time'
  /** Both ends are inclusive. */
  readonly range: readonly [least: string, most: string]
}

/** A whole number of 1 or more. */
interface Count {
  readonly kind: 'count'
  readonly most: number
}

interface Flag {
  readonly kind: 'flag'
}

/** Ascending times in ns. */
interface Times {
  readonly kind: 'times'
  /** For the schema: what one of them is. */
  readonly each: string
  readonly range: readonly [least: string, most: string]
  /** Greatest number of times. */
  readonly most: number
}

export type AnyOption = Option<number> | Option<boolean> | Option<readonly number[]>
