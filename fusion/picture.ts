import type { DepthValue, ImageValue } from './observation.js'
import { blendDepth, toMillimetres } from './depth.js'

/** A camera frame as it comes from a bus: sensor_msgs/Image without its header. The bytes are never written again. */
export interface Frame {
  readonly width: number
  readonly height: number
  readonly encoding: string
  /** Bytes a row, at least width times the size of a pixel. */
  readonly step: number
  readonly isBigendian: boolean
  readonly data: Uint8Array
}

/** Bytes a pixel, and for colour the offsets of red, green and blue in it. */
const COLOUR: Readonly<Record<string, { readonly bytes: number; readonly order: readonly number[] }>> = {
  rgb8: { bytes: 3, order: [0, 1, 2] },
  bgr8: { bytes: 3, order: [2, 1, 0] },
  rgba8: { bytes: 4, order: [0, 1, 2] },
  bgra8: { bytes: 4, order: [2, 1, 0] },
  mono8: { bytes: 1, order: [0] },
  '8UC1': { bytes: 1, order: [0] },
}

/** `scale`: millimetres a unit (REP-118). */
const DEPTH: Readonly<Record<string, { readonly bytes: 2 | 4; readonly scale: number }>> = {
  '16UC1': { bytes: 2, scale: 1 },
  mono16: { bytes: 2, scale: 1 },
  '32FC1': { bytes: 4, scale: 1000 },
}

const LITTLE_ENDIAN = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1

/** A frame that can be taken as it is or blended with the next one. */
export interface Picture {
  readonly width: number
  readonly height: number
  /** The frame itself, tightly packed. */
  value(): ImageValue | DepthValue
  /** The frame at the share `w` (0..1) of the way to `later`; undefined when the two cannot be blended (size or encoding differ). */
  blend(later: Picture, w: number): ImageValue | DepthValue | undefined
}

/** Of an encoding; undefined: it is not known. */
export function pixelBytes(encoding: string): number | undefined {
  return COLOUR[encoding]?.bytes ?? DEPTH[encoding]?.bytes
}

/** Why a frame cannot be used, or undefined. */
export function frameFault(frame: Frame): 'bad_size' | 'bad_encoding' | undefined {
  const bytes = pixelBytes(frame.encoding)
  if (bytes === undefined) return 'bad_encoding'
  const whole = frame.width > 0 && frame.height > 0 && frame.step >= frame.width * bytes && frame.data.length === frame.step * frame.height
  return whole ? undefined : 'bad_size'
}

/** Whether a frame without a fault holds depth; otherwise it holds colour or grey. */
export function isDepth(frame: Frame): boolean {
  return DEPTH[frame.encoding] !== undefined
}

/** A frame without a fault as a picture. Bytes are converted when first asked for, once, and not at all where they fit already. */
export function picture(frame: Frame): Picture {
  return isDepth(frame) ? new Depth(frame) : new Colour(frame)
}

class Colour implements Picture {
  readonly width: number
  readonly height: number
  readonly #frame: Frame
  #value: ImageValue | undefined

  constructor(frame: Frame) {
    this.width = frame.width
    this.height = frame.height
    this.#frame = frame
  }

  value(): ImageValue {
    return this.#value ??= packColour(this.#frame)
  }

  /** Linear per channel, rounded to whole steps (halves up). */
  blend(later: Picture, w: number): ImageValue | undefined {
    if (!(later instanceof Colour)) return undefined
    const a = this.value()
    const b = later.value()
    if (a.width !== b.width || a.height !== b.height || a.channels !== b.channels) return undefined
    const data = new Uint8Array(a.data.length)
    for (let i = 0; i < data.length; i++) {
      const from = a.data[i] as number
      data[i] = from + ((b.data[i] as number) - from) * w + 0.5
    }
    return { kind: 'image', width: a.width, height: a.height, channels: a.channels, data }
  }
}

class Depth implements Picture {
  readonly width: number
  readonly height: number
  readonly #frame: Frame
  #samples: Uint16Array | Float32Array | undefined
  #value: DepthValue | undefined

  constructor(frame: Frame) {
    this.width = frame.width
    this.height = frame.height
    this.#frame = frame
  }

  get #scale(): number {
    return DEPTH[this.#frame.encoding]?.scale ?? 1
  }

  #raw(): Uint16Array | Float32Array {
    return this.#samples ??= packSamples(this.#frame)
  }

  value(): DepthValue {
    if (this.#value === undefined) {
      const raw = this.#raw()
      const data = raw instanceof Uint16Array ? raw : toMillimetres(raw, this.#scale)
      this.#value = { kind: 'depth', width: this.width, height: this.height, data }
    }
    return this.#value
  }

  blend(later: Picture, w: number): DepthValue | undefined {
    if (!(later instanceof Depth) || later.width !== this.width || later.height !== this.height) return undefined
    if (later.#scale !== this.#scale) return undefined
    const data = blendDepth(this.#raw(), later.#raw(), w, this.#scale)
    return { kind: 'depth', width: this.width, height: this.height, data }
  }
}

function packColour(frame: Frame): ImageValue {
  const { width, height, step, data, encoding } = frame
  const { bytes, order } = COLOUR[encoding] ?? { bytes: 3, order: [0, 1, 2] }
  const channels = order.length === 1 ? 1 : 3
  const row = width * bytes
  const inOrder = bytes === channels && order[0] === 0
  let packed: Uint8Array
  if (inOrder && step === row) packed = data.subarray(0, row * height)
  else if (inOrder) {
    packed = new Uint8Array(row * height)
    for (let y = 0; y < height; y++) packed.set(data.subarray(y * step, y * step + row), y * row)
  } else {
    packed = new Uint8Array(width * height * 3)
    const [r, g, b] = order as [number, number, number]
    let to = 0
    for (let y = 0; y < height; y++) {
      for (let from = y * step, end = from + row; from < end; from += bytes, to += 3) {
        packed[to] = data[from + r] as number
        packed[to + 1] = data[from + g] as number
        packed[to + 2] = data[from + b] as number
      }
    }
  }
  return { kind: 'image', width, height, channels, data: packed }
}

/** Depth samples in the machine's byte order, rows joined; a view of the frame's own bytes where these are so already. */
function packSamples(frame: Frame): Uint16Array | Float32Array {
  const { width, height, step, data, isBigendian } = frame
  const bytes = DEPTH[frame.encoding]?.bytes ?? 2
  const row = width * bytes
  const swap = isBigendian === LITTLE_ENDIAN
  let packed = data
  if (step !== row || swap || data.byteOffset % bytes !== 0) {
    packed = new Uint8Array(row * height)
    for (let y = 0; y < height; y++) packed.set(data.subarray(y * step, y * step + row), y * row)
    if (swap && bytes === 2) Buffer.from(packed.buffer).swap16()
    if (swap && bytes === 4) Buffer.from(packed.buffer).swap32()
  }
  return bytes === 2
    ? new Uint16Array(packed.buffer, packed.byteOffset, width * height)
    : new Float32Array(packed.buffer, packed.byteOffset, width * height)
}
