import type { ServoRegister } from '../servo/servo-register.js'

/** Counts of one turn: a 12-bit encoder on the output shaft. */
export const TURN = 4096
const RPM = (2 * Math.PI) / 60
const ANGLE = { scale: (2 * Math.PI) / TURN, unit: 'rad' } as const
const SPEED = { scale: 0.229 * RPM, unit: 'rad/s' } as const
const GAIN = { scale: (214.577 * RPM) / 60, unit: 'rad/s^2' } as const
const CODE = { sign: 'none', scale: 1, unit: '' } as const
const CELSIUS = { sign: 'none', scale: 1, unit: 'degC' } as const
const VOLT = { sign: 'none', scale: 0.1, unit: 'V' } as const
const PWM = { scale: 1 / 885, unit: 'share' } as const
const KEPT = { area: 'eeprom', access: 'write' } as const
const FIXED = { area: 'eeprom', access: 'read' } as const
const SET = { area: 'ram', access: 'write' } as const
const MEASURED = { area: 'ram', access: 'read' } as const

/** What differs between the servos of the X series, in counts where no unit is given. */
export interface XSeriesSpecifics {
  readonly modelNumber: number
  /** What the register 126 holds: the current (A a count) or the load (0.1 % of the largest a count). */
  readonly load: { readonly scale: number; readonly unit: 'A' | 'share' }
  readonly currentLimit: number
  readonly velocityLimit: number
  readonly maxTemperature: number
  readonly maxVoltage: number
  readonly minVoltage: number
  /** Hardware errors with which the servo switches itself off. */
  readonly shutdown: number
}

/**
 * The control table of the X series (ROBOTIS e-Manual, "X Series", "Control Table"; addresses and sizes are also in the
 * vendor's Python package). Negative numbers are two's complements.
 */
export const xSeries = (specifics: XSeriesSpecifics) => {
  const { modelNumber, load, currentLimit, velocityLimit, maxTemperature, maxVoltage, minVoltage, shutdown } = specifics
  return {
    modelNumber: { address: 0, size: 2, ...CODE, ...FIXED, initial: modelNumber },
    modelInformation: { address: 2, size: 4, ...CODE, ...FIXED, initial: 0 },
    firmwareVersion: { address: 6, size: 1, ...CODE, ...FIXED, initial: 46 },
    id: { address: 7, size: 1, ...CODE, ...KEPT, initial: 1 },
    baudRate: { address: 8, size: 1, ...CODE, ...KEPT, initial: 1 },
    returnDelay: { address: 9, size: 1, sign: 'none', scale: 2e-6, unit: 's', ...KEPT, initial: 250 },
    driveMode: { address: 10, size: 1, ...CODE, ...KEPT, initial: 0 },
    /** 0: current. 1: velocity. 3: position. 4: position over several turns. 5: position with a current. 16: PWM. */
    operatingMode: { address: 11, size: 1, ...CODE, ...KEPT, initial: 3 },
    secondaryId: { address: 12, size: 1, ...CODE, ...KEPT, initial: 255 },
    protocolType: { address: 13, size: 1, ...CODE, ...KEPT, initial: 2 },
    /** Present position = position of the encoder + homing offset. */
    homingOffset: { address: 20, size: 4, sign: 'complement', ...ANGLE, ...KEPT, initial: 0 },
    movingThreshold: { address: 24, size: 4, sign: 'none', ...SPEED, ...KEPT, initial: 10 },
    maxTemperature: { address: 31, size: 1, ...CELSIUS, ...KEPT, initial: maxTemperature },
    maxVoltage: { address: 32, size: 2, ...VOLT, ...KEPT, initial: maxVoltage },
    minVoltage: { address: 34, size: 2, ...VOLT, ...KEPT, initial: minVoltage },
    pwmLimit: { address: 36, size: 2, sign: 'none', ...PWM, ...KEPT, initial: 885 },
    currentLimit: { address: 38, size: 2, sign: 'none', ...load, ...KEPT, initial: currentLimit },
    velocityLimit: { address: 44, size: 4, sign: 'none', ...SPEED, ...KEPT, initial: velocityLimit },
    maxPosition: { address: 48, size: 4, sign: 'none', ...ANGLE, ...KEPT, initial: TURN - 1 },
    minPosition: { address: 52, size: 4, sign: 'none', ...ANGLE, ...KEPT, initial: 0 },
    shutdown: { address: 63, size: 1, ...CODE, ...KEPT, initial: shutdown },
    torqueEnable: { address: 64, size: 1, ...CODE, ...SET, initial: 0 },
    led: { address: 65, size: 1, ...CODE, ...SET, initial: 0 },
    /** 0: only ping is answered. 1: also read. 2: every request to one servo. */
    statusLevel: { address: 68, size: 1, ...CODE, ...SET, initial: 2 },
    registered: { address: 69, size: 1, ...CODE, ...MEASURED, initial: 0 },
    hardwareError: { address: 70, size: 1, ...CODE, ...MEASURED, initial: 0 },
    positionD: { address: 80, size: 2, ...CODE, ...SET, initial: 0 },
    positionI: { address: 82, size: 2, ...CODE, ...SET, initial: 0 },
    positionP: { address: 84, size: 2, ...CODE, ...SET, initial: 800 },
    busWatchdog: { address: 98, size: 1, sign: 'complement', scale: 0.02, unit: 's', ...SET, initial: 0 },
    goalPwm: { address: 100, size: 2, sign: 'complement', ...PWM, ...SET, initial: 885 },
    goalCurrent: { address: 102, size: 2, sign: 'complement', ...load, ...SET, initial: currentLimit },
    goalVelocity: { address: 104, size: 4, sign: 'complement', ...SPEED, ...SET, initial: velocityLimit },
    /** 0: without a limit. */
    profileAcceleration: { address: 108, size: 4, sign: 'none', ...GAIN, ...SET, initial: 0 },
    /** Speed of a motion to the goal position. 0: as fast as the servo can. */
    profileVelocity: { address: 112, size: 4, sign: 'none', ...SPEED, ...SET, initial: 0 },
    goalPosition: { address: 116, size: 4, sign: 'complement', ...ANGLE, ...SET, initial: 0 },
    realtimeTick: { address: 120, size: 2, sign: 'none', scale: 1e-3, unit: 's', ...MEASURED, initial: 0 },
    moving: { address: 122, size: 1, ...CODE, ...MEASURED, initial: 0 },
    movingStatus: { address: 123, size: 1, ...CODE, ...MEASURED, initial: 0 },
    presentPwm: { address: 124, size: 2, sign: 'complement', ...PWM, ...MEASURED, initial: 0 },
    presentLoad: { address: 126, size: 2, sign: 'complement', ...load, ...MEASURED, initial: 0 },
    presentVelocity: { address: 128, size: 4, sign: 'complement', ...SPEED, ...MEASURED, initial: 0 },
    presentPosition: { address: 132, size: 4, sign: 'complement', ...ANGLE, ...MEASURED, initial: 0 },
    velocityTrajectory: { address: 136, size: 4, sign: 'complement', ...SPEED, ...MEASURED, initial: 0 },
    positionTrajectory: { address: 140, size: 4, sign: 'complement', ...ANGLE, ...MEASURED, initial: 0 },
    presentVoltage: { address: 144, size: 2, ...VOLT, ...MEASURED, initial: 0 },
    presentTemperature: { address: 146, size: 1, ...CELSIUS, ...MEASURED, initial: 0 },
  } as const satisfies Readonly<Record<string, ServoRegister>>
}

/** The registers of an X series servo by name. */
export type XSeriesTable = ReturnType<typeof xSeries>

/** Bits of `hardwareError`. */
export const HARDWARE_ERROR = { voltage: 0x01, heat: 0x04, encoder: 0x08, shock: 0x10, overload: 0x20 } as const

/** bit/s by the code in `baudRate`. */
export const DYNAMIXEL_BAUD: readonly number[] = [
  9600, 57_600, 115_200, 1_000_000, 2_000_000, 3_000_000, 4_000_000, 4_500_000,
]
