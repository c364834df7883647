import { strideOf } from '../../fusion/frame.js'
import { picture, pixelBytes } from '../../fusion/picture.js'
import type { Image } from '../../middleware/messages.js'

/**
 * The square in the middle of an image without a fault, rows joined: what a camera with a square picture and the same
 * height of view would see. The image itself where it is square already. Of an odd number of columns or rows too many
 * the one more goes at the right or below. Where pixels share their bytes (yuv, bayer) it is rgb8.
 */
export function centreSquare(image: Image): Image {
  const { width, height } = image
  if (width === height) return image
  const { pixel, ...whole } = cuttable(image)
  const side = Math.min(width, height)
  const row = side * pixel
  const stride = strideOf(whole, width * pixel, height) ?? whole.step
  const from = ((height - side) >> 1) * stride + ((width - side) >> 1) * pixel
  const out = new Uint8Array(side * row)
  for (let y = 0; y < side; y++) out.set(whole.data.subarray(from + y * stride, from + y * stride + row), y * row)
  return { ...whole, width: side, height: side, step: row, data: out }
}

/** The image with bytes of its own for each pixel. */
function cuttable(image: Image): Image & { readonly pixel: number } {
  const pixel = pixelBytes(image.encoding)
  if (pixel !== undefined) return { ...image, pixel }
  const data = picture(image).value().data as Uint8Array
  return { ...image, encoding: 'rgb8', isBigendian: false, step: image.width * 3, data, pixel: 3 }
}
