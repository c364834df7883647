import { isSameFrame } from '../same-frame.js'
import type { ActionGroup } from '../../policy/action/action-kind.js'

/**
 * The frames of the measured poses, by the names of the actuators. A pose that is commanded in another frame would be
 * another place. The frame `tool` goes with the tool, so it is right in every frame.
 */
export class PoseFrames {
  readonly #prefix: string
  readonly #measured = new Map<string, string>()

  /** `prefix`: put before the names of frames in messages. A policy says them without it. */
  constructor(prefix = '') {
    this.#prefix = prefix
  }

  /** Takes the frame of a measured pose. An empty one says nothing. */
  hear(name: string, frameId: string): void {
    if (frameId !== '' && this.#measured.get(name) !== frameId) this.#measured.set(name, frameId)
  }

  /** The first group whose poses are in another frame than the measured ones. Allocates nothing. */
  stray(groups: readonly ActionGroup[]): ActionGroup | undefined {
    for (const group of groups) if (group.kind === 'pose' && this.#isStray(group)) return group
    return undefined
  }

  /** Why a stray group cannot be carried out, in words. */
  fault({ name, frame = '' }: ActionGroup): string {
    return (
      `group ${name}: the policy commands poses in the frame ${frame}, and the measured poses are in ` +
      `${this.#measured.get(name) ?? ''}`
    )
  }

  #isStray({ name, frame = '' }: ActionGroup): boolean {
    const measured = this.#measured.get(name)
    return frame !== 'tool' && measured !== undefined && !isSameFrame(measured, frame, this.#prefix)
  }
}
