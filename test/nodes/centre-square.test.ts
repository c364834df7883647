import { expect, it } from 'vitest'
import { picture } from '../../fusion/picture.js'
import { LocalBus } from '../../middleware/local/local-bus.js'
import { SteppedClock } from '../../middleware/local/stepped-clock.js'
import type { Image } from '../../middleware/messages.js'
import { centreSquare } from '../../nodes/intake/centre-square.js'
import { ImageRelayNode } from '../../nodes/image-relay.js'

const BYTES: Readonly<Record<string, number>> = { rgb8: 3, bgra8: 4, mono8: 1, '16UC1': 2, '32FC1': 4 }

/**
 * An image whose bytes depend on their place, so that no two neighbours are equal. Each row ends with `padding` bytes.
 */
function image(encoding: string, width: number, height: number, padding: number): Image {
  const step = width * BYTES[encoding] + padding
  return {
    stamp: 3,
    frameId: 'camera',
    width,
    height,
    encoding,
    isBigendian: false,
    step,
    data: Uint8Array.from({ length: step * height }, (_, i) => (i * 7 + (i >> 8)) & 255),
  }
}

/** The expected image, pixel by pixel from the definition. */
function slowly({ width, height, step, data, encoding }: Image): number[] {
  const [bytes, side] = [BYTES[encoding], Math.min(width, height)]
  const out: number[] = []
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const at = (y + Math.floor((height - side) / 2)) * step + (x + Math.floor((width - side) / 2)) * bytes
      for (let byte = 0; byte < bytes; byte++) out.push(data[at + byte])
    }
  }
  return out
}

it.each(Object.keys(BYTES))(
  'cuts the square out of the middle of wide and high images, odd and even, with and without ' + 'padding: %s',
  encoding => {
    for (const [width, height] of [
      [8, 6],
      [9, 6],
      [6, 8],
      [5, 12],
      [7, 1],
    ]) {
      for (const padding of [0, 1, 3 * width + 5]) {
        const whole = image(encoding, width, height, padding)
        const side = Math.min(width, height)
        const { data, ...cut } = centreSquare(whole)
        expect(cut).toEqual({
          stamp: 3,
          frameId: 'camera',
          encoding,
          isBigendian: false,
          width: side,
          height: side,
          step: side * BYTES[encoding],
        })
        expect([...data], `${width}x${height}+${padding}`).toEqual(slowly(whole))
      }
    }
  },
)

it('leaves a square image as it is', () => {
  const whole = image('rgb8', 6, 6, 2)
  expect(centreSquare(whole)).toBe(whole)
})

it.each([
  [true, 6],
  [false, 8],
])('is published by the camera node where the parameter asks for it: %s', async (square, width) => {
  const bus = new LocalBus(new SteppedClock(1))
  const node = new ImageRelayNode({
    bus,
    relays: [
      { from: '/driver', to: '/rgb', fromType: 'sensor_msgs/msg/Image', toType: 'sensor_msgs/msg/Image', square },
    ],
  })
  const widths: number[] = []
  bus.subscribe('/rgb', 'sensor_msgs/msg/Image', message => widths.push(message.width))
  await node.configure()
  await node.activate()
  bus.advertise('/driver', 'sensor_msgs/msg/Image').publish(image('rgb8', 8, 6, 0))
  expect(widths).toEqual([width])
})

it('cuts images whose pixels share bytes as rgb8', () => {
  for (const [encoding, row, rows] of [
    ['uyvy', 16, 6],
    ['nv12', 8, 9],
    ['bayer_gbrg8', 8, 6],
  ] as const) {
    const whole: Image = { ...image('mono8', row, rows, 0), encoding, width: 8, height: 6 }
    const rgb = picture(whole).value().data as Uint8Array
    const { encoding: cut, data } = centreSquare(whole)
    expect([cut, [...data]]).toEqual(['rgb8', slowly({ ...whole, encoding: 'rgb8', step: 24, data: rgb })])
  }
})

it('cuts an image whose step is 0', () => {
  const whole = image('rgb8', 8, 6, 0)
  expect(centreSquare({ ...whole, step: 0 })).toEqual(centreSquare(whole))
})
