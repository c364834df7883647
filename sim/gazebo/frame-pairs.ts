import type { Disposable } from '../../middleware/bus.js'
import type { GzNode } from '../../middleware/gazebo/gz-node.js'
import { IMAGE, PIXELS, stampOf } from '../../middleware/gazebo/gz-messages.js'
import type { MessageOf } from '../../middleware/gazebo/proto.js'
import { SimError } from '../sim-error.js'
import { TOPICS } from './names.js'

export interface Frame {
  /** ns since the world's last reset. */
  readonly stamp: number
  readonly width: number
  readonly height: number
  readonly rgb: Uint8Array
  /** mm, 0 invalid. */
  readonly depth: Uint16Array
}

type Image = MessageOf<typeof IMAGE>

/** ns between two pictures, and how long after its stamp a picture must be there. */
const PERIOD = 33_333_333
const GRACE = 2_000_000
/** mm: depth beyond it does not fit into 16 bits. */
const FARTHEST = 65_535

/**
 * Colour and depth of one stamp, cut to the square in the middle: the part of the wider picture that the embedded
 * cell's camera has.
 */
export class FramePairs {
  readonly #onFrame: (frame: Frame) => void
  readonly #waiting = new Map<number, { rgb?: Uint8Array; depth?: Uint16Array; side: number }>()
  #last = NaN

  constructor(onFrame: (frame: Frame) => void) {
    this.#onFrame = onFrame
  }

  subscribe(node: GzNode): Disposable[] {
    return [
      node.subscribe(`${TOPICS.camera}/image`, IMAGE, image => this.#hear(image, { rgb: colour(image) })),
      node.subscribe(`${TOPICS.camera}/depth_image`, IMAGE, image => this.#hear(image, { depth: depth(image) })),
    ]
  }

  reset(): void {
    this.#waiting.clear()
    this.#last = NaN
  }

  /** Whether a picture should have come by `time` (ns) that has not. */
  owes(time: number): boolean {
    return time - this.#last > PERIOD + GRACE
  }

  #hear({ header, width, height }: Image, half: { rgb?: Uint8Array; depth?: Uint16Array }): void {
    const stamp = stampOf(header)
    const pair = { ...this.#waiting.get(stamp), ...half, side: Math.min(width, height) }
    const { rgb, depth, side } = pair
    if (rgb === undefined || depth === undefined) {
      this.#waiting.set(stamp, pair)
      return
    }
    this.#waiting.clear()
    this.#last = stamp
    this.#onFrame({ stamp, width: side, height: side, rgb, depth })
  }
}

function colour({ width, height, step, data, pixelFormatType }: Image): Uint8Array {
  if (pixelFormatType !== PIXELS.RGB_INT8)
    throw new SimError(
      'CAMERA_INVALID',
      `${TOPICS.camera}/image: pixel format ${pixelFormatType}; the world's file asks for R8G8B8`,
    )
  const side = Math.min(width, height)
  const out = new Uint8Array(3 * side * side)
  const [left, top] = [(width - side) >> 1, (height - side) >> 1]
  for (let y = 0; y < side; y++) {
    const from = (top + y) * (step || 3 * width) + 3 * left
    out.set(data.subarray(from, from + 3 * side), 3 * side * y)
  }
  return out
}

/** From metres in 32-bit floats; what is not finite or too far is invalid. */
function depth({ width, height, step, data, pixelFormatType }: Image): Uint16Array {
  if (pixelFormatType !== PIXELS.R_FLOAT32)
    throw new SimError(
      'CAMERA_INVALID',
      `${TOPICS.camera}/depth_image: pixel format ${pixelFormatType}; expected 32-bit floats`,
    )
  const side = Math.min(width, height)
  const out = new Uint16Array(side * side)
  const [left, top] = [(width - side) >> 1, (height - side) >> 1]
  const row = new Float32Array(side)
  const bytes = new Uint8Array(row.buffer)
  for (let y = 0; y < side; y++) {
    const from = (top + y) * (step || 4 * width) + 4 * left
    // Copied, since floats of a message may lie at any byte.
    bytes.set(data.subarray(from, from + 4 * side))
    for (let x = 0; x < side; x++) {
      const mm = Math.round(1000 * row[x]!)
      out[side * y + x] = mm > 0 && mm <= FARTHEST ? mm : 0
    }
  }
  return out
}
