/**
 * An option of an alignment strategy. The robot file's schema, its defaults and its canonical text are made from it, so
 * it is data alone. Quantities stand as one writes them in a robot file; a default is in the unit of the value.
 */
export type Option<T> = Common<T> &
  (T extends boolean ? Flag : T extends number ? Time | Count : T extends readonly number[] ? Times : never)

interface Common<T> {
  /**
   * Its key in a robot file. The option that has the name of its strategy is the main one: `align: { window: 33 ms }`
   * says the strategy by it.
   */
  readonly key: string
  /** For the schema, one sentence or two. */
  readonly note: string
  /** Undefined: a robot file has to say it. */
  readonly default?: T
  /** Of a main option: a value as one writes it, for messages. */
  readonly example?: string
  /** Of a main option without a default: what it is, with its article. */
  readonly what?: string
  /** It stands beside `align`, as a key of the stream. */
  readonly beside?: boolean
}

/** A time in ns. */
interface Time {
  readonly kind: 'time'
  /** Both ends inclusive. */
  readonly range: readonly [least: string, most: string]
}

/** A whole number from 1 on. */
interface Count {
  readonly kind: 'count'
  readonly most: number
}

interface Flag {
  readonly kind: 'flag'
}

/** Times in ns that grow. */
interface Times {
  readonly kind: 'times'
  /** For the schema, of one of them. */
  readonly each: string
  readonly range: readonly [least: string, most: string]
  /** How many there may be. */
  readonly most: number
}

export type AnyOption = Option<number> | Option<boolean> | Option<readonly number[]>
