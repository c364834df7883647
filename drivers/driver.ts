import type { Gripper } from './gripper.js'

/**
 * An option of a driver or of its transport, as a robot file says it. The robot file's schema, its defaults and its
 * canonical text are made from it, so it is data alone.
 */
export type DriverOption = CountOption | TextOption

interface CountOption {
  readonly kind: 'count'
  /** A whole number, both ends inclusive. */
  readonly least: number
  readonly most: number
  readonly default: number
  /** For the schema, one sentence or two. */
  readonly note: string
}

interface TextOption {
  readonly kind: 'text'
  /** What it is, with its article: `a CAN identifier`. */
  readonly what: string
  readonly default: string
  readonly note: string
}

export type DriverOptions = Readonly<Record<string, DriverOption>>

/** The values of options; what is left out has its default. */
export type OptionValues<O extends DriverOptions> = {
  readonly [K in keyof O]?: O[K] extends CountOption ? number : O[K] extends TextOption ? string : string | number
}

/** What a driver speaks over: `port` in a robot file. */
export interface Transport<P extends DriverOptions = DriverOptions> {
  /** What `port.path` is, with its article: `a device path`. */
  readonly path: string
  /** What stands in `port` beside `path`. */
  readonly options: P
  /** In a few words; `path`: where it is, in words too. */
  describe(path: string, port: OptionValues<NoInfer<P>>): string
  /** What is at a path, in words, and opens nothing. Throws DriverError where it is no such port. */
  look(path: string): string
  /** What to do where `look` throws. */
  readonly remedy: string
}

/** A port whose path is known, with the options of its transport. */
export type PortSetting<P extends DriverOptions = DriverOptions> = { readonly path: string } & OptionValues<P>

export interface Patience {
  /** ms that bytes may take to leave, and an answer to come. Undefined: the driver's own. */
  readonly patience?: number | undefined
}

/**
 * All that others need to know of a gripper's driver. Adding one is one file with such a declaration and one line in
 * `registry.ts`.
 */
export interface Driver<O extends DriverOptions = DriverOptions, P extends DriverOptions = DriverOptions> {
  /** The word for it in a robot file: `actions.gripper.driver`. */
  readonly name: string
  readonly transport: Transport<P>
  /** What stands in `actions.gripper` beside `driver` and `port`. */
  readonly options: O
  /** The options in a few words. */
  describe(options: OptionValues<NoInfer<O>>): string
  /** The gripper, not yet connected. Bad options throw a TypeError that names the option. */
  create(port: PortSetting<P>, options: OptionValues<O>, patience: Patience): Gripper
}

/** A declaration whose options have the types that its functions take. */
export const driver = <const O extends DriverOptions, const P extends DriverOptions>(
  declared: Driver<O, P>,
): Driver<O, P> => declared
