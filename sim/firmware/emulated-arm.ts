import { FEETECH } from '../../drivers/feetech/protocol.js'
import { FeetechServo } from './feetech-servo.js'
import { startServoHost } from './servo-host.js'
import { ServoRotor } from './servo-rotor.js'

/** A joint that somebody holds in the hand while its servo has no torque. */
class HeldRotor extends ServoRotor {
  /** Where the hand has it, rad. Undefined: no hand is there. */
  hand: number | undefined

  override position(): number {
    return this.hand ?? super.position()
  }
}

/** An arm of emulated Feetech STS3215 on a pseudo-terminal, in real time. */
export interface EmulatedArm {
  /** The path of the pseudo-terminal, to be opened as a serial port. */
  readonly path: string
  /** Where the joints are, rad from the middle of the servos' registers. */
  positions(): number[]
  /** Takes the joints into the hand: they are at these angles, whatever the servos do. Undefined lets them go. */
  hold(angles: readonly number[] | undefined): void
  close(): Promise<void>
}

/** What an emulated arm begins with. */
export interface EmulatedArmOptions {
  /** The servos' ids. Default: 1 to 6, those of an SO-101. */
  readonly ids?: readonly number[]
  /** Where the joints are at the start, rad. Default: 0. */
  readonly angles?: readonly number[]
  /** Homing offsets in the servos, in counts. Default: 0. */
  readonly homingOffsets?: readonly number[]
}

/** Starts an arm of emulated servos at 1 Mbaud. */
export function startEmulatedArm({
  ids = [1, 2, 3, 4, 5, 6],
  angles,
  homingOffsets,
}: EmulatedArmOptions = {}): EmulatedArm {
  const rotors = ids.map((_, i) => new HeldRotor(angles?.[i]))
  const servos = rotors.map(
    (plant, i) =>
      new FeetechServo({ id: ids[i]!, plant, latency: 200_000, registers: { homingOffset: homingOffsets?.[i] ?? 0 } }),
  )
  const host = startServoHost({ protocol: FEETECH, servos, rotors, baud: 1_000_000 })
  return {
    path: host.path,
    positions: () => rotors.map(rotor => rotor.position()),
    hold: given => rotors.forEach((rotor, i) => (rotor.hand = given?.[i])),
    close: () => host.close(),
  }
}
