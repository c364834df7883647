import { UsageError } from '../../output/output.js'
import type { NumberColumn } from '../column.js'
import type { SetUnits } from '../set-units.js'
import type { AnsweredObservation } from '../training-set.js'
import { namesOf, type ActionChannel } from './action.js'

/** The column of the actions, in the unit of the set. `row` tells their channels; other rows must have the same. */
export function actionColumn({ action }: AnsweredObservation, units: SetUnits): NumberColumn {
  const { channels } = action
  const scaling = channels.map(channel => units.ofChannel(channel))
  return {
    key: 'action',
    feature: { dtype: 'float32', shape: [channels.length], names: namesOf(channels) },
    value: row => {
      if (row.action.channels !== channels && !isSame(row.action.channels, channels))
        throw new UsageError(
          `action: ${namesOf(row.action.channels).join(', ')} behind ${namesOf(channels).join(', ')}: a set has ` +
            'actions of one kind; export them apart',
        )
      return scaling.map(({ scale, bias, range: [least, most] = [-Infinity, Infinity] }, i) => {
        const value = Math.min(most, Math.max(least, row.action.values[i]!))
        return value * scale + bias
      })
    },
  }
}

const isSame = (a: readonly ActionChannel[], b: readonly ActionChannel[]): boolean =>
  JSON.stringify(a) === JSON.stringify(b)
