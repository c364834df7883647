import { Bracket } from './bracket.js'
import { present, type Aligned } from './strategy.js'

/**
 * Between the two neighbours of the tick: linear, poses by slerp, depth by `blendDepth`. Frames that cannot be blended:
 * the nearer.
 */
export class Interpolate extends Bracket {
  protected override join(tick: number, index: number, earlier: number, later: number): Aligned {
    const value = this.track.between(index, (tick - earlier) / (later - earlier))
    if (value === undefined) return this.nearer(tick, index, earlier, later)
    return present(value, tick, later, later - earlier, 2)
  }
}
