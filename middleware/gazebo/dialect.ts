/** The two names of Gazebo's messages: `ignition.msgs.Wrench` up to Fortress, `gz.msgs.Wrench` from Garden on. */
export type Dialect = 'ignition' | 'gz'

const NAME = /^(ignition|gz)\.msgs\.(\w+)$/

export function typeName(dialect: Dialect, name: string): string {
  return `${dialect}.msgs.${name}`
}

/** `Wrench` for both of its names; the name of another package's type unchanged. */
export function shortName(type: string): string {
  return NAME.exec(type)?.[2] ?? type
}

export function dialectOf(type: string): Dialect | undefined {
  return NAME.exec(type)?.[1] as Dialect | undefined
}
