import type { AlignerConfig } from '../fusion/stream.js'

export type { Align } from '../fusion/align/align.js'
export type { Stream } from '../fusion/stream.js'

/**
 * A robot file after reading: units converted to SI, times to whole ns, defaults filled in. See `robots/` and
 * docs/reference/robot-file.md.
 */
export interface Robot extends AlignerConfig {
  /** Where its relative topics lie: absolute, `/` by default. */
  readonly namespace: string
  /** A message here starts a new episode: buffers, events and tare begin anew. */
  readonly reset: { readonly topic: string } | undefined
  readonly actions: Actions
  readonly limits: Limits
  /** Whose stop words count, by ISO 639-1 codes. */
  readonly languages: readonly string[]
  /** Where frames lie that do not move in their parents, by name. */
  readonly frames: readonly FixedFrame[]
  /** The canonical text (defaults filled in, keys sorted, SI numbers): the same for two files that mean the same. */
  readonly canonical: string
  /**
   * Hex sha256 of `canonical`, of the parts that training depends on (tick, waits, streams, action channels; not
   * ports).
   */
  readonly sha256: string
}

export interface Actions {
  readonly gripper:
    | {
        readonly driver: string
        /**
         * Undefined path: the source brings the port (the embedded cell its pseudo-terminal). Beside it the options of
         * the driver's transport (`baud`).
         */
        readonly port: { readonly path: string | undefined; readonly [option: string]: string | number | undefined }
        /** The driver's own options (`slave`). */
        readonly [option: string]: string | number | object | undefined
      }
    | undefined
  /** `topic` takes set-points; `pose` is the name of the stream that says where the tool is. */
  readonly arm: { readonly topic: string; readonly type: string; readonly pose: string } | undefined
}

/**
 * A frame in its parent: `xyz` in m; `rpy` in rad about the parent's x, then y, then z axis (URDF's roll, pitch, yaw).
 */
export interface FixedFrame {
  readonly name: string
  readonly parent: string
  readonly xyz: readonly [number, number, number]
  readonly rpy: readonly [number, number, number]
}

/** What the control node never exceeds. m, rad, s, N, N·m; workspace in the base frame. */
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
  /** |force| of the tared wrist wrench that counts as contact. */
  readonly contact: number
  /** |force| of the tared wrist wrench at which motion stops. */
  readonly overForce: number
  /** ns without a wrench, a camera frame, a chunk or a gripper answer after which the control node holds. */
  readonly watchdog: {
    readonly wrench: number
    readonly camera: number
    readonly policy: number
    readonly gripper: number
  }
}
