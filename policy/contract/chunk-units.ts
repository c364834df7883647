import { kindOf } from '../action/action-kinds.js'
import type { GroupSpec } from './group-spec.js'

/** Turns the numbers of a graph into SI units within the limits of the contract. */
export class ChunkUnits {
  readonly #scale: Float64Array
  readonly #bias: Float64Array
  readonly #least: Float64Array
  readonly #most: Float64Array

  constructor(groups: readonly GroupSpec[]) {
    const columns = groups.flatMap(group => {
      const each = (given: GroupSpec['scale'], i: number): number | undefined =>
        typeof given === 'number' ? given : given?.[i]
      return kindOf(group)
        .columns(group)
        .map((_, i) => ({
          scale: each(group.scale, i) ?? 1,
          bias: each(group.bias, i) ?? 0,
          range: group.limits?.[i] ?? ([-Infinity, Infinity] as const),
        }))
    })
    this.#scale = Float64Array.from(columns, ({ scale }) => scale)
    this.#bias = Float64Array.from(columns, ({ bias }) => bias)
    this.#least = Float64Array.from(columns, ({ range }) => range[0])
    this.#most = Float64Array.from(columns, ({ range }) => range[1])
  }

  /** Converts the rows of a chunk in place. A NaN stays one. */
  convert(data: Float32Array): void {
    const columns = this.#scale.length
    for (let i = 0; i < data.length; i++) {
      const column = i % columns
      const value = data[i]! * this.#scale[column]! + this.#bias[column]!
      data[i] = Math.min(this.#most[column]!, Math.max(this.#least[column]!, value))
    }
  }
}
