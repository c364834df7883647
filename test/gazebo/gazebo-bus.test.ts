import { afterAll, describe, expect, test } from 'vitest'
import { GazeboBus } from '../../middleware/gazebo/gazebo-bus.js'
import { CLOCK } from '../../middleware/gazebo/gz-messages.js'
import { settingsOf } from '../../middleware/gazebo/settings.js'
import type { MessageTypes, TypeName } from '../../middleware/messages.js'
import { describeGazebo, echo, endWithTests, openNode, publishUntil, until, world } from './programs.js'

endWithTests()

const buses: GazeboBus[] = []
afterAll(() => Promise.all(buses.map(bus => bus.close())))

async function openBus(env: Record<string, string>): Promise<GazeboBus> {
  const bus = await GazeboBus.open({ settings: settingsOf(env) })
  buses.push(bus)
  return bus
}

/** Says what time it is until all buses know it. */
async function tell(
  env: Record<string, string>,
  sec: number,
  all: readonly GazeboBus[],
): Promise<(sec: number) => void> {
  const { node } = await openNode(env)
  const clock = node.advertise('/clock', CLOCK)
  const say = (now: number): void => clock.publish({ sim: { sec: Math.floor(now), nsec: Math.round((now % 1) * 1e9) } })
  await until(
    () => {
      say(sec)
      return all.every(bus => bus.clock.known)
    },
    known => known,
  )
  return say
}

/** A topic for each message: what was sent more than once still comes. */
let topics = 0

/** Publishes again and again until one has come; it, as it was in the listener's hands. */
async function send<T extends TypeName>(
  from: GazeboBus,
  to: GazeboBus,
  type: T,
  message: MessageTypes[T],
): Promise<MessageTypes[T]> {
  const topic = `/message/${topics++}`
  let heard: MessageTypes[T] | undefined
  const subscription = to.subscribe(topic, type, got => {
    heard ??= structuredClone(got)
  })
  const publisher = from.advertise(topic, type)
  const got = await until(
    () => {
      publisher.publish(message)
      return heard
    },
    one => one !== undefined,
  )
  publisher.dispose()
  subscription.dispose()
  expect(() => publisher.publish(message)).toThrow(expect.objectContaining({ code: 'PUBLISHER_DISPOSED' }))
  return got as MessageTypes[T]
}

const header = { stamp: 12_345_678_901, frameId: 'wrist' }
const MESSAGES: { readonly [T in TypeName]?: readonly MessageTypes[T][] } = {
  'sensor_msgs/msg/Image': [
    {
      ...header,
      width: 2,
      height: 2,
      encoding: 'rgb8',
      isBigendian: false,
      step: 6,
      data: Uint8Array.from({ length: 12 }, (_, i) => i),
    },
    {
      ...header,
      width: 1,
      height: 2,
      encoding: '32FC1',
      isBigendian: false,
      step: 8,
      data: new Uint8Array(16).fill(7),
    },
  ],
  'sensor_msgs/msg/CameraInfo': [
    {
      ...header,
      width: 640,
      height: 480,
      distortionModel: 'plumb_bob',
      d: Float64Array.of(0, 0.1, 0, 0, 0),
      k: Float64Array.of(500, 0, 320, 0, 500, 240, 0, 0, 1),
    },
    { ...header, width: 4, height: 3, distortionModel: 'equidistant', d: new Float64Array(0), k: new Float64Array(9) },
  ],
  'geometry_msgs/msg/WrenchStamped': [{ ...header, wrench: Float64Array.of(1, -2, 3.5, 0.25, 0, -1e-9) }],
  'geometry_msgs/msg/PoseStamped': [{ ...header, pose: Float64Array.of(0.1, 0, -0.3, 0, 0.6, 0, 0.8) }],
  'sensor_msgs/msg/JointState': [
    {
      ...header,
      name: ['a', 'b'],
      position: Float64Array.of(1, 2),
      velocity: Float64Array.of(0, -1),
      effort: Float64Array.of(0.5, 0),
    },
  ],
  'sensor_msgs/msg/Imu': [
    {
      ...header,
      orientation: Float64Array.of(0, 0.6, 0, 0.8),
      orientationCovariance: new Float64Array(9),
      angularVelocity: Float64Array.of(0.1, -2, 0),
      angularVelocityCovariance: new Float64Array(9),
      linearAcceleration: Float64Array.of(0, 0.5, 9.81),
      linearAccelerationCovariance: new Float64Array(9),
    },
  ],
  'std_msgs/msg/String': [{ data: 'grüezi' }],
}

describe("a bus on Gazebo's topics", () => {
  test('brings every type that has a counterpart whole to another one, by ROS names', async () => {
    const env = world()
    const [a, b] = [await openBus(env), await openBus(env)]
    await tell(env, 12.5, [a, b])
    for (const [type, messages] of Object.entries(MESSAGES)) {
      for (const message of messages) {
        const got = await send(a, b, type as TypeName, message)
        // Bytes come as a view on what was received.
        expect(
          'data' in got && got.data instanceof Uint8Array ? { ...got, data: Uint8Array.from(got.data) } : got,
          type,
        ).toEqual(message)
      }
    }
    a.advertise('/wrench', 'geometry_msgs/msg/WrenchStamped')
    await until(
      () => b.topics().find(({ topic }) => topic === '/wrench'),
      info => info?.type === 'geometry_msgs/msg/WrenchStamped' && info.publishers === 1,
    )
    expect(b.topics().find(({ topic }) => topic === '/clock')).toMatchObject({ type: 'gz.msgs.Clock' })
  })

  test('refuses a type that Gazebo does not have, and a picture in an encoding that it does not have', async () => {
    const bus = await openBus(world())
    expect(() => bus.subscribe('/voice', 'prehend_interfaces/msg/VoiceEvent', () => undefined)).toThrow(
      expect.objectContaining({ code: 'TOPIC_TYPE' }),
    )
    expect(() => bus.advertise('/voice', 'prehend_interfaces/msg/VoiceEvent')).toThrow(
      /\/voice: prehend_interfaces\/msg\/VoiceEvent has no counterpart in Gazebo; expected one of /,
    )
    const pictures = bus.advertise('/picture', 'sensor_msgs/msg/Image')
    expect(() =>
      pictures.publish({
        ...header,
        width: 1,
        height: 1,
        encoding: 'bayer_rggb8',
        isBigendian: false,
        step: 1,
        data: new Uint8Array(1),
      }),
    ).toThrow(/bayer_rggb8: expected one of rgb8, /)
  })

  test('drops messages before the first /clock message, and never goes back when /clock does', async () => {
    const env = world()
    const [a, b] = [await openBus(env), await openBus(env)]
    const stamps: [stamp: number, receive: number][] = []
    b.subscribe('/wrench', 'geometry_msgs/msg/WrenchStamped', ({ stamp }, receive) => stamps.push([stamp, receive]))
    const { node } = await openNode(env)
    let came = 0
    node.subscribe('/wrench', { name: 'Wrench', decode: bytes => bytes.length }, () => came++)
    const wrench = a.advertise('/wrench', 'geometry_msgs/msg/WrenchStamped')
    const publishing = (sec: number) => (): void =>
      wrench.publish({ stamp: (sec - a.clock.epochSec) * 1e9, frameId: '', wrench: new Float64Array(6) })
    await until(
      () => {
        publishing(99)()
        return came
      },
      count => count > 20,
    )
    expect(stamps).toEqual([])
    const say = await tell(env, 100, [a, b])
    await until(
      () => {
        publishing(99.75)()
        return stamps.length
      },
      count => count > 0,
    )
    expect(stamps.at(-1)).toEqual([99.75e9, 100e9])
    // What steps back by less than a tenth of a second only came late.
    say(99.95)
    say(100.25)
    await until(
      () => b.clock.now(),
      now => now === 100.25e9,
    )
    expect(b.clock.jumps).toBe(0)
    await until(
      () => {
        say(0.5)
        return [a, b].every(({ clock }) => clock.jumps === 1)
      },
      jumped => jumped,
    )
    expect(b.clock.now()).toBeGreaterThanOrEqual(102.25e9)
    const before = stamps.length
    await until(
      () => {
        publishing(0.5)()
        return stamps.length
      },
      count => count > before,
    )
    expect(stamps.at(-1)).toEqual([b.clock.now(), b.clock.now()])
  })
})

describeGazebo('with ign-transport-topic', () => {
  test('receives a pose that the program publishes, and the program prints joints from this process', async () => {
    const env = world()
    const bus = await openBus(env)
    await tell(env, 4, [bus])
    const pose = new Promise<MessageTypes['geometry_msgs/msg/PoseStamped']>(resolve =>
      bus.subscribe('/pose', 'geometry_msgs/msg/PoseStamped', resolve),
    )
    expect(
      await publishUntil(
        pose,
        env,
        '/pose',
        'ignition.msgs.Pose',
        'header: {stamp: {sec: 3, nsec: 7}, data: {key: "frame_id", value: "base"}}, position: {x: 1, z: ' +
          '3}, orientation: {y: 1}',
      ),
    ).toEqual({
      stamp: 3_000_000_007,
      frameId: 'base',
      pose: Float64Array.of(1, 0, 3, 0, 1, 0, 0),
    })
    const printed = echo(env, '/joints', 1)
    const joints = bus.advertise('/joints', 'sensor_msgs/msg/JointState')
    const again = setInterval(
      () =>
        joints.publish({
          stamp: 5e9,
          frameId: 'base',
          name: ['x'],
          position: Float64Array.of(0.5),
          velocity: new Float64Array(0),
          effort: Float64Array.of(-2),
        }),
      20,
    )
    const text = await printed.finally(() => clearInterval(again))
    expect(text.replaceAll(/\s+/g, ' ')).toMatch(
      /stamp \{ sec: 5 \} data \{ key: "frame_id" value: "base" \} \} joint \{ name: "x" axis1 \{ (?:position: 0.5 |force: -2 |[a-z_]+: 0 |xyz \{[^}]*\} )+\} \}/,
    )
    expect(text).toMatch(/position: 0.5/)
    expect(text).toMatch(/force: -2/)
  })
})
