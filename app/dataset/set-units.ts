import { inverse } from '../../policy/contract/affine.js'
import { limitsOf, type Limits, type Range } from '../../policy/contract/limits.js'
import { actuatorOf, unitsOf } from '../../policy/lerobot/checkpoint-map.js'
import { openingToSi, type JointUnit } from '../../policy/lerobot/joint-units.js'
import type { Calibration } from '../../robots/actuators/lerobot-calibration.js'
import type { Actuator, Robot } from '../../robots/robot.js'
import { UsageError } from '../output/output.js'
import { jointChannel, namesOf, type ActionChannel } from './actions/action.js'

export interface SetUnitOptions {
  /** Undefined: SI. */
  readonly unit: JointUnit | undefined
  /** The calibration that goes before the one of the robot file. */
  readonly calibration?: Calibration | undefined
}

/** How the numbers of a set come from SI values: value * scale + bias, of a value within the range. */
interface Scaling {
  readonly scale: number
  readonly bias: number
  readonly range?: Range | undefined
}

const SI: Scaling = { scale: 1, bias: 0 }

/**
 * The unit of the joints in a set, and their names. Without one the values are SI and the state has the robot file's
 * names (`joints.position.shoulder_pan`). With one the positions of the state have LeRobot's: `shoulder_pan.pos`. The
 * numbers are those that `policy wrap` turns back (`policy/lerobot/`), and as there they end with the range that they count.
 */
export class SetUnits {
  readonly #options: SetUnitOptions
  readonly #robot: Robot

  constructor(robot: Robot, options: SetUnitOptions) {
    this.#options = options
    this.#robot = robot
  }

  /** Throws UsageError where the unit cannot be said of a joint. */
  ofChannel({ of, joint, isOpening }: ActionChannel): Scaling {
    const { unit } = this.#options
    if (unit === undefined) return SI
    if (isOpening) {
      const toSi = openingToSi(unit)
      return { ...(inverse(toSi) as Scaling), range: toSi.range }
    }
    if (!joint) return SI
    const { name, value } = joint
    return this.#of(
      `${value}.${name}`,
      this.#robot.actuators.find(each => each.name === of),
    )
  }

  /**
   * The names in the set of the state's values, which are called `STREAM.VALUE` in the robot file. A value that is no
   * joint's keeps that name.
   */
  namesOf(names: readonly string[]): string[] {
    if (this.#options.unit === undefined) return [...names]
    const joints = new Map<string, ActionChannel>()
    for (const name of names) {
      const { value, actuator } = this.#find(name)
      const joint = /^position\.(.+)$/.exec(value)?.[1]
      if (joint !== undefined) joints.set(name, jointChannel(actuator?.name ?? name, joint, 'position'))
    }
    const named = namesOf([...joints.values()])
    const of = new Map([...joints.keys()].map((name, i) => [name, named[i]!]))
    return names.map(name => of.get(name) ?? name)
  }

  /** How the state's values become those of the set. Throws UsageError where the unit cannot be said of a joint. */
  ofState(names: readonly string[]): { scale?: number[]; bias?: number[]; limits?: Limits } {
    if (this.#options.unit === undefined) return {}
    const all = names.map(name => {
      const { value, actuator } = this.#find(name)
      return this.#of(value, actuator)
    })
    const limits = limitsOf(all.map(({ range }) => range))
    return { scale: all.map(({ scale }) => scale), bias: all.map(({ bias }) => bias), ...(limits && { limits }) }
  }

  #find(name: string): { readonly value: string; readonly actuator: Actuator | undefined } {
    const stream = this.#robot.streams.find(each => name.startsWith(`${each.name}.`))
    if (!stream) return { value: name, actuator: undefined }
    const value = name.slice(stream.name.length + 1)
    return { value, actuator: actuatorOf(value, stream, this.#robot) }
  }

  #of(value: string, actuator: Actuator | undefined): Scaling {
    const { unit, calibration } = this.#options
    if (unit === undefined) return SI
    return unitsOf(value, { unit, calibration, actuator }, (joint, why) => {
      throw new UsageError(`--joint-unit ${unit}: ${joint}: ${why}`)
    }) as Scaling
  }
}
