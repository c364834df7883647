import { FusionError } from '../errors.js'
import type { Modality } from '../modality.js'
import type { Align } from './align.js'
import { asof } from './asof.js'
import { events } from './events.js'
import { hold } from './hold.js'
import { interpolate } from './interpolate.js'
import { nearest } from './nearest.js'
import { series } from './series.js'
import type { StrategyDeclaration } from './strategy.js'
import { window } from './window.js'

/** One line for each strategy. Messages name them in this order. */
const SHIPPED: readonly StrategyDeclaration[] = [interpolate, nearest, hold, window, events, asof, series]

/**
 * The alignment strategies by the name that a robot file uses. A strategy from elsewhere is added with `set` before the
 * first robot file is read.
 */
export const STRATEGIES: Map<string, StrategyDeclaration> = new Map(SHIPPED.map(each => [each.name, each]))

/** The names of the strategies that streams of a modality may have. */
export function strategiesFor(modality: Modality): string[] {
  return [...STRATEGIES.values()].filter(({ modalities }) => modalities.includes(modality)).map(({ name }) => name)
}

/** The declaration of a stream's strategy. Throws FusionError `STRATEGY_TYPE`. */
export function strategyOf({ strategy }: Align): StrategyDeclaration {
  const found = STRATEGIES.get(strategy)
  if (found === undefined)
    throw new FusionError('STRATEGY_TYPE', `align ${strategy}: expected one of ${[...STRATEGIES.keys()].join(', ')}`)
  return found
}
