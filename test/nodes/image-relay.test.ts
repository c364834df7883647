import { expect, describe, it } from 'vitest'
import { ImageError } from '../../middleware/image/image-error.js'
import { LocalBus } from '../../middleware/local/local-bus.js'
import { SteppedClock } from '../../middleware/local/stepped-clock.js'
import type { CompressedImage, Image } from '../../middleware/messages.js'
import { ImageRelayNode, type Relay } from '../../nodes/image-relay.js'

const IMAGE = 'sensor_msgs/msg/Image'
const COMPRESSED = 'sensor_msgs/msg/CompressedImage'
const small = (stamp: number, frameId = 'camera'): CompressedImage => ({
  stamp,
  frameId,
  format: 'jpeg',
  data: new Uint8Array(3),
})
const shown = ({ stamp, frameId }: CompressedImage): Image => ({
  stamp,
  frameId,
  width: 1,
  height: 1,
  encoding: 'rgb8',
  isBigendian: false,
  step: 3,
  data: new Uint8Array(3),
})
const settle = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

async function relaying(relay: Relay, fails: (stamp: number) => boolean = () => false) {
  const bus = new LocalBus(new SteppedClock(1))
  const under: (() => void)[] = []
  const passed: (Image | CompressedImage)[] = []
  const node = new ImageRelayNode({
    bus,
    relays: [relay],
    decode: message =>
      new Promise((resolve, reject) =>
        under.push(() => (fails(message.stamp) ? reject(new ImageError('bad_encoding', '')) : resolve(shown(message)))),
      ),
  })
  bus.subscribe(relay.to, relay.toType, message => passed.push(message))
  await node.configure()
  await node.activate()
  return { node, under, passed, camera: bus.advertise(relay.from, COMPRESSED), dropped: node.counters[0].dropped }
}

describe('the camera node with a compressed camera', () => {
  const decoding: Relay = { from: '/driver/compressed', to: '/rgb', fromType: COMPRESSED, toType: IMAGE }

  it(
    'publishes pictures in their order, whichever is decoded first, also those that are being ' +
      'decoded at a deactivation',
    async () => {
      const { node, under, passed, camera, dropped } = await relaying(decoding, stamp => stamp === 2)
      for (const stamp of [1, 2, 3, 4]) camera.publish(small(stamp))
      camera.publish(small(5, 'other'))
      const down = node.deactivate()
      camera.publish(small(6))
      for (const i of [3, 1, 0, 2]) {
        under[i]()
        await settle()
      }
      await down
      expect(passed.map(({ stamp }) => stamp)).toEqual([1, 3, 4])
      expect(dropped).toMatchObject({ bad_encoding: 1, frame_id: 1 })
    },
  )

  it('drops the newest where decoding cannot keep up', async () => {
    const { under, passed, camera, dropped } = await relaying(decoding)
    for (let stamp = 1; stamp <= 40; stamp++) camera.publish(small(stamp))
    for (let i = 0; i < 32; i++) {
      under[i]()
      await settle()
    }
    expect(passed.map(({ stamp }) => stamp)).toEqual(Array.from({ length: 32 }, (_, i) => i + 1))
    expect(dropped.overload).toBe(8)
  })

  it('publishes compressed images as they are for a robot file that wants them', async () => {
    const { under, passed, camera } = await relaying({ ...decoding, toType: COMPRESSED })
    camera.publish(small(1))
    expect([passed, under]).toEqual([[small(1)], []])
  })
})

it('the camera node says once why images cannot be used, and when they change', async () => {
  const bus = new LocalBus(new SteppedClock(1))
  const notices: string[] = []
  const node = new ImageRelayNode({
    bus,
    relays: [{ from: '/driver', to: '/rgb', fromType: IMAGE, toType: IMAGE }],
    onNotice: text => notices.push(text),
  })
  await node.configure()
  await node.activate()
  const driver = bus.advertise('/driver', IMAGE)
  const image = shown(small(1))
  for (const one of [
    image,
    image,
    { ...image, encoding: 'yuv411' },
    { ...image, encoding: 'yuv411' },
    { ...image, encoding: 'bgr8' },
  ])
    driver.publish(one)
  expect(notices).toEqual([
    '/driver: pictures change from 1 x 1 rgb8 to 1 x 1 yuv411; cannot be used: 1 x 1 yuv411, step 3, ' +
      '3 bytes: this encoding is not known; publish one of sensor_msgs, such as rgb8 or 16UC1',
    '/driver: pictures change from 1 x 1 yuv411 to 1 x 1 bgr8',
  ])
})
