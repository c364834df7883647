import type { Header } from '../messages.js'
import { CdrError } from './cdr-error.js'
import { farOf, stampOf, writtenTime, type RosTime } from './ros-time.js'

/** std_msgs/Header with its ROS names. */
export interface RosHeader {
  stamp: RosTime
  frame_id: string
}

export function headerOf({ stamp: { sec, nanosec }, frame_id }: RosHeader, epochSec: number): Header {
  const stamp = stampOf(sec, nanosec, epochSec)
  return { stamp, far: farOf(stamp, sec, nanosec), frameId: frame_id }
}

export const rosHeader = (header: Header, epochSec: number): RosHeader => ({
  stamp: writtenTime(header, epochSec),
  frame_id: ascii(header.frameId),
})

/** Requires ASCII, because MessageWriter cuts other characters off. Throws CdrError CDR_TEXT. */
export function ascii(text: string): string {
  if (Buffer.byteLength(text) !== text.length)
    throw new CdrError('CDR_TEXT', `"${text}": expected an ASCII name for a frame or a joint`)
  return text
}
