import type { DepthValue } from '../fusion/observation.js'

/** Pixels of a picture that are looked at, about. */
const PIXELS = 2000

/** The median over the valid pixels of many depth pictures, of each a part. */
export class MedianDepth {
  /** How many pixels have each depth, mm. */
  readonly #counts = new Uint32Array(65_536)
  #pictures = 0

  add({ data }: DepthValue): void {
    this.#pictures++
    const step = Math.max(1, Math.floor(data.length / PIXELS))
    for (let i = 0; i < data.length; i += step) this.#counts[data[i] as number]++
  }

  get pictures(): number {
    return this.#pictures
  }

  /** mm; 0: no pixel is valid. */
  get value(): number {
    const valid = this.#counts.subarray(1)
    const half = valid.reduce((sum, count) => sum + count, 0) / 2
    let sum = 0
    return valid.findIndex(count => (sum += count) >= half && sum > 0) + 1
  }
}
