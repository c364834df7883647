import { expect, it } from 'vitest'
import { LocalBus } from '../../middleware/local/local-bus.js'
import { SteppedClock } from '../../middleware/local/stepped-clock.js'
import { CameraNode, type RgbdFrame } from '../../nodes/camera-node.js'
import { ForceTorqueNode } from '../../nodes/force-torque-node.js'
import { VoiceNode } from '../../nodes/voice-node.js'
import { RawWrenchTopic } from '../../nodes/raw-wrench-topic.js'

const MS = 1_000_000

class Source<T extends unknown[]> {
  listener: ((...sample: T) => void) | undefined

  start(listener: (...sample: T) => void): void {
    this.listener = listener
  }

  stop(): void {
    this.listener = undefined
  }
}

it(
  "the camera publishes depth, then colour, with the camera's stamp, and drops a frame whose pixels " +
    'do not fit its size',
  async () => {
    const bus = new LocalBus(new SteppedClock(500))
    const source = new Source<[RgbdFrame]>()
    const node = new CameraNode({ bus, source, rgbTopic: '/rgb', depthTopic: '/depth', frameId: 'optical' })
    const heard: [string, number, number, number][] = []
    for (const topic of ['/rgb', '/depth']) {
      bus.subscribe(topic, 'sensor_msgs/msg/Image', ({ encoding, stamp, step, data, height }) => {
        expect(data.length).toBe(step * height)
        heard.push([encoding, stamp, step, data.length])
      })
    }
    await node.configure()
    await node.activate()
    const frame = { stamp: 42, width: 3, height: 2, rgb: new Uint8Array(18), depth: new Uint16Array(6) }
    source.listener?.(frame)
    source.listener?.({ ...frame, rgb: new Uint8Array(17) })
    expect(heard).toEqual([
      ['16UC1', 42, 6, 12],
      ['rgb8', 42, 9, 18],
    ])
    expect(node).toMatchObject({ frames: 1, dropped: 1 })
    await node.shutdown()
    expect(source.listener).toBeUndefined()
    expect(bus.topics().every(({ publishers }) => publishers === 0)).toBe(true)
  },
)

it('the wrench is published as measured, or less its offset, without NaN', async () => {
  for (const tare of [0, 100 * MS]) {
    const bus = new LocalBus(new SteppedClock(1))
    const source = new Source<[number, Float64Array]>()
    const node = new ForceTorqueNode({ bus, source, topic: '/wrench', frameId: 'wrist', tare })
    const fz: number[] = []
    bus.subscribe('/wrench', 'geometry_msgs/msg/WrenchStamped', ({ wrench }) => fz.push(wrench[2]))
    await node.configure()
    await node.activate()
    for (let i = 0; i < 200; i++) source.listener?.((i + 1) * MS, Float64Array.of(0, 0, i < 100 ? 190 : 195, 0, 0, 0))
    source.listener?.(300 * MS, Float64Array.of(0, 0, 0, NaN, 0, 0))
    expect(fz).toEqual(
      tare === 0 ? [...Array<number>(100).fill(190), ...Array<number>(100).fill(195)] : Array<number>(100).fill(5),
    )
    expect(node.dropped).toBe(1)
  }
})

it('an utterance is published trimmed and cut, and only while the node is active', async () => {
  const bus = new LocalBus(new SteppedClock(7))
  const node = new VoiceNode({ bus, topic: '/voice' })
  const heard: string[] = []
  bus.subscribe('/voice', 'prehend_interfaces/msg/VoiceEvent', ({ text, stamp, confidence }) => {
    expect([stamp, confidence]).toEqual([7, 1])
    heard.push(text)
  })
  node.say('too early')
  await node.configure()
  await node.activate()
  node.say('  pick   the\tred box ')
  node.say('   ')
  node.say('x'.repeat(500))
  expect(heard).toEqual(['pick the red box', 'x'.repeat(200)])
  await node.deactivate()
  node.say('too late')
  expect(node.events).toBe(2)
})

it(
  'wrenches of a topic are used with a stamp of any clock and a frame_id that stays; the others ' + 'are counted',
  () => {
    const bus = new LocalBus(new SteppedClock(1))
    const publisher = bus.advertise('/driver', 'geometry_msgs/msg/WrenchStamped')
    const said: string[] = []
    const topic = new RawWrenchTopic(bus, '/driver', text => said.push(text))
    const stamps: number[] = []
    topic.start(stamp => stamps.push(stamp))
    const say = (stamp: number, frameId: string): void =>
      publisher.publish({ stamp, frameId, wrench: new Float64Array(6) })
    for (const [stamp, frameId] of [
      [0, 'other'],
      [1, 'left'],
      [2, 'right'],
      [-5, 'left'],
      [3, 'left'],
    ] as const)
      say(stamp, frameId)
    expect(stamps).toEqual([1, -5, 3])
    expect(topic.dropped).toEqual({ zero_stamp: 1, frame_id: 1 })
    expect(said).toEqual([])
    topic.stop()
    topic.start(stamp => stamps.push(stamp))
    say(4, 'right')
    expect(stamps).toEqual([1, -5, 3, 4])
  },
)

it('on a topic of std_msgs/String an utterance is a String', async () => {
  const bus = new LocalBus(new SteppedClock(7))
  const node = new VoiceNode({ bus, topic: '/voice', type: 'std_msgs/msg/String' })
  const heard: string[] = []
  bus.subscribe('/voice', 'std_msgs/msg/String', ({ data }) => heard.push(data))
  await node.configure()
  await node.activate()
  node.say('stop')
  expect(heard).toEqual(['stop'])
  await node.shutdown()
  expect(bus.topics().every(({ publishers }) => publishers === 0)).toBe(true)
})
