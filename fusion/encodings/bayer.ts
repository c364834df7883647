import { packU16, toByte, type Frame } from '../frame.js'
import type { Encoding } from './encoding.js'

/** The colours of the first two rows' first two pixels: `rg` above `gb`, and so on. */
export type Pattern = 'rggb' | 'bggr' | 'gbrg' | 'grbg'

/** One colour a pixel, of 8 or 16 bits; the others come from the neighbours. */
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
 * Bilinear: a colour that a pixel lacks is the rounded mean of its two or four nearest neighbours that have it. The
 * outermost pixels are those beside them, as OpenCV does it. `red`: where the first red pixel is; `stride`: samples
 * from a row to the next.
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
      // Red and blue for a row of red; a row of blue has them the other way round.
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
