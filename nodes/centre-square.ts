import { pixelBytes } from '../fusion/picture.js'
import type { Image } from '../middleware/messages.js'

/**
 * The square in the middle of an image without a fault, rows joined: what a camera with a square picture and the same height of view would see. The image itself
 * where it is square already. Of an odd number of columns or rows too many the one more goes at the right or below.
 */
export function centreSquare(image: Image): Image {
  const { width, height, step, data, encoding } = image
  if (width === height) return image
  const side = Math.min(width, height)
  const pixel = pixelBytes(encoding) ?? 0
  const row = side * pixel
  const from = ((height - side) >> 1) * step + ((width - side) >> 1) * pixel
  const out = new Uint8Array(side * row)
  for (let y = 0; y < side; y++) out.set(data.subarray(from + y * step, from + y * step + row), y * row)
  return { ...image, width: side, height: side, step: row, data: out }
}
