import { FusionError } from '../errors.js'
import type { Align, Stream } from '../../robots/robot.js'
import type { VectorRing } from '../vector-ring.js'
import type { VoiceQueue } from '../voice-queue.js'
import { Asof } from './asof.js'
import { Events } from './events.js'
import { Hold } from './hold.js'
import { Interpolate } from './interpolate.js'
import { Nearest } from './nearest.js'
import type { Strategy } from './strategy.js'
import type { Track } from './track.js'
import { Window } from './window.js'

/** What a stream keeps, by the kind of its samples. */
export interface Buffers {
  readonly track?: Track
  readonly ring?: VectorRing
  readonly queue?: VoiceQueue
}

type Of<S extends Align['strategy']> = Extract<Align, { strategy: S }>
type Makers = { readonly [S in Align['strategy']]: (align: Of<S>, buffers: Buffers, stream: Stream) => Strategy }

/** The alignment strategies by the name that a robot file uses. */
const MAKERS: Makers = {
  interpolate: (align, { track }, stream) => new Interpolate(need(track, stream, 'frames or vectors'), align),
  nearest: (align, { track }, stream) => new Nearest(need(track, stream, 'frames or vectors'), align),
  hold: (_, { track }, stream) => new Hold(need(track, stream, 'frames or vectors')),
  asof: (align, { track }, stream) => new Asof(need(track, stream, 'frames or vectors'), align),
  window: (align, { ring }, stream) => new Window(need(ring, stream, 'vectors'), align),
  events: (_, { queue }, stream) => new Events(need(queue, stream, 'events')),
}

/**
 * The strategy of a stream on its buffers. Throws FusionError `STRATEGY_TYPE` when it does not take the stream's kind
 * of samples.
 */
export function makeStrategy(stream: Stream, buffers: Buffers): Strategy {
  const make = MAKERS[stream.align.strategy] as (align: Align, buffers: Buffers, stream: Stream) => Strategy
  return make(stream.align, buffers, stream)
}

function need<T>(buffer: T | undefined, stream: Stream, kind: string): T {
  if (buffer === undefined) {
    throw new FusionError(
      'STRATEGY_TYPE',
      `stream ${stream.name}: align ${stream.align.strategy} takes ${kind}, ` +
        `which ${stream.type} is not; choose another strategy`,
    )
  }
  return buffer
}
