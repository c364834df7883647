import { z } from 'zod'
import type { ActionGroup, ActionKind, Channel } from '../action-kind.js'
import { LinearMean, LinearMotion } from '../linear-motion.js'

/** The gap between the fingers; a share of the whole opening, 0 closed to 1 open; the grip force. */
const CHANNELS = { width: 'm', opening: '', effort: 'N' } as const
const NAMES = Object.keys(CHANNELS) as (keyof typeof CHANNELS)[]

const columns = ({ channels = [] }: ActionGroup): readonly Channel[] =>
  channels.map(name => ({ name, unit: CHANNELS[name as keyof typeof CHANNELS] }))

/** How wide the fingers should be open, and with which force they close. */
export const gripper: ActionKind = {
  fields: { channels: z.array(z.enum(NAMES)).min(1) },
  fault: ({ channels = [] }) => {
    if (new Set(channels).size !== channels.length) return 'a channel is named twice'
    return channels.includes('width') === channels.includes('opening')
      ? 'a gripper has either a width (m) or an opening (0 to 1)'
      : undefined
  },
  columns,
  values: columns,
  originSize: () => 0,
  isUsable: () => true,
  motion: group => new LinearMotion({ size: columns(group).length, between: 'linear', offset: false }),
  mean: group => new LinearMean(columns(group).length),
  describe: ({ channels = [] }) => `${channels.join(' and ')} of the fingers`,
}
