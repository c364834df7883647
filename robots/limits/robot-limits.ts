import { seconds } from '../align-section.js'
import type { Actuator } from '../actuators/actuators.js'
import { isOfTheLoop } from '../actuators/arm-and-gripper.js'
import type { Fail } from '../fields.js'
import type { Json } from '../json.js'
import type { Limits } from '../robot.js'
import { canonicalJoints } from './joint-limits.js'
import type { LimitsParsed } from './limits-section.js'

const MS = 1e6

const DEFAULTS: Limits = {
  workspace: { x: [-0.25, 0.25], y: [-0.2, 0.2], z: [0, 0.4] },
  speed: 0.35,
  yawRate: Number(Math.PI.toPrecision(12)),
  width: [0, 0.085],
  effort: [20, 120],
  contact: 3,
  overForce: 30,
  watchdog: { wrench: 50 * MS, camera: 250 * MS, policy: 300 * MS, person: 200 * MS, gripper: 200 * MS },
}

/**
 * The limits of the control loop's arm and gripper, and of all. Without limits in the file, those of the embedded cell
 * apply; a robot with actions has to set the limits that they need.
 */
export function resolveLimits(given: LimitsParsed = {}, actuators: readonly Actuator[], fail: Fail): Limits {
  const contact = given.contact ?? DEFAULTS.contact
  const overForce = given.over_force ?? DEFAULTS.overForce
  if (contact >= overForce) {
    fail(
      'ROBOT_INVALID',
      ['limits', given.contact === undefined ? 'over_force' : 'contact'],
      `contact is ${contact} N and over_force ${overForce} N: contact must be below over_force`,
    )
  }
  const limitsOf = (name: string): Actuator['limits'] | undefined =>
    actuators.find(each => each.name === name && isOfTheLoop(name, each.kind, each))?.limits
  const [arm, gripper] = [limitsOf('arm'), limitsOf('gripper')]
  return {
    workspace: arm?.workspace ?? given.workspace ?? DEFAULTS.workspace,
    speed: arm?.speed ?? given.speed ?? DEFAULTS.speed,
    yawRate: arm?.yawRate ?? given.yaw_rate ?? DEFAULTS.yawRate,
    width: gripper?.width ?? given.width ?? DEFAULTS.width,
    effort: gripper?.effort ?? given.effort ?? DEFAULTS.effort,
    contact,
    overForce,
    watchdog: { ...DEFAULTS.watchdog, ...given.watchdog },
  }
}

/**
 * The limits in the canonical text. `isFilled`: those of an arm and a gripper are there with their defaults. A robot
 * with other actuators has those that its file gives, since a default of the embedded cell says nothing of it.
 */
export function canonicalLimits(limits: Limits, given: LimitsParsed = {}, isFilled: boolean): Json {
  const { workspace, speed, yawRate, width, effort, contact, overForce, watchdog } = limits
  const place = isFilled ? workspace : given.workspace
  return {
    workspace: place && { x: place.x, y: place.y, z: place.z },
    speed: isFilled ? speed : given.speed,
    yaw_rate: isFilled ? yawRate : given.yaw_rate,
    acceleration: given.acceleration,
    turn_acceleration: given.turn_acceleration,
    width: isFilled ? width : given.width,
    effort: isFilled ? effort : given.effort,
    joints: canonicalJoints(given.joints),
    contact,
    over_force: overForce,
    watchdog: {
      wrench: seconds(watchdog.wrench),
      camera: seconds(watchdog.camera),
      policy: seconds(watchdog.policy),
      // Left out where the file has none, so that files from before this key keep their sha256.
      person: given.watchdog?.person === undefined ? undefined : seconds(watchdog.person),
      gripper: seconds(watchdog.gripper),
    },
  }
}
