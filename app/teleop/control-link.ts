import type { Commander } from '../../control/state/commanders.js'
import type { ControlNode } from '../../nodes/control-node.js'
import type { ControlElsewhere } from '../session/control-elsewhere.js'
import { motionStatus } from '../session/motion-status.js'

/** The control of the robot that a person moves: by a node of this process, or by one that another process has. */
export interface ControlLink {
  /** Whose set-points the actuators follow now. */
  readonly followed: Commander | 'nobody'
  /** What the motion does, or waits for, in plain words. */
  readonly motion: string
  /** What it has counted, for the result of the command. */
  readonly counts: object
  /** Who has the arm, as far as it is known. */
  readonly commander: Commander
  /** Ends the motion. Rejects where that is not sure. */
  stop(): Promise<unknown>
  /** Ends a stop of a node of this process. One elsewhere goes on by the word that the person says, alone. */
  resume(): void
}

export const ownControl = (node: ControlNode): ControlLink => ({
  get followed() {
    return node.hold === 'none' ? node.commander : 'nobody'
  },
  get commander() {
    return node.commander
  },
  get motion() {
    return motionStatus(node).message
  },
  get counts() {
    return { holds: node.watchdog.trips, overForce: node.guard.trips, stops: node.stops }
  },
  stop: async () => (node.state === 'active' ? node.stop() : undefined),
  resume: () => node.resume(),
})

/**
 * It hears what the person says on the voice topic, answers a stop, and says whom it follows. `asked`: whom this person
 * asked for last, which counts while it follows nobody.
 */
export const controlElsewhere = (control: ControlElsewhere, asked: () => Commander): ControlLink => ({
  get followed() {
    return control.followed ?? 'nobody'
  },
  get commander() {
    const { followed = 'nobody' } = control
    return followed === 'nobody' ? asked() : followed
  },
  get motion() {
    const { followed } = control
    if (followed === undefined) return 'the control node has fallen silent: does it still run?'
    return followed === 'nobody'
      ? 'holding: the log of the control node and /diagnostics say why'
      : `following the ${followed}`
  },
  counts: {},
  stop: () => control.stop(),
  resume: () => undefined,
})
