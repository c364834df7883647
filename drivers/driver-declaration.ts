import type { Gripper } from './gripper.js'

/**
 * An option of a driver or of its transport, as a robot file states it. It is data without functions, because the robot
 * file's schema, its defaults and its canonical text are made from it.
 */
export type DriverOption = CountOption | TextOption

interface CountOption {
  readonly kind: 'count'
  /** The smallest and the largest value that are allowed. The value is a whole number. */
  readonly least: number
  readonly most: number
  readonly default: number
  /** One or two sentences for the schema. */
  readonly note: string
}

interface TextOption {
  readonly kind: 'text'
  /** What the value is, with its article: `a CAN identifier`. */
  readonly what: string
  /** Undefined: it has none where it is left out. */
  readonly default: string | undefined
  readonly note: string
}

/** Options by the key that stands in a robot file. */
export type DriverOptions = Readonly<Record<string, DriverOption>>

/** The values of options. An option that is left out has its default value. */
export type OptionValues<O extends DriverOptions> = {
  readonly [K in keyof O]?: O[K] extends CountOption ? number : O[K] extends TextOption ? string : string | number
}

/** The kind of port that a driver uses: `port` in a robot file. */
export interface Transport<P extends DriverOptions = DriverOptions> {
  /** What `port.path` is, with its article: `a device path`. */
  readonly path: string
  /** The options that `port` takes beside `path`. */
  readonly options: P
  /** A port in a few words; `path` is the text that says where the port is. */
  describe(path: string, port: OptionValues<NoInfer<P>>): string
  /** What is at `path`, in words. It opens nothing. Throws a DriverError when no such port is there. */
  inspect(path: string): string
  /** What the user can do when `inspect` throws. */
  readonly remedy: string
}

/** A port whose path is known, with the options of its transport. */
export type PortSetting<P extends DriverOptions = DriverOptions> = { readonly path: string } & OptionValues<P>

/** How long a driver waits for the device. */
export interface Patience {
  /** ms that a write may take, and ms that an answer may take after it. Undefined: the driver's own limits. */
  readonly patience?: number | undefined
}

/**
 * The declaration of a gripper's driver: all that other rooms need to know of it. To add a driver, write one file with
 * such a declaration and one line in `gripper-drivers.ts`.
 */
export interface Driver<O extends DriverOptions = DriverOptions, P extends DriverOptions = DriverOptions> {
  /** The driver's name in a robot file: `actions.gripper.driver`. */
  readonly name: string
  readonly transport: Transport<P>
  /** The options that `actions.gripper` takes beside `driver` and `port`. */
  readonly options: O
  /** The options in a few words. */
  describe(options: OptionValues<NoInfer<O>>): string
  /** Makes the gripper without connecting it. A bad option throws a TypeError that names the option. */
  create(port: PortSetting<P>, options: OptionValues<O>, patience: Patience): Gripper
}

/** Gives the declaration back, with types in which its functions know its options. */
export const driver = <const O extends DriverOptions, const P extends DriverOptions>(
  declared: Driver<O, P>,
): Driver<O, P> => declared
