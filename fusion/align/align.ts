/**
 * The options of every alignment strategy, by its name. Each strategy adds its own in its own file with `declare
 * module`. All times in ns.
 */
// oxlint-disable-next-line typescript/no-empty-object-type -- filled by the strategies
export interface Aligns {}

export type StrategyName = keyof Aligns

/** How a stream is aligned: a strategy and its options. */
export type Align = { [S in StrategyName]: { readonly strategy: S } & Aligns[S] }[StrategyName]
