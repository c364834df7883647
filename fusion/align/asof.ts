import { Hold } from './hold.js'
import type { Track } from './track.js'

/** The newest sample at or before the tick, when it is no older than `maxAge` ns. Never waits. */
export class Asof extends Hold {
  constructor(track: Track, limits: { readonly maxAge: number }) {
    super(track, limits.maxAge)
  }
}
