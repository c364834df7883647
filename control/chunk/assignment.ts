import type { CommandedActuator } from '../../policy/action/actuator-faults.js'
import type { ChunkLayout } from '../../policy/action/chunk-layout.js'
import { FingerTarget } from './finger-target.js'
import type { SetPoint } from './set-point.js'

export type { CommandedActuator } from '../../policy/action/actuator-faults.js'

/**
 * Which values of a set-point are for which actuator. It is made once for a layout; the values change with every
 * sample.
 */
export class Assignment {
  readonly setPoint: SetPoint
  /** The values by the name of the actuator: what its motion takes. */
  readonly desired: ReadonlyMap<string, Float64Array>
  readonly #fingers = new Map<string, FingerTarget>()

  /** `actuatorFaults` has none for the groups of `layout`. */
  constructor(layout: ChunkLayout, setPoint: SetPoint, actuators: readonly CommandedActuator[]) {
    this.setPoint = setPoint
    const desired = new Map<string, Float64Array>()
    layout.groups.forEach((group, i) => {
      const values = setPoint.groups[i]!
      const actuator = actuators.find(({ name }) => name === group.name)
      if (!actuator) return
      if (group.kind !== 'gripper') desired.set(group.name, values)
      else {
        const fingers = new FingerTarget(group.channels ?? [], values, actuator.limits)
        this.#fingers.set(group.name, fingers)
        desired.set(group.name, fingers.values)
      }
    })
    this.desired = desired
  }

  /** What the fingers of a gripper should do. Undefined: the chunks do not command it. */
  fingers(name: string): FingerTarget | undefined {
    return this.#fingers.get(name)
  }

  /** Brings what follows from the values of the set-point up to date, after each sample. Allocates nothing. */
  update(): void {
    for (const fingers of this.#fingers.values()) fingers.update()
  }
}
