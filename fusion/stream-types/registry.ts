import type { StrategyName } from '../align/align.js'
import type { Modality } from '../modality.js'
import type { Stream } from '../stream.js'
import { compressedImage, image } from './image.js'
import { jointState } from './joint-state.js'
import { pose } from './pose.js'
import type { Kind, StreamType } from './stream-type.js'
import { string } from './string.js'
import { voiceEvent } from './voice-event.js'
import { wrench } from './wrench.js'

/** One line a type; messages name them in this order. */
const SHIPPED: readonly StreamType[] = [image, compressedImage, wrench, voiceEvent, string, pose, jointState]

/**
 * The types that a stream may have, by name. A type from elsewhere is added with `set`, before robot files are read.
 */
export const STREAM_TYPES: Map<string, StreamType> = new Map(SHIPPED.map(each => [each.type, each]))

/** The strategy of a stream whose `align` is left out. */
export const DEFAULT_STRATEGY: Readonly<Record<Modality, StrategyName>> = {
  rgb: 'nearest',
  depth: 'interpolate',
  force: 'window',
  voice: 'events',
  proprioception: 'interpolate',
}

/** What kind of push a type takes; of one that is not known here: a vector. */
export function kindOf(type: string): Kind {
  return STREAM_TYPES.get(type)?.kind ?? 'vector'
}

/** Whether the messages of a type are pictures, as they are or compressed. */
export function isImageType(type: string): boolean {
  return kindOf(type) === 'frame'
}

/** Names of the values in a vector stream, in their order; undefined where only the messages tell. */
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
