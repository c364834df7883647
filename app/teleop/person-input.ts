import type { Bus } from '../../middleware/bus.js'
import type { Robot } from '../../robots/robot.js'
import type { Channel } from './follower.js'
import type { Operation } from './operations.js'

/** A device with which a person moves a robot. */
export interface PersonInput {
  /** Begins to listen. Rejects with an error of one line where the device cannot be had. */
  open(): Promise<void>
  /**
   * Brings `wanted` (in the order of the channels) to what the person wants at bus time `now` (ns). It has what it had
   * at the last call, and at the beginning where the robot is. False: the person is not heard, so nothing may be
   * commanded.
   */
  update(wanted: Float64Array, now: number): boolean
  /** Forgets what the person did since the last update: nothing of it may move the robot. */
  forget?(): void
  /** A key of the terminal. False: it means nothing here. */
  key?(key: string): boolean
  close(): Promise<void>
}

/** What an input is made for. */
export interface InputContext {
  readonly bus: Bus
  /** The robot that is moved. */
  readonly robot: Robot
  readonly channels: readonly Channel[]
  readonly options: InputOptions
  readonly busTimeOf: (monotonic: number) => number
  /** For a device with buttons. */
  readonly operate: (word: Operation) => void
  /** Called with one line that the user should know. */
  readonly onNotice: (text: string) => void
  readonly onError: (error: unknown) => void
}

/** What the command line says of inputs. */
export interface InputOptions {
  /** `leader`: the robot file of the leader arm. */
  readonly leader?: string | undefined
  /** `leader`: a file that says how its joints become those of the robot. */
  readonly map?: string | undefined
  /** `gamepad`: the topic of its sensor_msgs/msg/Joy. */
  readonly joy?: string | undefined
}

/** All that the command needs to know of a kind of input. A new one is one file, and one line in `person-inputs.ts`. */
export interface InputKind {
  readonly meaning: string
  /** How it is used, for the terminal. */
  readonly help: string
  /** Throws UsageError or RobotError where it does not fit the robot. */
  make(context: InputContext): PersonInput
}
