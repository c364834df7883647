/** The same messages have two names: `ignition.msgs.Wrench` up to Fortress, `gz.msgs.Wrench` from Garden on. */
export type Dialect = 'ignition' | 'gz'

const NAME = /^(ignition|gz)\.msgs\.(\w+)$/

export function typeName(dialect: Dialect, name: string): string {
  return `${dialect}.msgs.${name}`
}

/** `Wrench` of either name; a type of another package as it is. */
export function shortName(type: string): string {
  return NAME.exec(type)?.[2] ?? type
}

export function dialectOf(type: string): Dialect | undefined {
  return NAME.exec(type)?.[1] as Dialect | undefined
}
