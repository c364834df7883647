import { z } from 'zod'
import type { ActionKind } from '../action-kind.js'
import { LinearMean, LinearMotion } from '../linear-motion.js'

/** One number with a unit of its own, such as the height of a lift. */
export const scalar: ActionKind = {
  fields: { unit: z.string() },
  columns: ({ name, unit = '' }) => [{ name, unit }],
  values: ({ name, unit = '' }) => [{ name, unit }],
  originSize: () => 0,
  isUsable: () => true,
  motion: () => new LinearMotion({ size: 1, between: 'linear', offset: false }),
  mean: () => new LinearMean(1),
  describe: ({ unit = '' }) => (unit === '' ? 'one number' : `one number in ${unit}`),
}
