import type { Actuator } from '../../robots/robot.js'

/** What the fingers of a gripper should do, from the channels that a policy commands. */
export class FingerTarget {
  /** The gap between the fingers (m), and the grip force (N): the least that is allowed where the chunks say none. */
  readonly values = new Float64Array(2)
  readonly #channels: readonly string[]
  readonly #from: Float64Array
  readonly #width: readonly [number, number]
  readonly #effort: readonly [number, number]

  /** `from`: the values of `channels`, which are refilled in place. The limits are those of a gripper. */
  constructor(channels: readonly string[], from: Float64Array, { width, effort }: Partial<Actuator['limits']>) {
    this.#channels = channels
    this.#from = from
    this.#width = width ?? [0, 0]
    this.#effort = effort ?? [0, 0]
  }

  get width(): number {
    return this.values[0]!
  }

  get effort(): number {
    return this.values[1]!
  }

  update(): void {
    const [least, most] = this.#width
    const opening = this.#channel('opening')
    const effort = this.#channel('effort')
    this.values[0] = Number.isNaN(opening) ? this.#channel('width') : least + opening * (most - least)
    this.values[1] = Number.isNaN(effort) ? this.#effort[0] : effort
  }

  #channel(name: string): number {
    return this.#from[this.#channels.indexOf(name)] ?? NaN
  }
}
