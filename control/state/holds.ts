import type { Watched } from '../guard/watchdog.js'

/** What a state of the motion is. */
export interface HoldState {
  /** When it is so. */
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
 * The states of the motion: `none`, in which it follows the policy, and the reasons for which it does not. The node is
 * in one of them at a time. `stop` is the only one that somebody must end; every other one is looked at anew with each
 * step.
 */
export const HOLDS = {
  none: {
    means: 'nothing holds the motion',
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
  gripper: {
    means:
      'the gripper has not answered for longer than its limit in `limits.watchdog`, or says that it is not activated',
    arm: STANDS,
    fingers: NO_MOVE,
    endsWith: 'it answers; where it lost its activation: "resume", or a new episode while no stop stands',
  },
  tare: {
    means: "the wrist's offset is being taken, so the force is not known",
    arm: STANDS,
    fingers: NO_MOVE,
    endsWith: 'the offset is known',
  },
  tool: {
    means: 'where the tool is is not known: no pose that is fresh and can be believed',
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
    means: 'no action chunk has come since the episode, or its resumption, began',
    arm: STANDS,
    fingers: NO_MOVE,
    endsWith: 'a chunk comes',
  },
} as const satisfies Record<Watched | 'none' | 'stop', HoldState> & Record<string, HoldState>

/** Why the motion is held, or `none`. */
export type Hold = keyof typeof HOLDS

export const ALL_HOLDS = Object.keys(HOLDS) as readonly Hold[]
/** Those that are looked at anew with each step. */
export const PASSING_HOLDS = ALL_HOLDS.filter(hold => hold !== 'stop')
