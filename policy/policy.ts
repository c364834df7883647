import type { Observation } from '../fusion/observation.js'

/** Channel order of an action chunk row: tool-frame offsets, then gripper width and effort. */
export const CHANNELS = ['dx', 'dy', 'dz', 'dyaw', 'width', 'effort'] as const

/**
 * C future set-points. Row i holds for `stamp + (i + 1) / rate`: dx, dy, dz (m) and dyaw (rad) are the offset of the
 * tool from its pose at `stamp`, in the tool frame at `stamp` (offsets from one origin, not steps to be summed); width
 * (m) and effort (N) are absolute.
 */
export interface ActionChunk {
  /** The observation's reference tick (ns). */
  readonly stamp: number
  /** Rows a second. */
  readonly rate: number
  /** f32[C * 6], row-major. */
  readonly data: Float32Array
  /**
   * Tool pose at `stamp` (x, y, z, qx, qy, qz, qw), the origin of the offsets. NaN where the robot's tool pose was
   * missing at `stamp`: such a chunk cannot be executed. The identity where the robot has no tool pose.
   */
  readonly origin: Float64Array
  readonly graspSuccess: number | undefined
  /** f32[4]: rgb, depth, force, voice; sums to 1. */
  readonly gate: Float32Array | undefined
  readonly latent: Float32Array | undefined
  /** Wall time of the inference alone, ms. */
  readonly inferenceMs: number
}

/** Anything that turns observations into chunks: an ONNX model, the scripted expert, a replay. */
export interface Policy {
  readonly name: string
  /** Why it can answer no more, whatever it is asked; undefined as long as it can. */
  readonly ended?: Error | undefined
  infer(observation: Observation): Promise<ActionChunk>
  close(): Promise<void>
}
