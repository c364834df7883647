/** What may forbid an operator to move the fingers, at one moment. */
export interface GripSituation {
  /** The lifecycle state of the node. */
  readonly node: 'unconfigured' | 'inactive' | 'active' | 'finalized'
  readonly stopped: boolean
  /** The motion follows the policy. */
  readonly following: boolean
  /** The watched sources that are silent. */
  readonly silent: () => readonly string[]
  readonly activated: boolean
  readonly tared: boolean
  readonly overForce: boolean
  /** The fingers should open, or stay as wide as they are. */
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
 * The reasons why an operator may not move the fingers (`~/gripper_cmd`), in the order in which they are checked.
 * Camera and policy may be silent, since they have no part in it.
 */
export const GRIP_HOLDS = {
  unconfigured: notActive('unconfigured'),
  inactive: notActive('inactive'),
  finalized: notActive('finalized'),
  stop: { means: 'the motion is stopped', holds: ({ stopped }) => stopped },
  policy: { means: 'the policy drives the fingers', holds: ({ following }) => following },
  wrench: { means: 'the wrist sensor is silent', holds: ({ silent }) => silent().includes('wrench') },
  gripper: {
    means: 'the gripper is silent, or not activated',
    holds: ({ silent, activated }) => silent().includes('gripper') || !activated,
  },
  tare: { means: "the wrist's offset is not known", holds: ({ tared }) => !tared },
  over_force: {
    means: 'there is an over-force, and the fingers would close',
    holds: ({ overForce, opens }) => overForce && !opens,
  },
} as const satisfies Record<string, GripRule>

/** Why an operator may not move the fingers, or `none`. `policy`: the policy drives them. */
export type GripHold = 'none' | keyof typeof GRIP_HOLDS

export function gripHoldOf(situation: GripSituation): GripHold {
  const found = Object.entries(GRIP_HOLDS).find(([, rule]) => rule.holds(situation))
  return (found?.[0] ?? 'none') as GripHold
}
