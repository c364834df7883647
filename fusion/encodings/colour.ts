import { packU16, toByte, type Frame } from '../camera-frame.js'
import { interleaved, type Encoding, type Unpack } from './encoding.js'

/** The places of red, green and blue in a pixel, or that of grey alone. */
export type Order = readonly [number, number, number] | readonly [number]

/** An encoding with this many channels of 8 bits per pixel. */
export function bytes(channels: number, order: Order): Encoding {
  const inOrder = order.length === 1 || (channels === 3 && order[0] === 0)
  return interleaved(channels, {
    colour: { channels: order.length, unpack: inOrder ? joinRows(channels) : reorder(channels, order) },
  })
}

/** An encoding with this many channels of 16 bits per pixel, converted to 8 bits. */
export function words(channels: number, order: Order): Encoding {
  const unpack: Unpack = (frame, stride) => {
    const samples = packU16(frame, stride, frame.width * channels)
    const out = new Uint8Array(frame.width * frame.height * order.length)
    const [pixel, shown] = [channels, order.length]
    for (let channel = 0; channel < shown; channel++) {
      for (let from = order[channel] as number, to = channel; to < out.length; from += pixel, to += shown)
        out[to] = toByte(samples[from] as number)
    }
    return out
  }
  return interleaved(channels * 2, { colour: { channels: order.length, unpack } })
}

function joinRows(channels: number): Unpack {
  return ({ width, height, data }, stride) => {
    const row = width * channels
    if (stride === row) return data.subarray(0, row * height)
    const packed = new Uint8Array(row * height)
    for (let y = 0; y < height; y++) packed.set(data.subarray(y * stride, y * stride + row), y * row)
    return packed
  }
}

function reorder(channels: number, order: readonly [number, number, number]): Unpack {
  return ({ width, height, data }: Frame, stride) => {
    // A local copy, so that the loop reads no variable of the enclosing function.
    const pixel = channels
    const [r, g, b] = order
    const packed = new Uint8Array(width * height * 3)
    let to = 0
    for (let y = 0; y < height; y++) {
      for (let from = y * stride, end = from + width * pixel; from < end; from += pixel, to += 3) {
        packed[to] = data[from + r] as number
        packed[to + 1] = data[from + g] as number
        packed[to + 2] = data[from + b] as number
      }
    }
    return packed
  }
}
