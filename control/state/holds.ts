import type { Watched } from '../guard/watchdog.js'

/** The description of a state of the motion. */
export interface HoldState {
  /** When the motion is in this state. */
  readonly means: string
  /** What the arm's set-point does. */
  readonly arm: string
  /** What is sent to the gripper. */
  readonly fingers: string
  readonly endsWith: string
}

const STANDS = 'no step; the set-point, where there is one, is sent again'
const NO_MOVE = 'no move'

const silent = (source: string, endsWith = 'it speaks again'): HoldState => ({
  means: `${source} has been silent for longer than its limit in \`limits.watchdog\``,
  arm: STANDS,
  fingers: NO_MOVE,
  endsWith,
})

/**
 * The states of the motion. In `none` it follows the one who commands (`commanders.ts`); each other state is a reason
 * why it does not. The node is always in exactly one state. "resume" or, where allowed, a new episode ends `stop`,
 * `gripper` after a lost activation, and `arm` where a servo must be reset. Every other state is determined anew by each
 * step.
 *
 * A new state is an entry here, a condition and a row in `transitions.ts`, and a sentence in
 * `app/session/motion-status.ts`. What detects it is in `control/guard/`.
 */
export const HOLDS = {
  none: {
    means: 'nothing holds the motion: it follows the one who commands',
    arm: 'a step toward the plan, within the limits; in an over-force it only rises',
    fingers: 'a move with each chunk; in an over-force only one that opens',
    endsWith: 'another state begins',
  },
  stop: {
    means: 'somebody, the script of an episode or a goal stopped the motion',
    arm: 'it rests; the set-point is sent again',
    fingers: 'the stop, again until the gripper has acknowledged it; no move',
    endsWith: '"resume", and what else the table of the stops says',
  },
  wrench: silent('the wrist sensor'),
  camera: silent('the camera'),
  policy: silent('the policy'),
  person: silent('the leader arm, the keyboard or the gamepad'),
  gripper: {
    means:
      'the gripper has not answered for longer than its limit in `limits.watchdog`, or says that it is not activated',
    arm: STANDS,
    fingers: NO_MOVE,
    endsWith: 'it answers; where it lost its activation: "resume", or a new episode while no stop stands',
  },
  arm: {
    means:
      'what moves an arm has a fault: a servo is overloaded, too hot or silent, its bus is lost, ' +
      'a gripper other than `gripper` does not answer or is not activated, or ' +
      'the action of a gripper has no server or refuses a goal',
    arm: 'nothing is sent to that arm; the others rest',
    fingers: NO_MOVE,
    endsWith:
      'the fault is gone; a servo that must be reset, a gripper that lost its activation, or a goal that was refused: "resume", or a new episode while no stop stands',
  },
  tare: {
    means: "the wrist's offset is being averaged, so the force is not known",
    arm: STANDS,
    fingers: NO_MOVE,
    endsWith: 'the offset is known',
  },
  tool: {
    means: 'the pose of the tool is not known: no pose has come that is fresh and can be believed',
    arm: STANDS,
    fingers: NO_MOVE,
    endsWith: 'such a pose comes',
  },
  tilt: {
    means: 'the tool does not point down within 5 degrees',
    arm: 'nothing is sent',
    fingers: NO_MOVE,
    endsWith: 'it points down',
  },
  command: {
    means: 'with `await_command`: nothing has been commanded in this episode',
    arm: STANDS,
    fingers: NO_MOVE,
    endsWith: 'a command is said',
  },
  no_chunk: {
    means: 'no action chunk has come since the episode, its resumption or a takeover began',
    arm: STANDS,
    fingers: NO_MOVE,
    endsWith: 'a chunk comes',
  },
} as const satisfies Record<Watched | 'none' | 'stop', HoldState> & Record<string, HoldState>

/** Why the motion is held, or `none`. */
export type Hold = keyof typeof HOLDS

export const ALL_HOLDS = Object.keys(HOLDS) as readonly Hold[]
/** The states that each step determines anew. */
export const PASSING_HOLDS = ALL_HOLDS.filter(hold => hold !== 'stop')
