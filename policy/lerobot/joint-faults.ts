import { shortList } from '../../robots/validation.js'

/** Why joints do not fit. Joints with one reason are one line. */
export class JointFaults {
  readonly #joints = new Map<string, string[]>()

  readonly add = (joint: string, why: string): void => {
    const joints = this.#joints.get(why) ?? []
    this.#joints.set(why, [...joints, joint])
  }

  /** `pan, lift: the range is not known: …` */
  lines(): string[] {
    return [...this.#joints].map(([why, joints]) => `${shortList(joints)}: ${why}`)
  }
}
