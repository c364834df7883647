import { packU16, packWords } from '../camera-frame.js'
import { interleaved, type Depth, type Encoding } from './encoding.js'

const packed: Depth['unpack'] = (frame, stride) => packU16(frame, stride, frame.width)

/** Whole units: millimetres by REP-118. */
export const WHOLE: Depth = { scale: 1, unpack: packed }

export const u16 = (): Encoding => interleaved(2, { depth: WHOLE })

/** Whole units with a sign. A value below 0 is no depth. */
export const i16 = (): Encoding =>
  interleaved(2, {
    depth: { scale: 1, unpack: (frame, stride) => packed(frame, stride).map(sample => (sample > 32_767 ? 0 : sample)) },
  })

/** Depth in metres. */
export const f32 = (): Encoding =>
  interleaved(4, {
    depth: {
      scale: 1000,
      unpack: (frame, stride) => {
        const { buffer, byteOffset, length } = packWords(frame, stride, 4, frame.width)
        return new Float32Array(buffer, byteOffset, length / 4)
      },
    },
  })

/** Depth in metres. */
export const f64 = (): Encoding =>
  interleaved(8, {
    depth: {
      scale: 1000,
      unpack: (frame, stride) => {
        const { buffer, byteOffset, length } = packWords(frame, stride, 8, frame.width)
        return new Float64Array(buffer, byteOffset, length / 8)
      },
    },
  })
