import type { Observation } from '../fusion/observation.js'
import type { FastTicksConfig } from '../fusion/fast-ticks.js'
import type { ActionGroup } from './action/action-kind.js'
import type { TensorData } from './features/tensors.js'

/** The channels of a row of an action chunk of contract version 1, in order: offsets in the tool frame, then gripper width and effort. */
export const CHANNELS = ['dx', 'dy', 'dz', 'dyaw', 'width', 'effort'] as const

/**
 * C future set-points. Row i is for the time `stamp + (i + 1) / rate`. The columns belong to groups, one for each
 * actuator, in SI units; `policy/action/action-kinds.ts` has what they mean.
 *
 * Without `groups` a row has the 6 channels of contract version 1. dx, dy, dz (m) and dyaw (rad) are the offset of the
 * tool from its pose at `stamp`, in the tool frame at `stamp`. All rows count from that one origin; they are no steps to
 * be summed. width (m) and effort (N) are absolute.
 */
export interface ActionChunk {
  /** The observation's reference tick (ns). */
  readonly stamp: number
  /** Rows per second. */
  readonly rate: number
  /** f32[C * columns], row-major. */
  readonly data: Float32Array
  /**
   * Where the actuators were at `stamp`, for the groups that count from there, one after another: a tool pose (x, y, z
   * in m, qx, qy, qz, qw), or joint positions. NaN where that was missing at `stamp`: such a chunk cannot be executed.
   * In version 1 the tool pose, and the identity where the robot has none.
   */
  readonly origin: Float64Array
  /** Of a head: the stamp (ns) of the observation that its features are from. */
  readonly featureStamp?: number
  /** Default: those of contract version 1. */
  readonly groups?: readonly ActionGroup[]
  readonly graspSuccess: number | undefined
  /** f32[4]: the weights of rgb, depth, force and voice. Their sum is 1. */
  readonly gate: Float32Array | undefined
  readonly latent: Float32Array | undefined
  /** Wall-clock time of the inference alone, ms. */
  readonly inferenceMs: number
}

/** What an encoder has made of an observation at a reference tick. */
export interface EncodedFeatures extends Pick<Observation, 'stamp' | 'episode'> {
  /** By the names of the encoder's contract. */
  readonly values: ReadonlyMap<string, TensorData>
  /** Wall-clock time of the inference alone, ms. */
  readonly inferenceMs: number
}

/** Turns observations at reference ticks into features for a head. */
export interface Encoder {
  readonly name: string
  /** As of a policy. */
  readonly ended?: Error | undefined
  encode(observation: Observation): Promise<EncodedFeatures>
  /** As of a policy. */
  observe?(observation: Observation): Promise<void>
}

/** What a policy that is a head has beside it. */
export interface Head {
  /** The ticks at which it answers, and the streams that it observes. */
  readonly ticks: FastTicksConfig
  /** How old the observation of its features may be at a tick, ns. */
  readonly maxAge: number
  readonly encoder: Encoder
}

/** Turns observations into action chunks: an ONNX model, the scripted expert, or a replay. */
export interface Policy {
  readonly name: string
  /** How its chunks are carried out where they overlap: one of EXECUTION_MODES. Default: temporal ensembling. */
  readonly execution?: string | undefined
  /** Why the policy cannot answer any more. Undefined as long as it can. */
  readonly ended?: Error | undefined
  /** Left out: one graph, which answers at the reference ticks. */
  readonly head?: Head | undefined
  /** A head gets observations at its own ticks, each with features of its encoder. */
  infer(observation: Observation, features?: EncodedFeatures | Promise<EncodedFeatures>): Promise<ActionChunk>
  /**
   * Takes an observation that no answer is wanted for, in the order of all. A policy with a history needs each tick.
   * Left out: the policy remembers nothing.
   */
  observe?(observation: Observation): Promise<void>
  /** Closes its encoder too. */
  close(): Promise<void>
}
