import type { Disposable } from '../../middleware/bus.js'
import type { GzNode } from '../../middleware/gazebo/gz-node.js'
import { IMAGE, PIXELS, stampOf } from '../../middleware/gazebo/gz-messages.js'
import type { MessageOf } from '../../middleware/gazebo/proto.js'
import { SimError } from '../sim-error.js'
import { TOPICS } from './names.js'

/** A picture of Gazebo's camera: colour and depth of one stamp. */
export interface RgbdFrame {
  /** ns since the world's last reset. */
  readonly stamp: number
  readonly width: number
  readonly height: number
  readonly rgb: Uint8Array
  /** mm; 0 is invalid. */
  readonly depth: Uint16Array
}

type Image = MessageOf<typeof IMAGE>

/** ns between two pictures, and ns after its stamp by which a picture must have come. */
const PERIOD = 33_333_333
const GRACE = 2_000_000
/** mm; a larger depth does not fit into 16 bits. */
const FARTHEST = 65_535

/**
 * Pairs the colour and depth pictures of one stamp, and crops both to the square in the middle, which is the view of
 * the embedded cell's camera.
 */
export class FramePairs {
  readonly #onFrame: (frame: RgbdFrame) => void
  readonly #waiting = new Map<number, { rgb?: Uint8Array; depth?: Uint16Array; side: number }>()
  #last = NaN

  constructor(onFrame: (frame: RgbdFrame) => void) {
    this.#onFrame = onFrame
  }

  /** Subscribes to the camera's topics. */
  subscribe(node: GzNode): Disposable[] {
    return [
      node.subscribe(`${TOPICS.camera}/image`, IMAGE, image => this.#receive(image, { rgb: colour(image) })),
      node.subscribe(`${TOPICS.camera}/depth_image`, IMAGE, image => this.#receive(image, { depth: depth(image) })),
    ]
  }

  /** Forgets all pictures, at a reset of the world. */
  reset(): void {
    this.#waiting.clear()
    this.#last = NaN
  }

  /** Whether a picture is missing that should have come by `time` (ns). */
  isLate(time: number): boolean {
    return time - this.#last > PERIOD + GRACE
  }

  #receive({ header, width, height }: Image, half: { rgb?: Uint8Array; depth?: Uint16Array }): void {
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

/** mm from metres in 32-bit floats. Values that are not finite or too large become 0, which is invalid. */
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
    // The floats of a message may begin at any byte, so they are copied.
    bytes.set(data.subarray(from, from + 4 * side))
    for (let x = 0; x < side; x++) {
      const mm = Math.round(1000 * row[x]!)
      out[side * y + x] = mm > 0 && mm <= FARTHEST ? mm : 0
    }
  }
  return out
}
