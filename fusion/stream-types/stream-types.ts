import type { StrategyName } from '../align/align.js'
import type { Modality } from '../modality.js'
import type { Stream } from '../stream.js'
import { compressedImage, image } from './image.js'
import { imu } from './imu.js'
import { jointState } from './joint-state.js'
import { jointTrajectory } from './joint-trajectory.js'
import { float32Array, float64Array } from './multi-array.js'
import { pose } from './pose-stamped.js'
import type { Kind, StreamType } from './stream-type.js'
import { string } from './string.js'
import { twist } from './twist-stamped.js'
import { voiceEvent } from './voice-event.js'
import { wrench } from './wrench-stamped.js'

/** One line for each type. Messages name them in this order. */
const SHIPPED: readonly StreamType[] = [
  image,
  compressedImage,
  wrench,
  voiceEvent,
  string,
  pose,
  jointState,
  imu,
  float64Array,
  float32Array,
  jointTrajectory,
  twist,
]

/**
 * The types that a stream may have, by name. A type from elsewhere is added with `set`, before robot files are read.
 */
export const STREAM_TYPES: Map<string, StreamType> = new Map(SHIPPED.map(each => [each.type, each]))

/** The strategy of a stream without `align`. */
export const DEFAULT_STRATEGY: Readonly<Record<Modality, StrategyName>> = {
  rgb: 'nearest',
  depth: 'interpolate',
  force: 'window',
  voice: 'events',
  proprioception: 'interpolate',
}

/** The kind of push that a type takes; `vector` for a type that is not known here. */
export function kindOf(type: string): Kind {
  return STREAM_TYPES.get(type)?.kind ?? 'vector'
}

/** Whether the messages of a type are pictures, raw or compressed. */
export function isImageType(type: string): boolean {
  return kindOf(type) === 'frame'
}

/** The names of the values of a vector stream, in order. Undefined where only the messages tell them. */
export function valueNames({ type, select }: Stream): readonly string[] | undefined {
  if (select.length > 0) return select
  const declared = STREAM_TYPES.get(type)
  return declared?.kind === 'vector' ? declared.names : undefined
}

/** Whether the vectors of a type are poses. */
export function isPoseType(type: string): boolean {
  const declared = STREAM_TYPES.get(type)
  return declared?.kind === 'vector' && declared.pose === true
}
