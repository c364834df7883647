import { Bracket, BRACKET, bracketText, type BracketLimits } from './bracket.js'
import { present, type Aligned, type StrategyDeclaration } from './strategy.js'

declare module './align.js' {
  interface Aligns {
    interpolate: BracketLimits
  }
}

export const interpolate: StrategyDeclaration<'interpolate', 'track'> = {
  ...BRACKET,
  name: 'interpolate',
  documentation: {
    written: '`interpolate`',
    meaning: 'between the samples on both sides of the tick (depth per pixel, poses linear and slerp)',
  },
  describe: limits => bracketText('interpolate', limits),
  make: (track, limits) => new Interpolate(track, limits),
}

/**
 * Interpolates the two samples around the tick: vectors linearly, poses by slerp, depth by `blendDepth`. Where two
 * frames cannot be blended, the nearer one is used.
 */
export class Interpolate extends Bracket {
  protected override join(tick: number, index: number, earlier: number, later: number): Aligned {
    const value = this.track.between(index, (tick - earlier) / (later - earlier))
    if (value === undefined) return this.nearer(tick, index, earlier, later)
    return present(value, tick, later, later - earlier, 2)
  }
}
