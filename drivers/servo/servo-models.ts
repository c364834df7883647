import { XL330_MODEL, XL430_MODEL, XM430_MODEL } from '../dynamixel/x-series.js'
import { STS3215_MODEL } from '../feetech/sts3215.js'
import type { ServoModel } from './servo-model.js'

/** One line for each kind of servo. */
const SHIPPED: readonly ServoModel[] = [STS3215_MODEL, XL330_MODEL, XL430_MODEL, XM430_MODEL]

/** The kinds of servos by the name that a robot file uses. Other packages add one with `set`. */
export const SERVO_MODELS: Map<string, ServoModel> = new Map(SHIPPED.map(each => [each.name, each]))
