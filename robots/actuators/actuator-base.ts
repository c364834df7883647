import type { ActuatorLimits } from '../limits/actuator-limits.js'
import type { Taken } from './channels.js'
import type { ResolvedKinematics } from '../kinematics/kinematics-section.js'

/** What every actuator of a robot file has. */
export interface ActuatorBase {
  /** Its key under `actions`. A group of a policy's channels names it. */
  readonly name: string
  /** Its kind: a key of ACTUATORS. */
  readonly kind: string
  readonly takes: readonly Taken[]
  /** The joints that it moves, in order. Empty where the robot file does not name them. */
  readonly joints: readonly string[]
  /** The stream of the robot file that says where it is: what an offset counts from. */
  readonly state: string | undefined
  /** The limits that hold for it: those of the robot file, and its own before them. */
  readonly limits: ActuatorLimits
  readonly kinematics: ResolvedKinematics | undefined
  /** A position (rad or m) for each of `joints`. */
  readonly home: Readonly<Record<string, number>> | undefined
}

/** The fields of an actuator that its kind gives it. The others are the same for all kinds. */
export type OwnFields<A extends ActuatorBase> = Omit<A, 'name' | 'limits' | 'kinematics' | 'home'>
