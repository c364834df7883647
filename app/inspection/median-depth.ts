import type { DepthValue } from '../../fusion/observation.js'
import { MILLIMETRE } from '../../fusion/depth-unit.js'
import type { Stream } from '../../robots/robot.js'

/** About how many pixels of a picture are read. */
const PIXELS = 2000
/** mm. The depth cameras of robots do not measure that far. */
const FAR = 20_000

/** The median over valid pixels of many depth pictures. It reads a part of each picture. */
export class MedianDepth {
  /** Number of pixels of each depth, by mm. */
  readonly #counts = new Uint32Array(65_536)

  add({ data }: DepthValue): void {
    const step = Math.max(1, Math.floor(data.length / PIXELS))
    for (let i = 0; i < data.length; i += step) this.#counts[data[i]!]!++
  }

  /** The median in mm. 0: no pixel is valid. Undefined: there were no pixels. */
  get value(): number | undefined {
    const [none = 0] = this.#counts
    const valid = this.#counts.subarray(1)
    const half = valid.reduce((sum, count) => sum + count, 0) / 2
    if (half === 0) return none > 0 ? 0 : undefined
    let sum = 0
    return valid.findIndex(count => (sum += count) >= half) + 1
  }

  /** Why the depths are probably not in the unit that the robot file gives. Undefined: they may be. */
  doubt({ topic, depthUnit = MILLIMETRE }: Pick<Stream, 'topic' | 'depthUnit'>): string | undefined {
    const { value } = this
    if (value === 0)
      return (
        `no pixel that was looked at holds a depth up to 65.535 m: does ${topic} publish another unit ` +
        'than is read (16UC1: depth_unit; 32FC1: m)?'
      )
    if (value === undefined || value <= FAR) return undefined
    return (
      `the median depth is ${(value / 1000).toFixed(1)} m: is a unit of ${topic} ` +
      `${Number((depthUnit / MILLIMETRE).toPrecision(6))} mm? If not, say depth_unit, such as 0.1 mm`
    )
  }
}
