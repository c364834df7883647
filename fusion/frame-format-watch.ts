import type { Frame } from './camera-frame.js'
import { describeFrame, faultOf, type Reading } from './picture.js'

/** The properties in which two frames are compared. The pixels are not kept. */
type Shape = Pick<Frame, 'width' | 'height' | 'encoding' | 'isBigendian' | 'step'> & { readonly bytes: number }

/**
 * Checks each frame of a stream. It reports, in one line, a frame that cannot be used, or whose size, encoding or byte
 * order differs from the frame before. It looks at no pixel.
 */
export class FrameFormatWatch {
  readonly #reading: Reading
  #before: Shape | undefined

  constructor(reading: Reading) {
    this.#reading = reading
  }

  /**
   * Undefined where there is nothing new to report since the frame before. Allocates nothing for a frame like the one
   * before.
   */
  look(frame: Frame): string | undefined {
    const before = this.#before
    const { width, height, encoding, isBigendian, step, data } = frame
    const isAlike =
      before?.width === width &&
      before.height === height &&
      before.encoding === encoding &&
      before.isBigendian === isBigendian
    if (isAlike && before.step === step && before.bytes === data.length) return undefined
    this.#before = { width, height, encoding, isBigendian, step, bytes: data.length }
    const fault = faultOf(frame, this.#reading)
    const parts = [
      ...(before && !isAlike ? [`pictures change from ${shown(before)} to ${shown(frame)}`] : []),
      ...(fault ? [`cannot be used: ${describeFrame(frame)}: ${fault.why}`] : []),
    ]
    return parts.length > 0 ? parts.join('; ') : undefined
  }
}

const shown = ({
  width,
  height,
  encoding,
  isBigendian,
}: Pick<Frame, 'width' | 'height' | 'encoding' | 'isBigendian'>): string =>
  `${width} x ${height} ${encoding.slice(0, 40) || 'without an encoding'}${isBigendian ? ' (big-endian)' : ''}`
