import type { AlignerConfig } from '../fusion/stream.js'
import type { Actuator } from './actuators/actuators.js'
import type { Actions } from './actuators/arm-and-gripper.js'

export type { Align } from '../fusion/align/align.js'
export type { Stream } from '../fusion/stream.js'
export type { Actuator } from './actuators/actuators.js'

/**
 * A robot file after reading: units converted to SI, times to whole ns, defaults filled in. See
 * docs/reference/robot-file.md.
 */
export interface Robot extends AlignerConfig {
  /** The namespace of relative topics: absolute, `/` by default. */
  readonly namespace: string
  /** A message on this topic starts a new episode: buffers, events and tare begin anew. */
  readonly reset: { readonly topic: string } | undefined
  /** What commands go to, by name. */
  readonly actuators: readonly Actuator[]
  /** Those of `actuators` that the control loop of an arm and a gripper drives. */
  readonly actions: Actions
  /** The limits of that arm and that gripper, and those that hold for all actuators. */
  readonly limits: Limits
  /** The languages whose stop words count, by ISO 639-1 codes. */
  readonly languages: readonly string[]
  /** The frames that do not move in their parents, by name. */
  readonly frames: readonly FixedFrame[]
  /** The canonical text (defaults filled in, keys sorted, SI numbers): the same for two files that mean the same. */
  readonly canonical: string
  /**
   * Hex sha256 of the parts of `canonical` that training depends on (tick, waits, streams, action channels; not ports).
   */
  readonly sha256: string
}

/**
 * A frame in its parent. `xyz` in m. `rpy` in rad about the parent's x, then y, then z axis (roll, pitch, yaw of URDF).
 */
export interface FixedFrame {
  readonly name: string
  readonly parent: string
  readonly xyz: readonly [number, number, number]
  readonly rpy: readonly [number, number, number]
}

/** Limits that the control node never exceeds, in m, rad, s, N, N·m. The workspace is in the base frame. */
export interface Limits {
  readonly workspace: {
    readonly x: readonly [number, number]
    readonly y: readonly [number, number]
    readonly z: readonly [number, number]
  }
  readonly speed: number
  readonly yawRate: number
  readonly width: readonly [number, number]
  readonly effort: readonly [number, number]
  /** |force| of the tared wrist wrench that counts as contact, N. */
  readonly contact: number
  /** |force| of the tared wrist wrench at which motion stops, N. */
  readonly overForce: number
  /**
   * The control node holds after this long without a wrench, a camera frame, a chunk or an answer of the gripper, ns.
   */
  readonly watchdog: {
    readonly wrench: number
    readonly camera: number
    readonly policy: number
    /** Without a message of a leader arm, a keyboard or a gamepad, while a person commands. */
    readonly person: number
    readonly gripper: number
  }
}
