import { describe, expect, test } from 'vitest'
import { replayBag } from '../../app/replay/replay-bag.js'
import type { VectorValue } from '../../fusion/observation.js'
import { parseRobot } from '../../robots/robot-file.js'
import type { Robot } from '../../robots/robot.js'
import type { Bag, BagMessage } from '../../middleware/bag/bag.js'
import { encode } from '../../middleware/cdr/codecs.js'
import type { MessageTypes, TypeName } from '../../middleware/messages.js'

const MS = 1e6
const IMAGE = 'sensor_msgs/msg/Image'
const JOINTS = 'sensor_msgs/msg/JointState'

function message<T extends TypeName>(
  topic: string,
  type: T,
  ms: number,
  fields: Omit<MessageTypes[T], 'stamp' | 'frameId'>,
): BagMessage {
  const stamp = 1e9 + ms * MS
  return { topic, type, receive: stamp, data: encode(type, { stamp, frameId: 'f', ...fields } as never, 0) }
}

const grey = (ms: number): BagMessage =>
  message('/rgb', IMAGE, ms, {
    width: 2,
    height: 2,
    encoding: 'rgb8',
    step: 6,
    isBigendian: false,
    data: new Uint8Array(12),
  })

function bag(messages: readonly BagMessage[]): Bag {
  const sorted = [...messages].sort((a, b) => a.receive - b.receive)
  const topics = [
    ...new Map(
      sorted.map(({ topic, type }) => [
        topic,
        { name: topic, type, count: sorted.filter(m => m.topic === topic).length },
      ]),
    ).values(),
  ]
  return {
    path: 'made.mcap',
    epochSec: 0,
    topics,
    async *batches() {
      yield sorted
    },
  } as unknown as Bag
}

const robotOf = (streams: string): Robot =>
  parseRobot(
    `robot: one\ntick: { from: rgb }\nstreams:\n  rgb: { topic: /rgb, type: ${IMAGE} }\n${streams}`,
    'one.yaml',
  )
const camera = Array.from({ length: 20 }, (_, i) => grey(40 * i + 5))

describe('joints', () => {
  const state = (ms: number, names: readonly string[], position: readonly number[]): BagMessage =>
    message('/joint_states', JOINTS, ms, {
      name: [...names],
      position: Float64Array.from(position),
      velocity: new Float64Array(0),
      effort: new Float64Array(0),
    })
  const every10 = <T>(make: (ms: number) => T): T[] => Array.from({ length: 80 }, (_, i) => make(10 * i))
  const arm = (ms: number, order = ['j1', 'j2', 'j3']): BagMessage =>
    state(
      ms,
      order,
      order.map(name => Number(name.slice(1))),
    )
  const joints = robotOf(`  joints: { topic: /joint_states, type: ${JOINTS} }`)

  test('keep their places when the driver lists them in another order', async () => {
    const seen: (number[] | undefined)[] = []
    await replayBag({
      bag: bag([...camera, ...every10(ms => arm(ms, ms < 400 ? ['j1', 'j2', 'j3'] : ['j3', 'j2', 'j1']))]),
      robot: joints,
      rate: 'max',
      onObservation: ({ values }) => void seen.push([...(values.get('joints') as VectorValue).data]),
    })
    expect(seen).toEqual(Array.from({ length: 20 }, () => [1, 2, 3]))
  })

  test('of two publishers on one topic must be selected by name, or the replay is refused', async () => {
    const mixed = [...camera, ...every10(ms => state(ms, ['finger'], [0.04])), ...every10(ms => arm(ms + 1))]
    const replay = (robot: Robot) => replayBag({ bag: bag(mixed), robot, rate: 'max', onObservation: () => undefined })
    await expect(replay(joints)).rejects.toMatchObject({
      exit: 2,
      message: expect.stringMatching(
        /^stream joints \(\/joint_states\): .*finger and j1, j2, j3.*select: \[position\./,
      ) as string,
    })
    const { streams, dropped } = await replay(
      robotOf(
        `  arm: { topic: /joint_states, type: ${JOINTS}, select: [position.j1, position.j3] }\n  finger: ` +
          `{ topic: /joint_states, type: ${JOINTS}, select: [position.finger] }`,
      ),
    )
    expect([
      streams.get('arm')?.accepted,
      streams.get('finger')?.accepted,
      dropped.other_joints,
      dropped.bad_size,
    ]).toEqual([80, 80, 160, 0])
  })
})

describe('pictures', () => {
  const COMPRESSED = 'sensor_msgs/msg/CompressedImage'
  const replay = async (
    messages: readonly BagMessage[],
    robot = robotOf(''),
  ): Promise<{ notices: string[]; accepted: number | undefined }> => {
    const notices: string[] = []
    const { streams } = await replayBag({
      bag: bag(messages),
      robot,
      rate: 'max',
      onObservation: () => undefined,
      onNotice: text => notices.push(text),
    })
    return { notices, accepted: streams.get('rgb')?.accepted }
  }

  test('that cannot be used are reported once, with topic, encoding, size and step', async () => {
    const strange = camera.map((_frame, i) =>
      message('/rgb', IMAGE, 40 * i, {
        width: 8,
        height: 6,
        encoding: 'yuv411',
        step: 12,
        isBigendian: false,
        data: new Uint8Array(72),
      }),
    )
    expect(await replay(strange)).toEqual({
      accepted: 0,
      notices: [
        'stream rgb (/rgb): cannot be used: 8 x 6 yuv411, step 12, 72 bytes: this encoding is not known; ' +
          'publish one of sensor_msgs, such as rgb8 or 16UC1',
      ],
    })
  })

  test('that change within a stream are reported, with both formats', async () => {
    const later = camera.map((_frame, i) =>
      message('/rgb', IMAGE, 1000 + 40 * i, {
        width: 4,
        height: 2,
        encoding: 'bgr8',
        step: 12,
        isBigendian: false,
        data: new Uint8Array(24),
      }),
    )
    expect(await replay([...camera, ...later])).toEqual({
      accepted: 40,
      notices: ['stream rgb (/rgb): pictures change from 2 x 2 rgb8 to 4 x 2 bgr8'],
    })
  })

  test('that are compressed and cannot be decoded are reported once, with format and size', async () => {
    const robot = parseRobot(
      `robot: one\ntick: { from: rgb }\nstreams:\n  rgb: { topic: /rgb, type: ${COMPRESSED} }\n`,
      'one.yaml',
    )
    const strange = camera.map((_frame, i) =>
      message('/rgb', COMPRESSED, 40 * i, { format: 'h264', data: new Uint8Array(9) }),
    )
    expect(await replay(strange, robot)).toEqual({
      accepted: 0,
      notices: [
        "stream rgb (/rgb): cannot be used: a compressed image of format 'h264' and 9 bytes: its bytes " +
          'begin no JPEG, PNG, WebP or TIFF',
      ],
    })
  })
})
