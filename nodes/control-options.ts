import type { CommandedActuator } from '../control/chunk/assignment.js'
import type { ForwardKinematics } from '../control/joints/tool-limits.js'
import type { Watched } from '../control/guard/watchdog.js'
import type { Commander } from '../control/state/commanders.js'
import type { Gripper } from '../drivers/gripper.js'
import type { ServoBus } from '../drivers/servo/servo-bus.js'
import type { Bus } from '../middleware/bus.js'
import type { Actuator, Robot } from '../robots/robot.js'

/** What the control node is made of. */
export interface ControlOptions {
  readonly bus: Bus
  readonly robot: Robot
  /** Left out: the robot has none, or its hand is one of its joints. */
  readonly gripper?: Gripper | undefined
  /** The other grippers with a driver, by the names of their actuators, not yet connected. */
  readonly grippers?: ReadonlyMap<string, Gripper> | undefined
  /** The buses of the actuators on servos, by their names in the robot file, not yet connected. */
  readonly servoBuses?: ReadonlyMap<string, ServoBus> | undefined
  /** Where the tools of joints are, by the actuators' names: needed of those whose tool has limits. */
  readonly kinematics?: ReadonlyMap<string, ForwardKinematics> | undefined
  /** `temporal_ensembling` or `receding_horizon`. */
  readonly execution: string
  /** Who commands until somebody else takes over. Default: the policy. */
  readonly commander?: Commander | undefined
  /** Whether an episode follows the policy only after its first command. A policy also acts without one. */
  readonly awaitCommand?: boolean
  /** Bus time (ns) of a moment on the host's monotonic clock (ns). */
  readonly busTimeOf: (monotonic: number) => number
  /**
   * Told after each chunk's gripper frame, and after its first set-point on a servo bus: ns from the chunk's reference
   * stamp to the last serial byte written.
   */
  readonly onLatency?: (nanoseconds: number) => void
  /** Told of a fault when it begins, not with every serial frame that fails. */
  readonly onError?: (error: unknown) => void
  /** Put before `base_link`, the frame of the set-points until a tool pose names another frame. Default: nothing. */
  readonly framePrefix?: string
  /** Told in one line what a user should know about the tool poses, the wrenches or the servos. */
  readonly onNotice?: (text: string) => void
}

/** The sources whose silence holds the motion: those that the robot has. The policy is always watched. */
export function watchedSources({ robot: { streams }, gripper }: ControlOptions): readonly Watched[] {
  const has = (modality: string): boolean => streams.some(stream => stream.modality === modality)
  const sources = {
    wrench: has('force'),
    camera: has('rgb'),
    policy: true,
    person: true,
    gripper: gripper !== undefined,
  }
  return Object.entries(sources).flatMap(([source, isThere]) => (isThere ? [source as Watched] : []))
}

/** What an actuator is told: joints on a bus take their fingers as a joint alone. */
export const commanded = (actuator: Actuator): CommandedActuator =>
  actuator.joints.length === 0
    ? actuator
    : { ...actuator, takes: actuator.takes.filter(({ kind }) => kind !== 'gripper') }
