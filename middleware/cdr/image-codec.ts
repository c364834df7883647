import type { CompressedImage, Header, Image } from '../messages.js'
import { CdrInput } from './cdr-input.js'
import { CdrOutput, CdrSize } from './cdr-output.js'
import type { Codec } from './codec.js'
import { farOf, stampOf, writtenTime } from './ros-time.js'

const input = new CdrInput()

export const imageCodec: Codec<Image> = {
  decode(bytes, epochSec) {
    input.reset(bytes)
    return {
      ...readHeader(input, { stamp: 0, frameId: '' }, epochSec),
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
    const size = new CdrSize()
      .add(4, 8)
      .string(frameId)
      .add(4, 8)
      .string(encoding)
      .add(1, 1)
      .add(4, 8 + data.length)
    return writeImage(new CdrOutput(size.total), message, epochSec).bytes
  },
}

export const compressedImageCodec: Codec<CompressedImage> = {
  decode(bytes, epochSec) {
    input.reset(bytes)
    return {
      ...readHeader(input, { stamp: 0, frameId: '' }, epochSec),
      format: input.string(),
      data: input.view(),
    }
  },
  encode(message, epochSec) {
    const { frameId, format, data } = message
    const size = new CdrSize()
      .add(4, 8)
      .string(frameId)
      .string(format)
      .add(4, 4 + data.length)
    return header(new CdrOutput(size.total), message, epochSec).string(format).block(data).bytes
  },
}

/** Writes a sensor_msgs/Image, as a message or as a field of one. */
export function writeImage(output: CdrOutput, message: Image, epochSec: number): CdrOutput {
  const { height, width, encoding, isBigendian, step, data } = message
  return header(output, message, epochSec)
    .uint32(height)
    .uint32(width)
    .string(encoding)
    .uint8(isBigendian ? 1 : 0)
    .uint32(step)
    .block(data)
}

/** Writes a std_msgs/Header. */
export function header(output: CdrOutput, head: Header, epochSec: number): CdrOutput {
  const { sec, nanosec } = writtenTime(head, epochSec)
  return output.int32(sec).uint32(nanosec).string(head.frameId)
}

/** Reads a std_msgs/Header into `into` and returns `into`. */
export function readHeader<H extends Header>(input: CdrInput, into: H, epochSec: number): H {
  const sec = input.int32()
  const nanosec = input.uint32()
  into.stamp = stampOf(sec, nanosec, epochSec)
  into.far = farOf(into.stamp, sec, nanosec)
  into.frameId = input.string()
  return into
}
