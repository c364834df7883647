import { packU16, toByte, type Frame } from '../camera-frame.js'
import type { Encoding } from './encoding.js'

/** The colours of the first two pixels of the first two rows: `rg` above `gb`, and so on. */
export type Pattern = 'rggb' | 'bggr' | 'gbrg' | 'grbg'

/** One colour per pixel, in 8 or 16 bits. The two missing colours are interpolated from the neighbours. */
export function bayer(pattern: Pattern, bits: 8 | 16): Encoding {
  const red = pattern.indexOf('r')
  const place = { x: red & 1, y: red >> 1 }
  const bytes = bits / 8
  return {
    row: width => width * bytes,
    rows: height => height,
    least: 3,
    colour: {
      channels: 3,
      unpack: (frame, stride) =>
        bits === 8
          ? demosaic(frame, frame.data, stride, place, level => level)
          : demosaic(frame, packU16(frame, stride, frame.width), frame.width, place, toByte),
    },
  }
}

/**
 * Bilinear interpolation. A missing colour is the rounded mean of the two or four nearest neighbours that have it. The
 * pixels at the edge are copied from those beside them, as OpenCV does. `red`: the place of the first red pixel.
 * `stride`: samples from a row to the next. `level`: converts a sample to 8 bits.
 */
function demosaic(
  { width, height }: Frame,
  mosaic: Uint8Array | Uint16Array,
  stride: number,
  red: { readonly x: number; readonly y: number },
  level: (sample: number) => number,
): Uint8Array {
  const out = new Uint8Array(width * height * 3)
  for (let y = 1; y < height - 1; y++) {
    const inRed = (y & 1) === red.y
    for (let x = 1; x < width - 1; x++) {
      const at = y * stride + x
      const here = mosaic[at] as number
      const across = (mosaic[at - 1] as number) + (mosaic[at + 1] as number)
      const down = (mosaic[at - stride] as number) + (mosaic[at + stride] as number)
      // Red and blue in a row that has red pixels. They are swapped in a row that has blue pixels.
      let own
      let green
      let other
      if (((x & 1) === red.x) === inRed) {
        own = here
        green = (across + down + 2) >> 2
        other =
          ((mosaic[at - stride - 1] as number) +
            (mosaic[at - stride + 1] as number) +
            (mosaic[at + stride - 1] as number) +
            (mosaic[at + stride + 1] as number) +
            2) >>
          2
      } else {
        own = (across + 1) >> 1
        green = here
        other = (down + 1) >> 1
      }
      const to = (y * width + x) * 3
      out[to] = level(inRed ? own : other)
      out[to + 1] = level(green)
      out[to + 2] = level(inRed ? other : own)
    }
    out.copyWithin(y * width * 3, (y * width + 1) * 3, (y * width + 2) * 3)
    out.copyWithin((y * width + width - 1) * 3, (y * width + width - 2) * 3, (y * width + width - 1) * 3)
  }
  const row = width * 3
  out.copyWithin(0, row, 2 * row)
  out.copyWithin((height - 1) * row, (height - 2) * row, (height - 1) * row)
  return out
}
