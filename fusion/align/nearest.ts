import { Bracket, BRACKET, bracketText, type BracketLimits } from './bracket.js'
import type { Aligned, StrategyDeclaration } from './strategy.js'

declare module './align.js' {
  interface Aligns {
    nearest: BracketLimits
  }
}

export const nearest: StrategyDeclaration<'nearest', 'track'> = {
  ...BRACKET,
  name: 'nearest',
  documentation: { written: '`nearest`', meaning: 'the nearer of the two' },
  describe: limits => bracketText('nearest', limits),
  make: (track, limits) => new Nearest(track, limits),
}

/** The sample around the tick that is nearer in time, the earlier one on a tie. */
export class Nearest extends Bracket {
  protected override join(tick: number, index: number, earlier: number, later: number): Aligned {
    return this.nearer(tick, index, earlier, later)
  }
}
