import type { Frame } from './frame.js'
import { describeFrame, faultOf, type Reading } from './picture.js'

/** What a frame has to be for the next one to be like it; without the pixels, which are not kept. */
type Shape = Pick<Frame, 'width' | 'height' | 'encoding' | 'isBigendian' | 'step'> & { readonly bytes: number }

/**
 * Looks at each frame of a stream and says, in a line, where one cannot be used, or its size, encoding or byte order is
 * not that of the frame before.
 */
export class FrameWatch {
  readonly #reading: Reading
  #before: Shape | undefined

  constructor(reading: Reading) {
    this.#reading = reading
  }

  /** Undefined: nothing that was not said of the frame before. Makes no object for a frame like the one before. */
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
