/** What may keep somebody from moving the fingers, at one moment. */
export interface GripSituation {
  /** The state of the node. */
  readonly node: 'unconfigured' | 'inactive' | 'active' | 'finalized'
  readonly stopped: boolean
  /** The motion follows the policy. */
  readonly following: boolean
  /** The watched sources that are silent. */
  readonly quiet: () => readonly string[]
  readonly activated: boolean
  readonly tared: boolean
  readonly overForce: boolean
  /** The fingers are to be as wide as they are, or wider. */
  readonly opens: boolean
}

export interface GripRule {
  readonly means: string
  readonly holds: (situation: GripSituation) => boolean
}

const notActive = (state: GripSituation['node']): GripRule => ({
  means: `the node is ${state}`,
  holds: ({ node }) => node === state,
})

/**
 * Why the fingers may not be moved on somebody's own word (`~/gripper_cmd`), in the order in which it is looked at.
 * Camera and policy may be silent: they have no part in it.
 */
export const GRIP_HOLDS = {
  unconfigured: notActive('unconfigured'),
  inactive: notActive('inactive'),
  finalized: notActive('finalized'),
  stop: { means: 'the motion is stopped', holds: ({ stopped }) => stopped },
  policy: { means: 'the policy drives the fingers', holds: ({ following }) => following },
  wrench: { means: 'the wrist sensor is silent', holds: ({ quiet }) => quiet().includes('wrench') },
  gripper: {
    means: 'the gripper is silent, or not activated',
    holds: ({ quiet, activated }) => quiet().includes('gripper') || !activated,
  },
  tare: { means: "the wrist's offset is not known", holds: ({ tared }) => !tared },
  over_force: {
    means: 'there is an over-force, and the fingers would close',
    holds: ({ overForce, opens }) => overForce && !opens,
  },
} as const satisfies Record<string, GripRule>

/** Why the fingers may not be moved on somebody's own word, or `none`. `policy`: the policy drives them. */
export type GripHold = 'none' | keyof typeof GRIP_HOLDS

export function gripHoldOf(situation: GripSituation): GripHold {
  const found = Object.entries(GRIP_HOLDS).find(([, rule]) => rule.holds(situation))
  return (found?.[0] ?? 'none') as GripHold
}
