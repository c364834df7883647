import type { AlignerConfig, Stream } from './stream.js'
import { STREAM_TYPES } from './stream-types/registry.js'

/**
 * The clock that the times of a stream's samples are of: their headers', or that of their arrival, to which an
 * estimated clock is carried as well.
 */
export function clockOf({ timeline, clock, type }: Stream): 'header' | 'receive' {
  return timeline === 'header' && clock === 'ours' && STREAM_TYPES.get(type)?.unstamped !== true ? 'header' : 'receive'
}

/**
 * The stream that a robot's ticks come from: the one it names, else the first, with whose first sample ticks at a fixed
 * rate begin.
 */
export function referenceOf({ tick, streams }: Pick<AlignerConfig, 'tick' | 'streams'>): Stream | undefined {
  return 'from' in tick ? streams.find(({ name }) => name === tick.from) : streams[0]
}
