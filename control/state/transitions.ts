import type { Watched } from '../guard/watchdog.js'
import { ALL_HOLDS, PASSING_HOLDS, type Hold } from './holds.js'

/** What can change the state of the motion. */
export const EVENTS = {
  stop: 'a stop word is heard, or a stop is called for',
  resume: 'a "resume" is heard, or the next goal ends the stop of the one before',
  begin: 'an episode begins: it is announced, or the node is activated',
  takeover: 'a person takes the arm from the policy, or gives it back',
  step: 'ten milliseconds have passed',
} as const
export type ControlEvent = keyof typeof EVENTS

/** Who can cause an event. */
export const ACTORS = {
  somebody: 'by a word on a voice topic',
  caller: 'by the service `~/stop`, Ctrl-C, or the end of the process',
  script: "the script of the benchmark's episodes, by a word that it marks as its own",
  goal:
    'a `~/grasp` goal: it stops as it is cancelled or runs out of time; ' +
    'the next goal resumes, where no other stop was made beside that',
  announcer: 'the node that announces an episode, or the caller that activates this node',
  operator: 'the person at a leader arm, a keyboard or a gamepad, or a message on `teleop/commander`',
  clock: 'time alone',
} as const
export type Actor = keyof typeof ACTORS

/** The facts on which the next state depends, at one moment. */
export interface Situation {
  /** There is a stop that outlives episodes. */
  readonly stopStands: boolean
  /** The gripper reports that it is not activated. */
  readonly activationLost: boolean
  /** What moves an arm reports a fault. */
  readonly armFaulty: boolean
  /** The first watched source that is silent. */
  readonly silent: Watched | undefined
  readonly tared: boolean
  /** The pose of the tool is known, or there is no arm. */
  readonly toolKnown: boolean
  /** The tool of the arm does not point down. */
  readonly tilted: boolean
  /** A command was given in this episode, or none is needed. */
  readonly commanded: boolean
  /** There is a chunk to follow. */
  readonly planned: boolean
}

interface Condition {
  readonly text: string
  readonly holds: (situation: Situation) => boolean
}

const silent = (source: Watched, name: string): Condition => ({
  text: `${name} is silent`,
  holds: ({ silent }) => silent === source,
})

export const CONDITIONS = {
  stop_stands: { text: 'a stop stands that no episode ends', holds: s => s.stopStands },
  activation_lost: { text: 'the gripper is not activated any more', holds: s => s.activationLost },
  arm_faulty: { text: 'what moves an arm has a fault', holds: s => s.armFaulty },
  wrench_silent: silent('wrench', 'the wrist sensor'),
  camera_silent: silent('camera', 'the camera'),
  policy_silent: silent('policy', 'the policy'),
  person_silent: silent('person', 'the person'),
  gripper_silent: silent('gripper', 'the gripper'),
  not_tared: { text: "the wrist's offset is not known", holds: s => !s.tared },
  tool_unknown: { text: 'there is an arm, and the pose of its tool is not known', holds: s => !s.toolKnown },
  tilted: { text: 'the tool does not point down', holds: s => s.tilted },
  not_commanded: { text: 'nothing was commanded in this episode, and a command is awaited', holds: s => !s.commanded },
  no_plan: { text: 'there is no chunk to follow', holds: s => !s.planned },
} as const satisfies Record<string, Condition>
export type ConditionName = keyof typeof CONDITIONS

/** One row of the table: from which hold, by which event, under which condition, to which hold. */
export interface Transition {
  readonly event: ControlEvent
  readonly from: readonly Hold[]
  /** Undefined: always. */
  readonly when?: ConditionName
  readonly to: Hold
  readonly by: readonly Actor[]
  /** What is done besides the change of the state. */
  readonly does: string
}

const STOPS = 'the plan is dropped, the arm comes to rest, moves that wait are dropped, the fingers stop'
const BEGINS = 'the plan and moves that wait are dropped, the set-point is given up'
const GOES_ON =
  `${BEGINS}; a stop that the gripper has not acknowledged is not sent again, ` +
  'a gripper that lost its activation is activated, and servos that have a fault are reset'

const step = (to: Hold, when?: ConditionName, does = ''): Transition => ({
  event: 'step',
  from: PASSING_HOLDS,
  ...(when && { when }),
  to,
  by: ['clock'],
  does,
})

/**
 * All transitions between the states of the motion. The first row counts whose `event`, `from` and `when` apply. Where
 * none applies, nothing happens.
 */
export const TRANSITIONS: readonly Transition[] = [
  { event: 'stop', from: ALL_HOLDS, to: 'stop', by: ['somebody', 'caller', 'script', 'goal'], does: STOPS },
  { event: 'resume', from: ['stop'], to: 'no_chunk', by: ['somebody', 'script', 'goal'], does: GOES_ON },
  { event: 'resume', from: PASSING_HOLDS, when: 'activation_lost', to: 'no_chunk', by: ['somebody'], does: GOES_ON },
  { event: 'resume', from: PASSING_HOLDS, when: 'arm_faulty', to: 'no_chunk', by: ['somebody'], does: GOES_ON },
  {
    event: 'begin',
    from: ALL_HOLDS,
    when: 'stop_stands',
    to: 'stop',
    by: ['announcer'],
    does: `the wrist is tared anew; ${BEGINS}`,
  },
  { event: 'begin', from: ALL_HOLDS, to: 'no_chunk', by: ['announcer'], does: `the wrist is tared anew; ${GOES_ON}` },
  {
    event: 'takeover',
    from: PASSING_HOLDS,
    to: 'no_chunk',
    by: ['operator'],
    does: 'the plan and moves that wait are dropped, the set-point stays',
  },
  step('arm', 'arm_faulty', 'its set-point is given up'),
  step('wrench', 'wrench_silent'),
  step('camera', 'camera_silent'),
  step('policy', 'policy_silent'),
  step('person', 'person_silent'),
  step('gripper', 'gripper_silent'),
  step('gripper', 'activation_lost'),
  step('tare', 'not_tared'),
  step('tool', 'tool_unknown'),
  step('tilt', 'tilted', 'the set-point is given up'),
  step('command', 'not_commanded'),
  step('no_chunk', 'no_plan'),
  step('none', undefined, 'the arm makes one step'),
]

/** The state after `event`. Undefined where nothing happens. */
export function nextHold(from: Hold, event: ControlEvent, situation: Situation): Hold | undefined {
  return transitionOf(from, event, situation)?.to
}

/** The row of the table that applies. */
export function transitionOf(from: Hold, event: ControlEvent, situation: Situation): Transition | undefined {
  return TRANSITIONS.find(
    row =>
      row.event === event &&
      row.from.includes(from) &&
      (row.when === undefined || CONDITIONS[row.when].holds(situation)),
  )
}
