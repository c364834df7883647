import { MILLIMETRE } from './depth-unit.js'
import { blendDepth, toMillimetres } from './depth.js'
import type { Colour, Depth, DepthSamples, Encoding } from './encodings/encoding.js'
import { encodingOf } from './encodings/encodings.js'
import { strideOf, type Frame } from './camera-frame.js'
import type { DepthValue, ImageValue } from './observation.js'

/** A camera frame that can be used as it is or blended with the next one. */
export interface Picture {
  readonly width: number
  readonly height: number
  /** The buffer with the frame's bytes. Other frames may share it. */
  readonly buffer: ArrayBufferLike
  /** The frame itself, without padding. */
  value(): ImageValue | DepthValue
  /**
   * The frame at the share `w` (0..1) of the way to `later`. Undefined when the two differ in size or encoding, so that
   * they cannot be blended.
   */
  blend(later: Picture, w: number): ImageValue | DepthValue | undefined
}

/** How the frames of a stream are read. */
export interface Reading {
  /** `depth` reads depth; any other modality reads colour or grey. Default: depth where the encoding can hold depth. */
  readonly modality?: string
  /** Metres per unit of depth, for encodings in whole units. Default 0.001. */
  readonly depthUnit?: number | undefined
}

export type FrameFault = 'bad_size' | 'bad_encoding'

/** A frame in words: `640 x 480 rgb8, step 1920, 921600 bytes`. */
export function describeFrame({ width, height, encoding, step, data }: Frame): string {
  return (
    `${width} x ${height} ` +
    `${encoding.length > 40 ? `${encoding.slice(0, 40)}…` : encoding || 'without an encoding'}, step ` +
    `${step}, ${data.length} bytes`
  )
}

/** Why a frame cannot be used, with what to do. Undefined where it can. */
export function faultOf(
  frame: Frame,
  reading: Reading = {},
): { readonly reason: FrameFault; readonly why: string } | undefined {
  const encoding = encodingOf(frame.encoding)
  if (encoding === undefined)
    return {
      reason: 'bad_encoding',
      why: 'this encoding is not known; publish one of sensor_msgs, such as rgb8 or 16UC1',
    }
  const wrong = misreading(encoding, reading)
  if (wrong !== undefined) return { reason: 'bad_encoding', why: wrong }
  return stride(frame, encoding) === undefined ? { reason: 'bad_size', why: wanted(frame, encoding) } : undefined
}

/** The counter under which an unusable frame is counted. Undefined where the frame can be used. */
export function frameFault(frame: Frame, reading?: Reading): FrameFault | undefined {
  return faultOf(frame, reading)?.reason
}

/** Bytes per pixel of an encoding. Undefined where the encoding is not known or its pixels share bytes. */
export function pixelBytes(encoding: string): number | undefined {
  return encodingOf(encoding)?.pixel
}

/**
 * Makes a picture of a frame without a fault. Its bytes are converted once, when they are first needed. Bytes that
 * already have the right form are not copied. Throws a RangeError for a frame with a fault.
 */
export function picture(frame: Frame, { modality, depthUnit = MILLIMETRE }: Reading = {}): Picture {
  const encoding = encodingOf(frame.encoding)
  const bytes = encoding && stride(frame, encoding)
  if (encoding?.depth && bytes !== undefined && (modality ?? 'depth') === 'depth') {
    return new DepthPicture(
      frame,
      bytes,
      encoding.depth,
      depthUnit === MILLIMETRE ? encoding.depth.scale : millimetres(depthUnit),
    )
  }
  if (encoding?.colour && bytes !== undefined) return new ColourPicture(frame, bytes, encoding.colour)
  throw new RangeError(`${describeFrame(frame)}: no picture`)
}

function misreading({ colour, depth }: Encoding, { modality, depthUnit = MILLIMETRE }: Reading): string | undefined {
  if (modality === 'depth' && !depth) return 'it is no depth; say modality: rgb'
  if (modality !== undefined && modality !== 'depth' && !colour)
    return `it is depth, not ${modality}; say modality: depth`
  return depthUnit !== MILLIMETRE && depth?.scale === 1000 ? 'it is in metres; leave depth_unit out' : undefined
}

function stride(frame: Frame, { row, rows, least = 1 }: Encoding): number | undefined {
  const { width, height } = frame
  return width >= least && height >= least ? strideOf(frame, row(width), rows(height)) : undefined
}

function wanted({ width, height }: Frame, { row, rows, least = 1 }: Encoding): string {
  return width >= least && height >= least
    ? `a row needs ${row(width)} bytes, and ${rows(height)} rows are needed; mend the driver`
    : `expected ${least} x ${least} pixels or more`
}

const millimetres = (unit: number): number => Number((unit / MILLIMETRE).toPrecision(12))

class ColourPicture implements Picture {
  readonly width: number
  readonly height: number
  readonly #frame: Frame
  readonly #stride: number
  readonly #colour: Colour
  #value: ImageValue | undefined

  constructor(frame: Frame, stride: number, colour: Colour) {
    this.width = frame.width
    this.height = frame.height
    this.#frame = frame
    this.#stride = stride
    this.#colour = colour
  }

  get buffer(): ArrayBufferLike {
    return this.#frame.data.buffer
  }

  value(): ImageValue {
    const { width, height } = this
    return (this.#value ??= {
      kind: 'image',
      width,
      height,
      channels: this.#colour.channels,
      data: this.#colour.unpack(this.#frame, this.#stride),
    })
  }

  /** Linear in each channel, rounded to whole steps (halves are rounded up). */
  blend(later: Picture, w: number): ImageValue | undefined {
    if (!(later instanceof ColourPicture)) return undefined
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

class DepthPicture implements Picture {
  readonly width: number
  readonly height: number
  readonly #frame: Frame
  readonly #stride: number
  readonly #depth: Depth
  /** Millimetres per unit. */
  readonly #scale: number
  #samples: DepthSamples | undefined
  #value: DepthValue | undefined

  constructor(frame: Frame, stride: number, depth: Depth, scale: number) {
    this.width = frame.width
    this.height = frame.height
    this.#frame = frame
    this.#stride = stride
    this.#depth = depth
    this.#scale = scale
  }

  get buffer(): ArrayBufferLike {
    return this.#frame.data.buffer
  }

  #raw(): DepthSamples {
    return (this.#samples ??= this.#depth.unpack(this.#frame, this.#stride))
  }

  value(): DepthValue {
    if (this.#value === undefined) {
      const raw = this.#raw()
      const data = raw instanceof Uint16Array && this.#scale === 1 ? raw : toMillimetres(raw, this.#scale)
      this.#value = { kind: 'depth', width: this.width, height: this.height, data }
    }
    return this.#value
  }

  blend(later: Picture, w: number): DepthValue | undefined {
    if (!(later instanceof DepthPicture) || later.width !== this.width || later.height !== this.height) return undefined
    if (later.#scale !== this.#scale) return undefined
    const data = blendDepth(this.#raw(), later.#raw(), w, this.#scale)
    return { kind: 'depth', width: this.width, height: this.height, data }
  }
}
