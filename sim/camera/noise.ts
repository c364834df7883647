import { Random } from '../embedded/random.js'

/** The noise of the sensor. `seed` is the seed of one frame: the same seed gives the same noise. */
export interface CameraNoise {
  seed: number
  /** Depth: standard deviation at distance z is depthBase + depthGrowth * z² (m; m, 1/m). */
  readonly depthBase: number
  readonly depthGrowth: number
  /** Probability that a pixel at a depth edge is invalid. */
  readonly edgeLoss: number
  /** Standard deviation of each colour channel, 8-bit levels. */
  readonly rgb: number
}

/** The noise of a short-range stereo camera: 0.5 mm at 0.3 m, 3.5 mm at 1 m. */
export const cameraNoise = (seed: number): CameraNoise => ({
  seed,
  depthBase: 0.0002,
  depthGrowth: 0.0033,
  edgeLoss: 0.65,
  rgb: 1.6,
})

export const NO_NOISE: CameraNoise = { seed: 0, depthBase: 0, depthGrowth: 0, edgeLoss: 0, rgb: 0 }

/** Range in which the sensor measures depth, m. */
const DEPTH_RANGE = [0.06, 3] as const

const TABLE = 1 << 14

/**
 * Turns true distances into the sensor's depth, and adds noise to colours. All random numbers come from a table; none
 * is computed for a pixel.
 */
export class SensorNoise {
  readonly #normals = new Float32Array(TABLE)
  #state = 1

  constructor() {
    const random = new Random(1, 'camera noise')
    for (let i = 0; i < TABLE; i++) this.#normals[i] = random.normal()
  }

  /**
   * `z`: distance along the optical axis in m, Infinity when nothing is hit. `depth` is the output in mm, 0 is invalid.
   * `rgb` is changed in place.
   */
  apply(z: Float32Array, width: number, height: number, depth: Uint16Array, rgb: Uint8Array, noise: CameraNoise): void {
    const normals = this.#normals
    const { depthBase, depthGrowth, edgeLoss, rgb: rough } = noise
    const [near, far] = DEPTH_RANGE
    const loss = Math.round(edgeLoss * 65536)
    this.#state = Math.imul(noise.seed | 0, 0x9e3779b1) ^ 0x5bd1e995 || 1
    for (let v = 0, at = 0; v < height; v++) {
      for (let u = 0; u < width; u++, at++) {
        const bits = this.#next()
        const distance = z[at]!
        let mm = 0
        if (distance >= near && distance <= far && !(bits >>> 16 < loss && isEdge(z, at, u, v, width, height))) {
          mm = Math.round(
            1000 * (distance + (depthBase + depthGrowth * distance * distance) * normals[bits & (TABLE - 1)]!),
          )
        }
        depth[at] = mm
        if (rough === 0) continue
        for (let c = 0, draw = (bits >>> 9) ^ bits; c < 3; c++, draw += 4099) {
          const level = rgb[3 * at + c]! + rough * normals[draw & (TABLE - 1)]! + 0.5
          rgb[3 * at + c] = level < 0 ? 0 : level > 255 ? 255 : level
        }
      }
    }
  }

  /** xorshift32 (Marsaglia). */
  #next(): number {
    let x = this.#state
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    return (this.#state = x)
  }
}

/** Whether a neighbour is more than 8 mm and 3 % nearer or farther. */
function isEdge(z: Float32Array, at: number, u: number, v: number, width: number, height: number): boolean {
  const here = z[at]!
  const step = 0.008 + 0.03 * here
  return (
    (u > 0 && Math.abs(z[at - 1]! - here) > step) ||
    (u < width - 1 && Math.abs(z[at + 1]! - here) > step) ||
    (v > 0 && Math.abs(z[at - width]! - here) > step) ||
    (v < height - 1 && Math.abs(z[at + width]! - here) > step)
  )
}
