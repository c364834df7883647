import type { InputScaling } from '../contract/input-scaling.js'

/** Turns the values of an input into the numbers that its graph takes, in place: value * scale + bias. */
export class Scaling {
  readonly #scale: Float64Array
  readonly #bias: Float64Array

  /** Undefined scale and bias: nothing changes. @param count number of values. */
  static of({ scale, bias }: InputScaling, count: number): Scaling | undefined {
    return scale === undefined && bias === undefined ? undefined : new Scaling(scale ?? 1, bias ?? 0, count)
  }

  private constructor(scale: number | readonly number[], bias: number | readonly number[], count: number) {
    const length = Math.max([scale].flat().length, [bias].flat().length)
    const each = (given: number | readonly number[]): Float64Array => {
      const list = [given].flat()
      return Float64Array.from({ length }, (_, i) => list[Math.floor((i * list.length) / length)]!)
    }
    if (count % length !== 0) throw new RangeError(`${length} numbers do not fit ${count} values`)
    this.#scale = each(scale)
    this.#bias = each(bias)
  }

  /** Each entry of scale and bias counts for an equal part of the values: a channel of a picture is one part. */
  apply(values: Float32Array | Float64Array): void {
    const parts = this.#scale.length
    const size = values.length / parts
    for (let part = 0; part < parts; part++) {
      const scale = this.#scale[part]!
      const bias = this.#bias[part]!
      for (let i = part * size; i < (part + 1) * size; i++) values[i] = values[i]! * scale + bias
    }
  }
}
