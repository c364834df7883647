import type { Frame } from '../camera-frame.js'

/** Depths in the type that the camera writes. */
export type DepthSamples = Uint16Array | Float32Array | Float64Array

/**
 * Gives grey (one byte per pixel) or r g b, without padding. It is a view of the frame's bytes where these already have
 * that form. `stride`: bytes from a row to the next.
 */
export type Unpack = (frame: Frame, stride: number) => Uint8Array

export interface Colour {
  readonly channels: 1 | 3
  readonly unpack: Unpack
}

export interface Depth {
  /** Millimetres per unit where the robot file does not say otherwise (REP-118). */
  readonly scale: 1 | 1000
  /** The samples without padding, in the machine's byte order. */
  readonly unpack: (frame: Frame, stride: number) => DepthSamples
}

/**
 * How the pixels of an encoding are stored and what they show. Some encodings show colour or depth; the modality of the
 * stream decides.
 */
export interface Encoding {
  /** Bytes of a row of `width` pixels. */
  readonly row: (width: number) => number
  /** Rows of bytes for `height` rows of pixels. There are more where further planes follow. */
  readonly rows: (height: number) => number
  /** Bytes per pixel, where no bytes are shared, so that a picture may be cut at any pixel. */
  readonly pixel?: number
  /** Least pixels per side. Default 1. */
  readonly least?: number
  readonly colour?: Colour
  readonly depth?: Depth
}

/** An encoding whose pixels follow one another with `pixel` bytes each. */
export function interleaved(pixel: number, shows: Pick<Encoding, 'colour' | 'depth'>): Encoding {
  return { row: width => width * pixel, rows: height => height, pixel, ...shows }
}
