import type { ActuatorBase } from './actuator-base.js'
import type { ActuatorKind, RawSection } from './actuator-kind.js'
import { forwardCommand, type ForwardCommand } from './forward-command.js'
import { gripperAction, type GripperAction } from './gripper-action.js'
import { gripperDriver, type GripperDriver } from './gripper-driver.js'
import { jointTrajectory, type JointTrajectory } from './joint-trajectory.js'
import { poseTopic, type PoseTopic } from './pose-topic.js'
import { servoBus, type ServoBus } from './servo-bus.js'
import { twistTopic, type TwistTopic } from './twist-topic.js'

/** An actuator of a kind from another package. */
export interface ForeignActuator extends ActuatorBase {
  readonly kind: `${string}/${string}`
}

/** An actuator of a robot file. Its `kind` says which fields it has. */
export type Actuator =
  | PoseTopic
  | TwistTopic
  | JointTrajectory
  | ForwardCommand
  | ServoBus
  | GripperDriver
  | GripperAction
  | ForeignActuator

/** One line for each kind. The first that claims a section reads it, so a gripper's driver, which claims any, is last. */
const SHIPPED = [
  poseTopic,
  twistTopic,
  jointTrajectory,
  forwardCommand,
  servoBus,
  gripperAction,
  gripperDriver,
] as const satisfies readonly ActuatorKind[]

/**
 * The kinds of actuators by name. Other packages add a kind, called PACKAGE/KIND, with `set` before the first robot file
 * is read.
 */
export const ACTUATORS: Map<string, ActuatorKind> = new Map(
  SHIPPED.map((each): [string, ActuatorKind] => [each.kind, each]),
)

/** The kind that reads a section of `actions`. Kinds from other packages are asked first. Undefined: none. */
export function kindOfSection(section: RawSection): ActuatorKind | undefined {
  const all = [...ACTUATORS.values()]
  return [...all.filter(({ kind }) => kind.includes('/')), ...all.filter(({ kind }) => !kind.includes('/'))].find(
    each => each.claims(section),
  )
}

/** The declaration of an actuator's kind. Throws a RangeError where it is not registered. */
export function kindOf({ kind }: ActuatorBase): ActuatorKind {
  const found = ACTUATORS.get(kind)
  if (found === undefined)
    throw new RangeError(`actuator kind '${kind}': expected one of ${[...ACTUATORS.keys()].join(', ')}`)
  return found
}
