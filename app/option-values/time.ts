import { quantityRange, toSI } from '../../robots/units.js'
import { UsageError } from '../output/output.js'
import { messageOf } from '../../middleware/message-of.js'

const MOST = '1 hour'

/**
 * A time with its unit, such as `500 ms`, in s: at least `least` (a text of the same form) and at most an hour. Throws
 * UsageError that says what was expected.
 */
export function readTime(text: string, least = '0 s'): number {
  try {
    return toSI(text, 'time', quantityRange('time', least, MOST))
  } catch (error) {
    throw new UsageError(`${messageOf(error)}.`)
  }
}
