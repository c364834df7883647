import { strideOf } from '../../fusion/camera-frame.js'
import { picture, pixelBytes } from '../../fusion/picture.js'
import type { Image } from '../../middleware/messages.js'

/**
 * The square in the middle of an image, without padding between rows. It is what a camera with a square picture and the
 * same vertical angle of view would see. A square image is returned as it is. Where an odd number of columns or rows is
 * cut off, one more is cut off at the right or below. Images whose pixels share bytes (yuv, bayer) become rgb8. The
 * image must have passed `frameFault`.
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

/** The image in an encoding in which each pixel has its own bytes. `pixel`: how many. */
function cuttable(image: Image): Image & { readonly pixel: number } {
  const pixel = pixelBytes(image.encoding)
  if (pixel !== undefined) return { ...image, pixel }
  const data = picture(image).value().data as Uint8Array
  return { ...image, encoding: 'rgb8', isBigendian: false, step: image.width * 3, data, pixel: 3 }
}
