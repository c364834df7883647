import { Bracket } from './bracket.js'
import type { Aligned } from './strategy.js'

/** The neighbour of the tick that is nearer in time; on a tie the earlier. */
export class Nearest extends Bracket {
  protected override join(tick: number, index: number, earlier: number, later: number): Aligned {
    return this.nearer(tick, index, earlier, later)
  }
}
