import type { ServoRegister } from '../servo/servo-register.js'

/** Counts of one turn: a 12-bit encoder on the output shaft. */
export const TURN = 4096
const ANGLE = { scale: (2 * Math.PI) / TURN, unit: 'rad' } as const
const SPEED = { scale: (2 * Math.PI) / TURN, unit: 'rad/s' } as const
const CODE = { sign: 'none', scale: 1, unit: '' } as const
const SHARE = { sign: 'none', scale: 0.001, unit: 'share' } as const
const PERCENT = { sign: 'none', scale: 0.01, unit: 'share' } as const
const KELVIN = { sign: 'none', scale: 1, unit: 'degC' } as const
const VOLT = { sign: 'none', scale: 0.1, unit: 'V' } as const
const KEPT = { area: 'eeprom', access: 'write' } as const
const FIXED = { area: 'eeprom', access: 'read' } as const
const SET = { area: 'ram', access: 'write' } as const
const MEASURED = { area: 'ram', access: 'read' } as const

/**
 * The control table of the STS3215 (Feetech, "SMS/STS series memory table"; the addresses are also in the vendor's
 * Python package and in LeRobot). Position and velocity have their sign in bit 15, the homing offset in bit 11, the
 * load in bit 10. The initial values of the gains and of the protection are those of a servo as delivered for a 7.4 V
 * supply.
 */
export const STS3215 = {
  firmwareMajor: { address: 0, size: 1, ...CODE, ...FIXED, initial: 3 },
  firmwareMinor: { address: 1, size: 1, ...CODE, ...FIXED, initial: 10 },
  modelNumber: { address: 3, size: 2, ...CODE, ...FIXED, initial: 777 },
  id: { address: 5, size: 1, ...CODE, ...KEPT, initial: 1 },
  baudRate: { address: 6, size: 1, ...CODE, ...KEPT, initial: 0 },
  returnDelay: { address: 7, size: 1, sign: 'none', scale: 2e-6, unit: 's', ...KEPT, initial: 250 },
  /** 0: only ping and read are answered. 1: every request to one servo is answered. */
  statusLevel: { address: 8, size: 1, ...CODE, ...KEPT, initial: 1 },
  minPosition: { address: 9, size: 2, sign: 15, ...ANGLE, ...KEPT, initial: 0 },
  maxPosition: { address: 11, size: 2, sign: 15, ...ANGLE, ...KEPT, initial: TURN - 1 },
  maxTemperature: { address: 13, size: 1, ...KELVIN, ...KEPT, initial: 70 },
  maxVoltage: { address: 14, size: 1, ...VOLT, ...KEPT, initial: 80 },
  minVoltage: { address: 15, size: 1, ...VOLT, ...KEPT, initial: 40 },
  maxTorque: { address: 16, size: 2, ...SHARE, ...KEPT, initial: 1000 },
  phase: { address: 18, size: 1, ...CODE, ...KEPT, initial: 12 },
  /** Error bits with which the torque is switched off. */
  unloadingCondition: { address: 19, size: 1, ...CODE, ...KEPT, initial: 44 },
  ledCondition: { address: 20, size: 1, ...CODE, ...KEPT, initial: 47 },
  positionP: { address: 21, size: 1, ...CODE, ...KEPT, initial: 32 },
  positionD: { address: 22, size: 1, ...CODE, ...KEPT, initial: 32 },
  positionI: { address: 23, size: 1, ...CODE, ...KEPT, initial: 0 },
  startupForce: { address: 24, size: 2, ...SHARE, ...KEPT, initial: 16 },
  clockwiseDeadZone: { address: 26, size: 1, sign: 'none', ...ANGLE, ...KEPT, initial: 1 },
  counterclockwiseDeadZone: { address: 27, size: 1, sign: 'none', ...ANGLE, ...KEPT, initial: 1 },
  protectionCurrent: { address: 28, size: 2, sign: 'none', scale: 6.5e-3, unit: 'A', ...KEPT, initial: 500 },
  angularResolution: { address: 30, size: 1, ...CODE, ...KEPT, initial: 1 },
  /** Present position = position of the encoder - homing offset. */
  homingOffset: { address: 31, size: 2, sign: 11, ...ANGLE, ...KEPT, initial: 0 },
  /** 0: position. 1: velocity. 2: PWM. 3: step. */
  operatingMode: { address: 33, size: 1, ...CODE, ...KEPT, initial: 0 },
  /** Share of the torque that an overloaded servo keeps. */
  protectiveTorque: { address: 34, size: 1, ...PERCENT, ...KEPT, initial: 20 },
  /** Time for which the load must be above `overloadTorque`. */
  protectionTime: { address: 35, size: 1, sign: 'none', scale: 0.01, unit: 's', ...KEPT, initial: 200 },
  overloadTorque: { address: 36, size: 1, ...PERCENT, ...KEPT, initial: 80 },
  velocityP: { address: 37, size: 1, ...CODE, ...KEPT, initial: 10 },
  currentTime: { address: 38, size: 1, sign: 'none', scale: 0.01, unit: 's', ...KEPT, initial: 200 },
  velocityI: { address: 39, size: 1, ...CODE, ...KEPT, initial: 200 },
  /** 0: off. 1: on. 128: the present position becomes 2048. */
  torqueEnable: { address: 40, size: 1, ...CODE, ...SET, initial: 0 },
  /** 0: without a limit. */
  acceleration: {
    address: 41,
    size: 1,
    sign: 'none',
    scale: (100 * 2 * Math.PI) / TURN,
    unit: 'rad/s^2',
    ...SET,
    initial: 0,
  },
  goalPosition: { address: 42, size: 2, sign: 15, ...ANGLE, ...SET, initial: 0 },
  goalTime: { address: 44, size: 2, sign: 'none', scale: 1e-3, unit: 's', ...SET, initial: 0 },
  /** Speed of a motion to the goal position. 0: as fast as the servo can. */
  goalVelocity: { address: 46, size: 2, sign: 15, ...SPEED, ...SET, initial: 0 },
  torqueLimit: { address: 48, size: 2, ...SHARE, ...SET, initial: 1000 },
  /** 1: what is written to the EEPROM's registers is lost with the power. */
  lock: { address: 55, size: 1, ...CODE, ...SET, initial: 1 },
  presentPosition: { address: 56, size: 2, sign: 15, ...ANGLE, ...MEASURED, initial: 0 },
  presentVelocity: { address: 58, size: 2, sign: 15, ...SPEED, ...MEASURED, initial: 0 },
  presentLoad: { address: 60, size: 2, sign: 10, scale: 0.001, unit: 'share', ...MEASURED, initial: 0 },
  presentVoltage: { address: 62, size: 1, ...VOLT, ...MEASURED, initial: 0 },
  presentTemperature: { address: 63, size: 1, ...KELVIN, ...MEASURED, initial: 0 },
  registered: { address: 64, size: 1, ...CODE, ...MEASURED, initial: 0 },
  status: { address: 65, size: 1, ...CODE, ...MEASURED, initial: 0 },
  moving: { address: 66, size: 1, ...CODE, ...MEASURED, initial: 0 },
  presentCurrent: { address: 69, size: 2, sign: 15, scale: 6.5e-3, unit: 'A', ...MEASURED, initial: 0 },
  /** The speed of a motion whose goal velocity is 0. */
  maxVelocity: {
    address: 84,
    size: 1,
    sign: 'none',
    scale: (50 * 2 * Math.PI) / TURN,
    unit: 'rad/s',
    ...KEPT,
    initial: 61,
  },
  maxAcceleration: {
    address: 85,
    size: 1,
    sign: 'none',
    scale: (100 * 2 * Math.PI) / TURN,
    unit: 'rad/s^2',
    ...KEPT,
    initial: 254,
  },
} as const satisfies Readonly<Record<string, ServoRegister>>

/** bit/s by the code in `baudRate`. */
export const FEETECH_BAUD: readonly number[] = [1_000_000, 500_000, 250_000, 128_000, 115_200, 76_800, 57_600, 38_400]
