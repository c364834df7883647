import type { Following, RobotModel } from './robot-model.js'

/** A joint that follows another one, and how. */
export interface Follower extends Following {
  readonly joint: string
}

/**
 * Those of the joints `between` base and tip that follow, each behind its leader, which may follow too. `moved`: the joints
 * that the actuator `name` moves. `fail` throws with the reason why a position cannot be computed.
 */
export function followersAmong(
  between: readonly string[],
  { joints }: RobotModel,
  name: string,
  moved: readonly string[],
  fail: (why: string) => never,
): readonly Follower[] {
  const found = new Map<string, Follower>()
  const add = (joint: string, follows: Following, behind: readonly string[]): void => {
    if (found.has(joint)) return
    const { leader } = follows
    const leads = [...behind, joint]
    if (leader !== undefined && leads.includes(leader)) fail(`'${joint}' follows '${leader}', which follows it`)
    const known = leader === undefined ? undefined : joints.get(leader)
    if (leader !== undefined && !known) fail(`'${joint}' follows '${leader}', which it does not have`)
    for (const each of [joint, leader])
      if (each !== undefined && joints.get(each)?.motion === 'other')
        fail(`'${joint}' follows '${leader}', and '${each}' has not exactly one degree of freedom`)
    if (leader !== undefined && !moved.includes(leader)) {
      if (!known?.follows)
        fail(`'${joint}' follows '${leader}', which is no joint of '${name}', so nobody knows where the tool is`)
      else add(leader, known.follows, leads)
    }
    found.set(joint, { joint, ...follows })
  }
  for (const joint of between) {
    const follows = joints.get(joint)?.follows
    if (!follows) continue
    if (moved.includes(joint))
      fail(
        `'${joint}' follows ${follows.leader === undefined ? 'nothing and stays where it is' : `'${follows.leader}'`}, so ` +
          `it has no command of its own; leave it out of the joints of '${name}'`,
      )
    add(joint, follows, [])
  }
  return [...found.values()]
}
