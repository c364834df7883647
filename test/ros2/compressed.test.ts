import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { prehendJson } from '../e2e/prehend.js'
import { decodeImage } from '../../middleware/image/decode.js'
import { describeRos, root } from './environment.js'
import { domain, endWithTests, startNode, startPeer, until, type Talk } from './processes.js'

interface Status {
  readonly name: string
  readonly message: string
  readonly values: readonly { key: string; value: string }[]
}
interface Result {
  readonly observations: number
  readonly observationsSha256: string
  readonly streams: Record<string, number>
}
interface Picture {
  readonly header: { readonly stamp: { readonly sec: number; readonly nanosec: number } }
  readonly data: { readonly sha256: string }
}

const COMPRESSED = 'sensor_msgs/msg/CompressedImage'
const IMAGE = 'sensor_msgs/msg/Image'
const WRENCH = 'geometry_msgs/msg/WrenchStamped'
const [WIDTH, HEIGHT] = [640, 480]

describeRos('compressed pictures over DDS', () => {
  const env = domain(9)
  const folder = mkdtempSync(join(tmpdir(), 'prehend-compressed-'))
  const robot = join(folder, 'compressed.yaml')
  const pictures = (kind: string, end: string, count: number): string[] =>
    Array.from({ length: count }, (_, i) => join(folder, `${kind}${i}.${end}`))
  let peer: Talk
  beforeAll(async () => {
    execFileSync(join(root, '.venv/bin/python'), [
      join(root, 'test/ros2/compressed_pictures.py'),
      folder,
      `${WIDTH}`,
      `${HEIGHT}`,
    ])
    writeFileSync(
      robot,
      `robot: compressed
tick: { from: rgb }
streams:
  rgb:    { topic: /camera/color/image_raw/compressed, type: ${COMPRESSED} }
  depth:  { topic: /camera/depth/image_raw/compressedDepth, type: ${COMPRESSED} }
  wrench: { topic: /wrist/wrench, type: ${WRENCH} }
`,
    )
    peer = await startPeer(env)
    await peer.ask('listen', { topic: '/diagnostics', type: 'diagnostic_msgs/msg/DiagnosticArray', match: 0 })
  })
  endWithTests()
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  const statusOf = async (name: string): Promise<Record<string, number>> => {
    const arrays = await peer.ask<{ status: Status[] }[]>('take', { topic: '/diagnostics', last: 8 })
    const status = arrays
      .flatMap(array => array.status)
      .filter(one => one.name === name)
      .at(-1)
    return Object.fromEntries((status?.values ?? []).map(({ key, value }) => [key, Number(value)]))
  }
  const change = (transition: string) =>
    peer.ask('call', {
      service: '/fusion/change_state',
      type: 'lifecycle_msgs/srv/ChangeState',
      request: { transition: { label: transition } },
    })
  const matched = async (): Promise<void> => {
    for (const [topic, type] of [
      ['/camera/color/image_raw/compressed', COMPRESSED],
      ['/camera/depth/image_raw/compressedDepth', COMPRESSED],
      ['/wrist/wrench', WRENCH],
    ]) {
      await peer.ask('advertise', { topic, type, match: 1 })
    }
  }
  // One of six colour pictures is truncated.
  const sensors = (seconds: number, seed: number) =>
    peer.ask<Record<string, number>>('sensors', {
      seconds,
      drop: 0.1,
      jitter: 0.004,
      seed,
      rgb_topic: '/camera/color/image_raw/compressed',
      depth_topic: '/camera/depth/image_raw/compressedDepth',
      compressed: {
        rgb: ['rgb8; jpeg compressed bgr8', pictures('rgb', 'jpg', 6)],
        depth: ['16UC1; compressedDepth png', pictures('depth', 'bin', 6)],
      },
    })

  test(
    'a replay equals the run, byte for byte: dropped, jittered and damaged pictures, a deactivation ' + 'and a stop',
    async () => {
      const path = join(folder, 'live.mcap')
      const fusion = startNode(
        'fusion',
        ['-p', 'policy:=none', '-p', 'autostart:=true', '-p', `robot:=${robot}`, '-p', `record:=${path}`],
        env,
        ['--json'],
      )
      await matched()
      const sent = await sensors(2.5, 1)
      const during = sensors(1, 2)
      const { observations } = await until(
        () => statusOf('/fusion: alignment'),
        ({ observations }) => observations > sent['rgb'] / 2,
      )
      await change('deactivate')
      await during
      await change('activate')
      await matched()
      const running = sensors(3, 3)
      await until(
        () => statusOf('/fusion: alignment'),
        now => now['observations'] > observations + 20,
      )
      const { status, stdout, log } = await fusion.signal()
      expect(status, log).toBe(0)
      await running
      const live = JSON.parse(
        stdout
          .split('\n')
          .filter(line => line.startsWith('{'))
          .at(-1) ?? '',
      ) as Result
      expect(live.observations).toBeGreaterThan(50)
      const replayed = prehendJson(['replay', path, '--no-policy', '--rate', 'max']) as {
        observations: number
        sha256: string
        dropped: Record<string, number>
        topics: Record<string, { type: string }>
      }
      expect([replayed.observations, replayed.sha256]).toEqual([live.observations, live.observationsSha256])
      expect(replayed.dropped['undecodable']).toBeGreaterThan(5)
      expect(replayed.topics['/camera/color/image_raw/compressed'].type).toBe(COMPRESSED)
    },
  )

  test(
    'the camera node decodes the pictures of a compressed camera in their order for a robot file of ' +
      'raw images, and counts bad ones',
    async () => {
      const camera = startNode(
        'camera',
        [
          '-p',
          'autostart:=true',
          '-p',
          'rgb_input:=/driver/rgb',
          '-p',
          'rgb_transport:=compressed',
          '-p',
          'depth_input:=/driver/depth',
          '-p',
          'depth_transport:=compressedDepth',
        ],
        env,
      )
      for (const topic of ['/driver/rgb/compressed', '/driver/depth/compressedDepth'])
        await peer.ask('advertise', { topic, type: COMPRESSED, match: 1 })
      for (const topic of ['/camera/color/image_raw', '/camera/depth/image_raw'])
        await peer.ask('listen', { topic, type: IMAGE })
      const jpeg = 'rgb8; jpeg compressed bgr8'
      const png = '16UC1; compressedDepth png'
      const message = (format: string, path: string, later: number) => ({
        header: { stamp: { $now: later }, frame_id: 'camera' },
        format,
        data: { $file: path },
      })
      const say = (colour: object[], depth: object[]) =>
        Promise.all([
          peer.ask('publish', { topic: '/driver/rgb/compressed', type: COMPRESSED, messages: colour }),
          peer.ask('publish', { topic: '/driver/depth/compressedDepth', type: COMPRESSED, messages: depth }),
        ])
      const colour = pictures('rgb', 'jpg', 6).map((path, i) => message(jpeg, path, 100 + i))
      const depth = pictures('depth', 'bin', 6).map((path, i) => message(png, path, 100 + i))
      const begun = Date.now() / 1000
      const heard = async (): Promise<{ rgb: Picture[]; depth: Picture[] }> => ({
        rgb: await peer.ask<Picture[]>('take', { topic: '/camera/color/image_raw' }),
        depth: await peer.ask<Picture[]>('take', { topic: '/camera/depth/image_raw' }),
      })
      // Once a picture has arrived, both connections are matched.
      await until(
        async () => {
          await say([message(jpeg, colour[0].data.$file, 0)], [message(png, depth[0].data.$file, 0)])
          return heard()
        },
        ({ rgb, depth }) => rgb.length > 0 && depth.length > 0,
      )
      const bad = [
        message('16UC1; compressedDepth zstd', colour[0].data.$file, 106),
        message(jpeg, depth[0].data.$file, 107),
        { ...colour[0], header: { stamp: { sec: 0, nanosec: 0 }, frame_id: 'camera' } },
      ]
      await say([...colour, ...bad, message(jpeg, colour[0].data.$file, 108)], depth)
      const later = (of: readonly Picture[]): Picture[] => of.filter(({ header: { stamp } }) => stamp.sec > begun + 90)
      const got = await until(
        async () => {
          const { rgb, depth } = await heard()
          return { rgb: later(rgb), depth: later(depth) }
        },
        ({ rgb, depth }) => rgb.length >= 6 && depth.length >= 6,
      )
      const seconds = (of: typeof got.rgb): number[] =>
        of.map(({ header: { stamp } }) =>
          Math.round(stamp.sec - of[0].header.stamp.sec + (stamp.nanosec - of[0].header.stamp.nanosec) / 1e9),
        )
      expect(seconds(got.rgb)).toEqual([0, 1, 2, 3, 4, 8])
      expect(seconds(got.depth)).toEqual([0, 1, 2, 3, 4, 5])
      expect(got.rgb[0]).toMatchObject({
        width: WIDTH,
        height: HEIGHT,
        step: 3 * WIDTH,
        encoding: 'rgb8',
        header: { frame_id: 'camera' },
      })
      expect(got.depth[0]).toMatchObject({ width: WIDTH, height: HEIGHT, step: 2 * WIDTH, encoding: '16UC1' })
      const shown = (format: string, path: string): Promise<string> =>
        decodeImage({ stamp: 1, frameId: '', format, data: readFileSync(path) }).then(({ data }) =>
          createHash('sha256').update(data).digest('hex'),
        )
      for (const [i, { data }] of got.depth.entries()) expect(data.sha256).toBe(await shown(png, depth[i].data.$file))
      for (const [i, { data }] of got.rgb.entries())
        expect(data.sha256).toBe(await shown(jpeg, colour[i % 5].data.$file))
      expect(
        await until(
          () => statusOf('/camera: /driver/rgb/compressed'),
          values => values['zero_stamp'] > 0 && values['bad_encoding'] > 0 && values['undecodable'] > 1,
        ),
      ).toMatchObject({ undecodable: 2, bad_encoding: 1, zero_stamp: 1, overload: 0 })
      const { status, log } = await camera.signal()
      expect(status, log).toBe(0)
    },
  )

  test.each([
    [['-p', 'crop:=round'], /crop: round: expected none or square/],
    [
      ['-p', 'crop:=square'],
      /crop: square: stream rgb: only images that are passed on from a topic of the driver's can be cut: name its input/,
    ],
    [['-p', 'rgb_transport:=theora'], /rgb_transport: theora: expected one of raw, compressed, compressedDepth/],
    [
      ['-p', 'rgb_input:=/driver/rgb', '-p', `robot:=${robot}`],
      /rgb_transport: raw: stream rgb of the robot file is sensor_msgs\/msg\/CompressedImage: expected compressed or compressedDepth/,
    ],
  ])('transports and crops that cannot be are refused: %j', async (parameters, text) => {
    const camera = startNode('camera', parameters, env)
    const { status, log } = await camera.end
    expect(status).toBe(2)
    expect(log).toMatch(text)
  })
})
