import type { AlignerConfig, Stream } from './stream.js'
import { STREAM_TYPES } from './stream-types/stream-types.js'

/**
 * The clock of a stream's times: that of the headers, or that of the arrival. An estimated clock is corrected to that
 * of the arrival.
 */
export function clockOf({ timeline, clock, type }: Stream): 'header' | 'receive' {
  return timeline === 'header' && clock === 'ours' && STREAM_TYPES.get(type)?.unstamped !== true ? 'header' : 'receive'
}

/**
 * The stream that the ticks come from: the one that the robot names, else the first. Ticks at a fixed rate begin with
 * its first sample. Events may never come, so a stream of them counts only where there is no other.
 */
export function referenceOf({ tick, streams }: Pick<AlignerConfig, 'tick' | 'streams'>): Stream | undefined {
  return 'from' in tick
    ? streams.find(({ name }) => name === tick.from)
    : (streams.find(({ align }) => align.strategy !== 'events') ?? streams[0])
}
