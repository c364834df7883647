import { stampOf, type CONTACTS } from '../../middleware/gazebo/gz-messages.js'
import type { MessageOf } from '../../middleware/gazebo/proto.js'
import type { ObjectContacts } from '../embedded/world-state.js'

type Part = 'left' | 'right' | 'palm'

/** The part of the gripper that a collision belongs to, by the name of its link. */
const PARTS: Readonly<Record<string, Part>> = { finger_left: 'left', finger_right: 'right', gripper: 'palm' }

/**
 * Contact forces from the gripper's contact sensors, by the object that is touched. A collision's name is
 * model::link::collision.
 */
export class ContactForces {
  contacts: ObjectContacts[] = []
  readonly #lasts: number
  #models: readonly string[] = []
  /** Stamp of the last message of each part, ns. */
  readonly #heard: Record<Part, number> = { left: -Infinity, right: -Infinity, palm: -Infinity }
  readonly #onTable: Record<Part, number> = { left: 0, right: 0, palm: 0 }

  /**
   * @param lasts ns without a message after which a contact is over. The simulator sends nothing while nothing touches.
   */
  constructor(lasts: number) {
    this.#lasts = lasts
  }

  /** Starts a new scene without contacts. */
  begin(models: readonly string[]): void {
    this.#models = models
    this.contacts = models.map(() => ({ left: 0, right: 0, palm: 0, table: 0 }))
    for (const part of Object.values(PARTS)) this.#forget(part)
  }

  /** Takes a message of the contact sensors. */
  receive({ header, contact }: MessageOf<typeof CONTACTS>): void {
    const stamp = stampOf(header)
    const begun = new Set<Part>()
    const sums = new Map<object, [number, number, number]>()
    for (const { collision1, collision2, wrench } of contact) {
      const [one = '', two = ''] = [collision1?.name, collision2?.name]
      const part = partOf(one) ?? partOf(two)
      if (part === undefined) continue
      if (!begun.has(part)) {
        this.#forget(part)
        this.#heard[part] = stamp
        begun.add(part)
      }
      const other = modelOf(partOf(one) === undefined ? one : two)
      const i = this.#models.indexOf(other)
      const key = i >= 0 ? this.contacts[i] : this.#onTable
      if (key === undefined) continue
      const sum = sums.get(key) ?? [0, 0, 0]
      for (const { body1Wrench } of wrench) {
        const force = body1Wrench?.force
        if (force === undefined) continue
        sum[0] += force.x
        sum[1] += force.y
        sum[2] += force.z
      }
      sums.set(key, sum)
      key[part] = Math.hypot(...sum)
    }
  }

  /** Removes the contacts that are over at `time` (ns). Returns the force between gripper and table, N. */
  settle(time: number): number {
    for (const part of Object.values(PARTS)) if (time - this.#heard[part] > this.#lasts) this.#forget(part)
    const { left, right, palm } = this.#onTable
    return left + right + palm
  }

  #forget(part: Part): void {
    for (const contact of this.contacts) contact[part] = 0
    this.#onTable[part] = 0
    this.#heard[part] = -Infinity
  }
}

const partOf = (collision: string): Part | undefined => PARTS[collision.split('::').at(-2) ?? '']
const modelOf = (collision: string): string => collision.split('::')[0] ?? ''
