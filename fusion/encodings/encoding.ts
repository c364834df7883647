import type { Frame } from '../frame.js'

/** Depths as a camera writes them. */
export type DepthSamples = Uint16Array | Float32Array | Float64Array

/**
 * Grey (one byte a pixel) or r g b, packed, rows joined; a view of the frame's bytes where they lie so already.
 * `stride`: bytes from a row to the next.
 */
export type Unpack = (frame: Frame, stride: number) => Uint8Array

export interface Colour {
  readonly channels: 1 | 3
  readonly unpack: Unpack
}

export interface Depth {
  /** Millimetres a unit where nobody says otherwise (REP-118). */
  readonly scale: 1 | 1000
  /** Rows joined, in the machine's byte order. */
  readonly unpack: (frame: Frame, stride: number) => DepthSamples
}

/** How the pixels of one encoding lie, and what they show; some show either, by the stream's modality. */
export interface Encoding {
  /** Bytes of a row of so many pixels. */
  readonly row: (width: number) => number
  /** Rows of bytes for so many rows of pixels: more where further planes follow. */
  readonly rows: (height: number) => number
  /** Bytes of a pixel, where each has its own and a picture may be cut anywhere. */
  readonly pixel?: number
  /** Pixels that a picture has a side, at least. Default 1. */
  readonly least?: number
  readonly colour?: Colour
  readonly depth?: Depth
}

/** An encoding whose pixels lie side by side with so many bytes each. */
export function interleaved(pixel: number, shows: Pick<Encoding, 'colour' | 'depth'>): Encoding {
  return { row: width => width * pixel, rows: height => height, pixel, ...shows }
}
