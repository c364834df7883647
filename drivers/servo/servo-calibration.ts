import { DriverError } from '../driver-error.js'
import { named } from './servo-client.js'
import type { ServoClient } from './servo-client.js'
import type { ServoJoint } from './servo-joint.js'
import type { ServoModel } from './servo-model.js'

/** A servo's calibration as LeRobot keeps it in a file, in counts of the servo. */
export interface LeRobotCalibration {
  readonly id: number
  /** 1: the counts fall as the joint's angle grows. */
  readonly drive_mode: number
  /** What stands in the servo's register. */
  readonly homing_offset: number
  readonly range_min: number
  readonly range_max: number
}

/**
 * The joint of a LeRobot calibration: its angle is 0 in the middle of the range, as in LeRobot's mode `DEGREES`. LeRobot
 * takes a turn for 4095 counts there and leaves `drive_mode` out. Here a turn is 4096 counts, and `drive_mode` counts.
 */
export function jointOfCalibration(name: string, calibration: LeRobotCalibration): ServoJoint {
  const { id, drive_mode, homing_offset, range_min, range_max } = calibration
  return {
    name,
    id,
    zero: (range_min + range_max) / 2,
    sign: drive_mode === 1 ? -1 : 1,
    homingOffset: homing_offset,
  }
}

/** Reads the calibration that is in a servo's EEPROM. The drive mode is the joint's sign. */
export async function readCalibration(
  client: ServoClient,
  { registers }: ServoModel,
  joint: ServoJoint,
): Promise<LeRobotCalibration> {
  return {
    id: joint.id,
    drive_mode: joint.sign === -1 ? 1 : 0,
    homing_offset: await client.get(joint, registers.homingOffset),
    range_min: await client.get(joint, registers.minPosition),
    range_max: await client.get(joint, registers.maxPosition),
  }
}

/** Writes offset and range into a servo's EEPROM. Rejects with BAD_COMMAND while it has torque. */
export function writeCalibration(
  client: ServoClient,
  { registers }: ServoModel,
  joint: ServoJoint,
  { homing_offset, range_min, range_max }: Omit<LeRobotCalibration, 'id' | 'drive_mode'>,
): Promise<void> {
  return client.keep(joint, [
    [registers.homingOffset, homing_offset],
    [registers.minPosition, range_min],
    [registers.maxPosition, range_max],
  ])
}

/**
 * Makes the present position the middle of the servo's turn and gives the servo the whole turn as its range. Rejects
 * with BAD_COMMAND while it has torque, and when the offset would be larger than the servo takes. Resolves with the
 * homing offset.
 */
export async function calibrateMiddle(client: ServoClient, model: ServoModel, joint: ServoJoint): Promise<number> {
  const { registers, turn, offsetSign } = model
  const offset = await client.get(joint, registers.homingOffset)
  const present = await client.get(joint, registers.presentPosition)
  const raw = (((present - offsetSign * offset) % turn) + turn) % turn
  const homing_offset = offsetSign * (Math.floor((turn - 1) / 2) - raw)
  if (Math.abs(homing_offset) > model.largestOffset) {
    throw new DriverError(
      'BAD_COMMAND',
      `servo bus: ${named(joint)} would need the homing offset ${homing_offset}, and takes ${model.largestOffset} at the ` +
        'most; turn the joint nearer to the middle of the servo, or mount its horn anew',
    )
  }
  await writeCalibration(client, model, joint, { homing_offset, range_min: 0, range_max: turn - 1 })
  return homing_offset
}
