import type { ServoProtocol } from './servo-protocol.js'
import type { ServoRegister } from './servo-register.js'

/** The registers that a bus uses. */
export interface ServoRegisters {
  readonly modelNumber: ServoRegister
  readonly returnDelay: ServoRegister
  readonly operatingMode: ServoRegister
  readonly minPosition: ServoRegister
  readonly maxPosition: ServoRegister
  readonly homingOffset: ServoRegister
  /** 1: the motor has torque. */
  readonly torqueEnable: ServoRegister
  readonly goalPosition: ServoRegister
  /** The speed of a motion to the goal position; 0: as fast as the servo can. */
  readonly goalVelocity: ServoRegister
  /** 0: without a limit. */
  readonly acceleration: ServoRegister
  readonly presentPosition: ServoRegister
  readonly presentVelocity: ServoRegister
  /** Torque or current of the motor. */
  readonly presentLoad: ServoRegister
  readonly presentVoltage: ServoRegister
  readonly presentTemperature: ServoRegister
}

/** All that a bus needs to know of a kind of servo. A further kind is one such declaration in `servo-models.ts`. */
export interface ServoModel {
  /** The name in a robot file. */
  readonly name: string
  readonly protocol: ServoProtocol
  /** What the register `modelNumber` may hold. */
  readonly modelNumbers: readonly number[]
  /** Counts of one turn of the output shaft. */
  readonly turn: number
  readonly registers: ServoRegisters
  /** `operatingMode` in which the servo goes to a position within one turn. */
  readonly positionMode: number
  /** 1: present position = encoder + homing offset. -1: present position = encoder - homing offset. */
  readonly offsetSign: 1 | -1
  /** Counts of the largest homing offset that the servo takes in its position mode. */
  readonly largestOffset: number
  /** Whether the servo counts backwards by its own register (drive mode), so that what reads it need not turn the sign. */
  readonly turnsItself?: boolean
  /** The register that must be 0 while the EEPROM is written. */
  readonly lock?: ServoRegister
  /** The register that says why a servo has switched itself off until its reboot, and what its bits mean. */
  readonly shutdown?: { readonly register: ServoRegister; text(bits: number): string }
}
