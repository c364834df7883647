/**
 * The Robotiq 2F-85's registers (instruction manual, "Control"). A register holds two bytes, the first one in the high
 * byte.
 *
 * | register | high byte            | low byte                  |
 * |----------|----------------------|---------------------------|
 * | 0x03E8   | ACTION REQUEST       | reserved                  |
 * | 0x03E9   | reserved             | POSITION REQUEST rPR      |
 * | 0x03EA   | SPEED rSP            | FORCE rFR                 |
 * | 0x07D0   | GRIPPER STATUS       | reserved                  |
 * | 0x07D1   | FAULT STATUS         | POSITION REQUEST ECHO gPR |
 * | 0x07D2   | POSITION gPO         | CURRENT gCU               |
 */
export const OUTPUT = { start: 0x03e8, count: 3 } as const
export const INPUT = { start: 0x07d0, count: 3 } as const
/** Number of registers in each block. The registers behind the first three are reserved and read as 0. */
export const BLOCK = 8

/** Modbus address as delivered. */
export const DEFAULT_UNIT = 9

/** Bits of ACTION REQUEST. */
export const ACTION = { activate: 0x01, goTo: 0x08, release: 0x10, releaseOpening: 0x20 } as const

/** GRIPPER STATUS: gACT and gGTO repeat the request, gSTA is in bits 4 and 5, gOBJ in bits 6 and 7. */
export const STATUS = { activated: 0x01, goTo: 0x08, staShift: 4, objShift: 6 } as const
export const STA = { reset: 0, activating: 1, ready: 3 } as const
export const OBJ = { moving: 0, opening: 1, closing: 2, atPosition: 3 } as const

export const FAULT = {
  none: 0x00,
  actionDelayed: 0x05,
  notActivated: 0x07,
  overTemperature: 0x08,
  noCommunication: 0x09,
  underVoltage: 0x0a,
  releasing: 0x0b,
  internal: 0x0c,
  activation: 0x0d,
  overcurrent: 0x0e,
  released: 0x0f,
} as const

export const FAULT_TEXT: Readonly<Record<number, string>> = {
  0x00: '',
  0x05: 'action delayed: the activation must be completed first',
  0x07: 'the activation bit must be set before an action',
  0x08: 'maximum operating temperature exceeded',
  0x09: 'no communication during at least 1 s',
  0x0a: 'under minimum operating voltage',
  0x0b: 'automatic release in progress',
  0x0c: 'internal fault',
  0x0d: 'activation fault',
  0x0e: 'overcurrent',
  0x0f: 'automatic release completed',
}

/** A fault from this code on ends only with a reset: a rising edge of rACT. */
export const FIRST_MAJOR_FAULT = FAULT.underVoltage

/** A quantity in one byte: linear between its value at 0 and its value at 255. */
export interface Scale {
  readonly at0: number
  readonly at255: number
}

/** m between the fingertips. Real fingers end at about 3 (open) and 230 (closed). */
export const WIDTH: Scale = { at0: 0.085, at255: 0 }
/** Finger speed in m/s. */
export const SPEED: Scale = { at0: 0.02, at255: 0.15 }
/** Grip force in N. */
export const FORCE: Scale = { at0: 20, at255: 235 }
/** Motor current in A: 10 mA a count. */
export const CURRENT: Scale = { at0: 0, at255: 2.55 }

/** The nearest byte. A value outside the scale becomes 0 or 255. */
export function toByte(scale: Scale, value: number): number {
  const ratio = (value - scale.at0) / (scale.at255 - scale.at0)
  return Math.round(Math.min(1, Math.max(0, ratio)) * 255)
}

/** The value that a byte stands for, in the scale's unit. */
export function fromByte(scale: Scale, byte: number): number {
  return scale.at0 + ((scale.at255 - scale.at0) * byte) / 255
}
