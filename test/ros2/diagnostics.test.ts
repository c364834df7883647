import { beforeAll, expect, test } from 'vitest'
import { describeRos } from './environment.js'
import { domain, endWithTests, startNode, startPeer, until, type RunningNode, type Talk } from './processes.js'

interface Status {
  readonly level: number
  readonly name: string
  readonly message: string
  readonly hardware_id: string
  readonly values: readonly { key: string; value: string }[]
}

const IMAGE = 'sensor_msgs/msg/Image'
const WRENCH = 'geometry_msgs/msg/WrenchStamped'
const RGB = '/camera/color/image_raw'

describeRos('/diagnostics', () => {
  const env = domain(4)
  let peer: Talk
  let fusion: RunningNode
  let camera: RunningNode
  beforeAll(async () => {
    peer = await startPeer(env)
    fusion = startNode('fusion', ['-p', 'policy:=none', '-p', 'autostart:=true'], env)
    camera = startNode(
      'camera',
      [
        '-p',
        'autostart:=true',
        '-p',
        'rgb_input:=/driver/rgb',
        '-p',
        'depth_input:=/driver/depth',
        '-r',
        '/camera/color/image_raw:=/relayed/rgb',
        '-r',
        '/camera/depth/image_raw:=/relayed/depth',
      ],
      env,
    )
    await peer.ask('listen', { topic: '/diagnostics', type: 'diagnostic_msgs/msg/DiagnosticArray' })
    await peer.ask('listen', { topic: '/relayed/rgb', type: IMAGE })
    for (const [topic, type] of [
      [RGB, IMAGE],
      ['/wrist/wrench', WRENCH],
      ['/driver/rgb', IMAGE],
    ])
      await peer.ask('advertise', { topic, type, match: 1 })
  })
  endWithTests()

  /** The newest status with a name. Values that are numbers are numbers. */
  const statusOf = async (name: string): Promise<Status & { got: Record<string, string | number> }> => {
    const arrays = await peer.ask<{ status: Status[] }[]>('take', { topic: '/diagnostics', last: 8 })
    const status = arrays
      .flatMap(array => array.status)
      .filter(one => one.name === name)
      .at(-1)
    if (!status) return { level: -1, name, message: '', hardware_id: '', values: [], got: {} }
    return {
      ...status,
      got: Object.fromEntries(
        status.values.map(({ key, value }) => [key, Number.isNaN(Number(value)) ? value : Number(value)]),
      ),
    }
  }
  const picture = {
    header: { stamp: { $now: 0 }, frame_id: 'camera' },
    width: 4,
    height: 2,
    step: 12,
    encoding: 'rgb8',
    data: { $bytes: [24, 1] },
  }
  const wrench = { header: { stamp: { $now: 0 }, frame_id: 'wrist' }, wrench: { force: { x: 1 } } }
  const zero = { stamp: { sec: 0, nanosec: 0 }, frame_id: 'camera' }
  /** Publishes a good message until it is counted. Then both sides are matched. */
  const begin = (topic: string, type: string, good: object, name: string, counted: string) =>
    until(
      async () => {
        await peer.ask('publish', { topic, type, messages: [good], period: 0.1 })
        return statusOf(name)
      },
      ({ got }) => Number(got[counted]) > 0,
    )

  test(
    'bad pictures and wrenches are dropped and counted by reason under the name of their topic; the ' + 'node lives',
    async () => {
      await begin(RGB, IMAGE, picture, `/fusion: ${RGB}`, 'accepted')
      await begin('/wrist/wrench', WRENCH, wrench, '/fusion: /wrist/wrench', 'accepted')
      const bad = [
        { ...picture, data: { $bytes: [23, 1] } },
        { ...picture, data: { $bytes: [23, 1] } },
        { ...picture, height: 3 },
        { ...picture, encoding: 'yuv411' },
        { ...picture, header: zero },
        { ...picture, header: { ...picture.header, frame_id: 'other_camera' } },
        { ...picture, header: { ...picture.header, stamp: { $now: 10 } } },
      ]
      await peer.ask('publish', { topic: RGB, type: IMAGE, messages: bad, period: 0.01 })
      const odd = [
        { ...wrench, wrench: { force: { z: { $nan: 1 } } } },
        { ...wrench, wrench: { torque: { x: { $nan: 1 } } } },
        { ...wrench, header: zero },
        { ...wrench, header: { ...wrench.header, frame_id: '' } },
        wrench,
        { ...wrench, header: { ...wrench.header, frame_id: 'left_wrist' } },
      ]
      await peer.ask('publish', { topic: '/wrist/wrench', type: WRENCH, messages: odd, period: 0.002 })
      const rgb = await until(
        () => statusOf(`/fusion: ${RGB}`),
        ({ got }) => got['future'] === 1,
      )
      expect(rgb.got).toMatchObject({
        stream: 'rgb',
        type: IMAGE,
        bad_size: 3,
        bad_encoding: 1,
        zero_stamp: 1,
        frame_id: 1,
        future: 1,
      })
      expect(rgb).toMatchObject({ hardware_id: '/fusion' })
      const force = await until(
        () => statusOf('/fusion: /wrist/wrench'),
        ({ got }) => got['frame_id'] === 2,
      )
      expect(force.got).toMatchObject({ stream: 'wrench', nan: 2, zero_stamp: 1, frame_id: 2 })
      // Good messages are still used.
      const { accepted } = rgb.got
      await peer.ask('publish', { topic: RGB, type: IMAGE, messages: [picture] })
      await until(
        () => statusOf(`/fusion: ${RGB}`),
        ({ got }) => Number(got['accepted']) > Number(accepted),
      )
    },
  )

  test('has the rates of the topics; loss and silence are warnings that name the topic', async () => {
    const running = peer.ask('sensors', { seconds: 10, width: 32, height: 24, depth: false })
    const wrenchStatus = await until(
      () => statusOf('/fusion: /wrist/wrench'),
      ({ got }) => Math.abs(Number(got['rate_hz']) - 1000) < 100,
    )
    expect(wrenchStatus).toMatchObject({ level: 0, message: 'ok' })
    expect(Number(wrenchStatus.got['age_ms'])).toBeLessThan(200)
    await until(
      () => statusOf(`/fusion: ${RGB}`),
      ({ got }) => Math.abs(Number(got['rate_hz']) - 30) < 5,
    )
    const alignment = await until(
      () => statusOf('/fusion: alignment'),
      ({ message }) => message === 'observing',
    )
    expect(alignment.got).toMatchObject({ policy: 'none', jumps: 0 })
    expect(Number(alignment.got['observations'])).toBeGreaterThan(0)
    await peer.ask('enough')
    await running
    expect(
      (
        await until(
          () => statusOf(`/fusion: ${RGB}`),
          ({ level }) => level === 1,
        )
      ).message,
    ).toBe(`${RGB}: silent for a second`)
    await peer.ask('publish', {
      topic: RGB,
      type: IMAGE,
      messages: [picture, { ...picture, header: zero }, { ...picture, header: zero }],
    })
    await until(
      () => statusOf(`/fusion: ${RGB}`),
      ({ level, message }) => level === 1 && message === `${RGB}: 2 dropped in a second: zero_stamp`,
    )
    await fusion.said(/WARN.*\/camera\/color\/image_raw: has fallen silent/)
    await fusion.said(/WARN.*\/camera\/color\/image_raw: messages are dropped: zero_stamp/)
    await fusion.said(/WARN.*no observations are made any more/)
  })

  test('the camera node counts the same way, and publishes good pictures', async () => {
    await begin('/driver/rgb', IMAGE, picture, '/camera: /driver/rgb', 'images')
    const bad = [
      { ...picture, height: 3 },
      { ...picture, encoding: '' },
      { ...picture, header: zero },
      { ...picture, header: { ...picture.header, frame_id: 'x' } },
    ]
    await peer.ask('publish', { topic: '/driver/rgb', type: IMAGE, messages: bad })
    const { got } = await until(
      () => statusOf('/camera: /driver/rgb'),
      status => status.got['frame_id'] === 1,
    )
    expect(got).toMatchObject({ bad_size: 1, bad_encoding: 1, zero_stamp: 1, frame_id: 1 })
    await camera.said(/WARN.*\/driver\/rgb: messages are dropped: bad_encoding/)
    // Thirty messages a second of which none can be used are not silence. It lasts so long that even a busy peer keeps
    // its rate for one of the seconds.
    const running = peer.ask('publish', {
      topic: '/driver/rgb',
      type: IMAGE,
      messages: Array.from({ length: 300 }, () => ({ ...picture, encoding: 'yuv411' })),
      period: 1 / 30,
    })
    await until(
      () => statusOf('/camera: /driver/rgb'),
      ({ level, message }) =>
        level === 1 && /^\/driver\/rgb: (29|3[01]) dropped in a second: bad_encoding$/.test(message),
    )
    await peer.ask('enough')
    await running
    const relayed = await peer.ask<Record<string, unknown>[]>('take', {
      topic: '/relayed/rgb',
      count: Number(got['images']),
    })
    expect(relayed).toHaveLength(Number(got['images']))
    expect(relayed[0]).toMatchObject({ width: 4, height: 2, step: 12, encoding: 'rgb8', data: { length: 24 } })
  })

  test('both nodes end with exit code 0', async () => {
    for (const node of [fusion, camera]) {
      const { status, log } = await node.signal()
      expect(status, log).toBe(0)
    }
  })
})
