import type { Actuator } from './actuators.js'
import type { GripperDriver } from './gripper-driver.js'
import type { PoseTopic } from './pose-topic.js'
import type { Port } from './driver-options.js'

/**
 * The arm and the gripper of the control loop: the actuator `arm` where it takes poses on a topic and keeps its tilt, and
 * the actuator `gripper` where it has a driver.
 */
export interface Actions {
  readonly gripper:
    | {
        readonly driver: string
        /** Beside the path are the options of the driver's transport (`baud`). */
        readonly port: Port
        /** The driver's own options (`slave`). */
        readonly [option: string]: string | number | object | undefined
      }
    | undefined
  /** `topic` takes the set-points. `pose` is the name of the stream with the tool pose, `frame` that of its poses. */
  readonly arm:
    | { readonly topic: string; readonly type: string; readonly pose: string; readonly frame?: string | undefined }
    | undefined
}

/**
 * Whether an actuator of this name and kind is the arm or the gripper of the control loop. `actuator`: itself, or its
 * section in a canonical text.
 */
export const isOfTheLoop = (name: string, kind: string | undefined, actuator: object): boolean =>
  (name === 'arm' && kind === 'pose_topic' && !('tilts' in actuator && actuator.tilts === true)) ||
  (name === 'gripper' && kind === 'gripper_driver')

/** The arm and the gripper of the control loop among the actuators of a robot. */
export function armAndGripper(actuators: readonly Actuator[]): Actions {
  const arm = actuators.find(
    (each): each is PoseTopic => each.name === 'arm' && each.kind === 'pose_topic' && !each.tilts,
  )
  const gripper = actuators.find(
    (each): each is GripperDriver => each.name === 'gripper' && each.kind === 'gripper_driver',
  )
  return {
    gripper: gripper && { driver: gripper.driver, port: gripper.port, ...gripper.options },
    arm: arm && {
      topic: arm.topic,
      type: arm.type,
      pose: arm.pose,
      ...(arm.frame !== undefined && { frame: arm.frame }),
    },
  }
}
