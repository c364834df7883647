import type { ServoModel } from '../servo/servo-model.js'
import { FEETECH } from './protocol.js'
import { STS3215, TURN } from './registers.js'

/** Feetech STS3215: the servo of the arms SO-100 and SO-101. */
export const STS3215_MODEL: ServoModel = {
  name: 'sts3215',
  protocol: FEETECH,
  modelNumbers: [STS3215.modelNumber.initial],
  turn: TURN,
  registers: STS3215,
  positionMode: 0,
  offsetSign: -1,
  largestOffset: 2047,
  lock: STS3215.lock,
}
