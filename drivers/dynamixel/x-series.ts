import type { ServoModel } from '../servo/servo-model.js'
import { DYNAMIXEL } from './protocol.js'
import { HARDWARE_ERROR, TURN, xSeries } from './registers.js'
import type { XSeriesTable } from './registers.js'

const SHUTDOWN_TEXT: readonly (readonly [bit: number, text: string])[] = [
  [HARDWARE_ERROR.voltage, 'its supply voltage is outside its limits'],
  [HARDWARE_ERROR.heat, 'it is too hot'],
  [HARDWARE_ERROR.encoder, 'its encoder has failed'],
  [HARDWARE_ERROR.shock, 'its motor has an electrical fault, or too little current'],
  [HARDWARE_ERROR.overload, 'it is overloaded'],
]

/** XL330-M288: 5 V, current in mA. */
export const XL330 = xSeries({
  modelNumber: 1200,
  load: { scale: 1e-3, unit: 'A' },
  currentLimit: 1750,
  velocityLimit: 445,
  maxTemperature: 70,
  maxVoltage: 70,
  minVoltage: 35,
  shutdown: 53,
})

/** XL430-W250: 12 V, no measured current. */
const XL430 = xSeries({
  modelNumber: 1060,
  load: { scale: 1e-3, unit: 'share' },
  currentLimit: 0,
  velocityLimit: 265,
  maxTemperature: 72,
  maxVoltage: 140,
  minVoltage: 60,
  shutdown: 52,
})

/** XM430-W350: 12 V, current in 2.69 mA. */
const XM430 = xSeries({
  modelNumber: 1020,
  load: { scale: 2.69e-3, unit: 'A' },
  currentLimit: 1193,
  velocityLimit: 200,
  maxTemperature: 80,
  maxVoltage: 160,
  minVoltage: 95,
  shutdown: 52,
})

const model = (name: string, modelNumbers: readonly number[], registers: XSeriesTable): ServoModel => ({
  name,
  protocol: DYNAMIXEL,
  modelNumbers,
  turn: TURN,
  registers: { ...registers, goalVelocity: registers.profileVelocity, acceleration: registers.profileAcceleration },
  positionMode: 3,
  offsetSign: 1,
  // In position mode the servo takes no larger one ("Homing Offset").
  largestOffset: 1024,
  turnsItself: true,
  shutdown: {
    register: registers.hardwareError,
    text: bits =>
      SHUTDOWN_TEXT.filter(([bit]) => (bits & bit) !== 0)
        .map(([, text]) => text)
        .join(', ') || 'it reports a hardware error that is over',
  },
})

/** XL330-M077, -M288; XC330-M181, -M288, -T181, -T288. */
export const XL330_MODEL = model('xl330', [1190, 1200, 1210, 1220, 1230, 1240], XL330)
/** XL430-W250; XC430-W150, -W240. */
export const XL430_MODEL = model('xl430', [1060, 1070, 1080], XL430)
/** XM430-W210, -W350; XM540-W150, -W270. */
export const XM430_MODEL = model('xm430', [1020, 1030, 1120, 1130], XM430)
