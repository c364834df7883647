import type { ServoClient } from './servo-client.js'
import type { ServoJoint } from './servo-joint.js'
import type { ServoModel } from './servo-model.js'

/** The servo's own motion to a goal: speed (rad/s) and acceleration (rad/s^2). 0: without a limit. */
export interface MotionLimits {
  readonly velocity: number
  readonly acceleration: number
}

/** Writes what one servo loses with its power. Rejects with TIMEOUT or BAD_COMMAND, or with an error of the port. */
export async function setUpServo(
  client: ServoClient,
  { registers, positionMode }: ServoModel,
  joint: ServoJoint,
  { velocity, acceleration }: MotionLimits,
): Promise<void> {
  const { returnDelay, operatingMode, goalVelocity } = registers
  if ((await client.get(joint, operatingMode)) !== positionMode)
    await client.keep(joint, [[operatingMode, positionMode]])
  await client.quicken(joint, returnDelay)
  await client.set(joint, goalVelocity, velocity / goalVelocity.scale)
  await client.set(joint, registers.acceleration, acceleration / registers.acceleration.scale)
}

/**
 * Gives one servo torque without a motion: its present position becomes its goal first. The servo acknowledges that
 * write, so it never gets torque with an older goal. Rejects with TIMEOUT or BAD_COMMAND, or with an error of the port;
 * then it was not asked to switch its torque on, or has not confirmed it.
 */
export async function giveTorque(client: ServoClient, { registers }: ServoModel, joint: ServoJoint): Promise<void> {
  await client.set(joint, registers.goalPosition, await client.get(joint, registers.presentPosition))
  await client.set(joint, registers.torqueEnable, 1)
}
