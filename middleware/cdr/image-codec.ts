import type { CompressedImage, Header, Image } from '../messages.js'
import { CdrInput } from './cdr-input.js'
import { CdrOutput, CdrSize } from './cdr-output.js'
import type { Codec } from './codec.js'
import { stampOf, timeOf } from './stamp.js'

const input = new CdrInput()

export const imageCodec: Codec<Image> = {
  decode(bytes, epochSec) {
    input.reset(bytes)
    return {
      stamp: stampOf(input.int32(), input.uint32(), epochSec),
      frameId: input.string(),
      height: input.uint32(),
      width: input.uint32(),
      encoding: input.string(),
      isBigendian: input.uint8() !== 0,
      step: input.uint32(),
      data: input.view(),
    }
  },
  encode(message, epochSec) {
    const { frameId, encoding, data } = message
    const size = new CdrSize().add(4, 8).string(frameId).add(4, 8).string(encoding).add(1, 1).add(4, 8 + data.length)
    return writeImage(new CdrOutput(size.total), message, epochSec).bytes
  },
}

export const compressedImageCodec: Codec<CompressedImage> = {
  decode(bytes, epochSec) {
    input.reset(bytes)
    return {
      stamp: stampOf(input.int32(), input.uint32(), epochSec),
      frameId: input.string(),
      format: input.string(),
      data: input.view(),
    }
  },
  encode(message, epochSec) {
    const { frameId, format, data } = message
    const size = new CdrSize().add(4, 8).string(frameId).string(format).add(4, 4 + data.length)
    return header(new CdrOutput(size.total), message, epochSec).string(format).block(data).bytes
  },
}

/** sensor_msgs/Image, whole or as a field of another message. */
export function writeImage(output: CdrOutput, message: Image, epochSec: number): CdrOutput {
  const { height, width, encoding, isBigendian, step, data } = message
  return header(output, message, epochSec).uint32(height).uint32(width).string(encoding).uint8(isBigendian ? 1 : 0).uint32(step).block(data)
}

/** std_msgs/Header */
export function header(output: CdrOutput, { stamp, frameId }: Header, epochSec: number): CdrOutput {
  const { sec, nanosec } = timeOf(stamp, epochSec)
  return output.int32(sec).uint32(nanosec).string(frameId)
}
