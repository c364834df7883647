import { COMMANDERS } from '../control/state/commanders.js'
import { GRIP_HOLDS } from '../control/state/grip-holds.js'
import { ALL_HOLDS, HOLDS, PASSING_HOLDS, type Hold } from '../control/state/holds.js'
import { STOPS } from '../control/state/stop-authority.js'
import { ACTORS, CONDITIONS, EVENTS, TRANSITIONS } from '../control/state/transitions.js'

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string[] => [
  `| ${head.join(' | ')} |`,
  `|${head.map(() => '---').join('|')}|`,
  ...rows.map(row => `| ${row.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |`),
]

const fromText = (from: readonly Hold[]): string =>
  from.length === ALL_HOLDS.length
    ? 'any'
    : from.length === PASSING_HOLDS.length
      ? 'any but `stop`'
      : from.map(hold => `\`${hold}\``).join(', ')

const yesNo = (value: boolean): string => (value ? 'yes' : 'no')

/**
 * The text of docs/reference/control-states.md: the states of the motion and all transitions, from the tables in
 * control/state/.
 */
export function controlStatesPage(): string {
  return [
    '# The states of the motion',
    '',
    'Made by `npx tsx scripts/control-states.ts` from the tables in `control/state/`. The control node is in one of ' +
      'these',
    'states at a time. Its diagnostics have the name (`hold`). [Safety](../explanation/safety.md) says what is ' +
      'guarded, and',
    'why.',
    '',
    '## States',
    '',
    'The arm gets its set-point 100 times a second. The gripper gets a move with each action chunk.',
    '',
    ...table(
      ['state', 'when', 'arm', 'gripper', 'ends when'],
      Object.entries(HOLDS).map(([name, { means, arm, fingers, endsWith }]) => [
        `\`${name}\``,
        means,
        arm,
        fingers,
        endsWith,
      ]),
    ),
    '',
    'An over-force is no state of its own (`control/guard/wrench-guard.ts`). In every state the set-point first goes ' +
      'back to',
    'where the tool was measured. Then, in `none`, the arm follows the plan upward alone.',
    '',
    '## Events',
    '',
    ...table(
      ['event', 'what happened'],
      Object.entries(EVENTS).map(([name, text]) => [`\`${name}\``, text]),
    ),
    '',
    '## Who causes them',
    '',
    ...table(
      ['who', ''],
      Object.entries(ACTORS).map(([name, text]) => [name, text]),
    ),
    '',
    '## Transitions',
    '',
    'The first row counts whose event, state and condition fit. Where no row fits, nothing happens.',
    '',
    ...table(
      ['event', 'from', 'where', 'to', 'caused by', 'done'],
      TRANSITIONS.map(({ event, from, when, to, by, does }) => [
        `\`${event}\``,
        fromText(from),
        when === undefined ? '' : CONDITIONS[when].text,
        `\`${to}\``,
        by.join(', '),
        does,
      ]),
    ),
    '',
    '## Who commands',
    '',
    'One commands at a time. An episode, a stop and a resume do not change it. What both make goes through the same ' +
      'limits,',
    'guards and states.',
    '',
    ...table(
      ['who', 'whose set-points', 'whose silence holds'],
      Object.entries(COMMANDERS).map(([name, { means, watches }]) => [
        `\`${name}\``,
        means,
        watches.map(each => `\`${each}\``).join(', '),
      ]),
    ),
    '',
    '## Stops',
    '',
    'A "resume" on a voice topic ends every stop, whoever says it. Only the "resume" that a goal says there (`speaker`',
    'is `GOAL`) ends none here: it is for the other nodes. What else ends a stop depends on who made it. Where ' +
      'several stops',
    'were made, only what ends each of them counts.',
    '',
    ...table(
      ['made by', 'how', 'outlives new episodes and activations', 'ended by the next goal'],
      Object.entries(STOPS).map(([name, { how, outlivesEpisodes, endedByGoal }]) => [
        name,
        how,
        yesNo(outlivesEpisodes),
        yesNo(endedByGoal),
      ]),
    ),
    '',
    "## The fingers on somebody's own word",
    '',
    'The action `~/gripper_cmd` moves the fingers where none of these holds. They are checked in this order.',
    '',
    ...table(
      ['reason', 'when'],
      Object.entries(GRIP_HOLDS).map(([name, { means }]) => [`\`${name}\``, means]),
    ),
    '',
  ].join('\n')
}
