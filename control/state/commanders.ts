import type { Watched } from '../guard/watchdog.js'

export interface CommanderRule {
  readonly means: string
  /** The sources whose silence holds the motion meanwhile, in the order in which they are checked. */
  readonly watches: readonly Watched[]
}

/**
 * Who makes the set-points. One of them commands at a time, and the chunks of the other are not carried out. The camera
 * is for the policy: a person looks at the arm.
 */
export const COMMANDERS = {
  policy: {
    means: 'the action chunks of the policy (`policy/action_chunk`)',
    watches: ['wrench', 'camera', 'policy', 'gripper'],
  },
  person: {
    means: 'those of a person at a leader arm, a keyboard or a gamepad (`teleop/action_chunk`)',
    watches: ['wrench', 'person', 'gripper'],
  },
} as const satisfies Record<string, CommanderRule>
export type Commander = keyof typeof COMMANDERS

export const isCommander = (name: string): name is Commander => Object.hasOwn(COMMANDERS, name)
