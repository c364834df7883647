import { z } from 'zod'
import type { ActionKind, Channel } from '../action-kind.js'
import { LinearMean, LinearMotion } from '../linear-motion.js'

const COLUMNS: readonly Channel[] = [
  ...['vx', 'vy', 'vz'].map(name => ({ name, unit: 'm/s' })),
  ...['wx', 'wy', 'wz'].map(name => ({ name, unit: 'rad/s' })),
]

/** How fast a tool should move and turn. It holds from the row before on; after the last row it is 0. */
export const twist: ActionKind = {
  fields: { frame: z.string().min(1) },
  columns: () => COLUMNS,
  values: () => COLUMNS,
  originSize: () => 0,
  isUsable: () => true,
  motion: () => new LinearMotion({ size: COLUMNS.length, between: 'held', offset: false }),
  mean: () => new LinearMean(COLUMNS.length),
  describe: ({ frame }) => `a twist in the frame ${frame}`,
}
