import type { Frame } from '../camera-frame.js'
import type { Encoding } from './encoding.js'

/** Where luma and chroma of a pixel are stored, as byte positions in the frame's data. */
interface Places {
  /** Position of the first luma value, and the step from one to the next. */
  readonly luma: number
  readonly lumaStep: number
  readonly u: number
  readonly v: number
  readonly chromaStep: number
  readonly chromaStride: number
  /** log2 of the number of pixels that share a chroma sample, across and down. */
  readonly shiftX: 0 | 1
  readonly shiftY: 0 | 1
}

/** Two pixels in four bytes: the luma of each and the chroma of both, in an order such as `u y v y`. */
export function packedYuv(order: 'uyvy' | 'yuyv' | 'yvyu'): Encoding {
  const places = (stride: number): Places => ({
    luma: order.indexOf('y'),
    lumaStep: 2,
    u: order.indexOf('u'),
    v: order.indexOf('v'),
    chromaStep: 4,
    chromaStride: stride,
    shiftX: 1,
    shiftY: 0,
  })
  return {
    row: width => 4 * Math.ceil(width / 2),
    rows: height => height,
    colour: { channels: 3, unpack: (frame, stride) => toRgb(frame, stride, places(stride)) },
  }
}

/**
 * A plane of luma, then a plane of interleaved chroma, `u v` or `v u`. Each chroma sample counts for 2 x 2 pixels
 * (`half`) or for one (`whole`).
 */
export function semiPlanarYuv(order: 'uv' | 'vu', chroma: 'half' | 'whole'): Encoding {
  const half = chroma === 'half'
  return {
    row: width => (half ? 2 * Math.ceil(width / 2) : width),
    rows: height => (half ? height + Math.ceil(height / 2) : 3 * height),
    colour: {
      channels: 3,
      unpack: (frame, stride) => {
        const begin = stride * lumaRows(frame, stride, half ? 1.5 : 3)
        const shift = half ? 1 : 0
        return toRgb(frame, stride, {
          luma: 0,
          lumaStep: 1,
          u: begin + order.indexOf('u'),
          v: begin + order.indexOf('v'),
          chromaStep: 2,
          chromaStride: half ? stride : 2 * stride,
          shiftX: shift,
          shiftY: shift,
        })
      },
    },
  }
}

/** A plane of luma, then a plane of u and a plane of v, each of half the width and height. */
export function planarYuv(): Encoding {
  return {
    row: width => 2 * Math.ceil(width / 2),
    rows: height => height + Math.ceil(height / 2),
    colour: {
      channels: 3,
      unpack: (frame, stride) => {
        const rows = lumaRows(frame, stride, 1.5)
        const u = stride * rows
        const v = u + (stride >> 1) * Math.ceil(rows / 2)
        return toRgb(frame, stride, {
          luma: 0,
          lumaStep: 1,
          u,
          v,
          chromaStep: 1,
          chromaStride: stride >> 1,
          shiftX: 1,
          shiftY: 1,
        })
      },
    },
  }
}

/** Rows of the luma plane. A codec may make all planes higher than the picture, each by the same factor. */
function lumaRows({ height, data }: Frame, stride: number, planes: number): number {
  const rows = data.length / stride / planes
  return Number.isInteger(rows) && rows > height ? rows : height
}

const BITS = 20
const HALF = 1 << (BITS - 1)
const [Y, RV, GU, GV, BU] = [1.164, 1.596, -0.391, -0.813, 2.018].map(share => Math.round(share * 2 ** BITS)) as [
  number,
  number,
  number,
  number,
  number,
]

/**
 * ITU-R BT.601 with luma from 16 to 235: r = 1.164 (y - 16) + 1.596 (v - 128), g = 1.164 (y - 16) - 0.813 (v - 128) -
 * 0.391 (u - 128), b = 1.164 (y - 16) + 2.018 (u - 128), rounded. Pixels that share chroma use it without
 * interpolation. OpenCV and cv_bridge convert in the same way.
 */
function toRgb(
  { width, height, data }: Frame,
  stride: number,
  { luma, lumaStep, u, v, chromaStep, chromaStride, shiftX, shiftY }: Places,
): Uint8Array {
  const out = new Uint8ClampedArray(width * height * 3)
  let to = 0
  for (let y = 0; y < height; y++) {
    let from = y * stride + luma
    const chroma = (y >> shiftY) * chromaStride
    for (let x = 0; x < width; x++, from += lumaStep, to += 3) {
      const at = chroma + (x >> shiftX) * chromaStep
      const level = Math.max(0, (data[from] as number) - 16) * Y + HALF
      const cu = (data[u + at] as number) - 128
      const cv = (data[v + at] as number) - 128
      out[to] = (level + RV * cv) >> BITS
      out[to + 1] = (level + GU * cu + GV * cv) >> BITS
      out[to + 2] = (level + BU * cu) >> BITS
    }
  }
  return new Uint8Array(out.buffer)
}
