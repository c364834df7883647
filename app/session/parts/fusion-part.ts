import { FusionNode, type FusionOptions } from '../../../nodes/fusion-node.js'
import type { Part, Surroundings } from '../session.js'

type Defaults = Pick<FusionOptions, 'inferenceLatency' | 'onError'>

/** The default of `inferenceLatency` is 0. An `onError` of its own replaces the session's. */
export type FusionPartOptions = Omit<FusionOptions, keyof Surroundings | keyof Defaults> & Partial<Defaults>

export const fusionPart =
  (options: FusionPartOptions): Part<FusionNode> =>
  ({ robot, bus, framePrefix = '', onError }) =>
    new FusionNode({
      ...options,
      robot,
      bus,
      framePrefix,
      onError: options.onError ?? onError,
      inferenceLatency: options.inferenceLatency ?? 0,
    })
