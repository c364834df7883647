import { encode as png } from 'fast-png'
import { expect, test } from 'vitest'
import { replayBag } from '../../app/replay/replay-bag.js'
import type { Bag, BagMessage } from '../../middleware/bag/bag.js'
import { encode } from '../../middleware/cdr/codecs.js'
import { parseRobot } from '../../robots/robot-file.js'

const COMPRESSED = 'sensor_msgs/msg/CompressedImage'
const robot = parseRobot(
  `robot: one
tick: { from: rgb }
streams:
  rgb: { topic: /rgb, type: ${COMPRESSED} }
`,
  'one.yaml',
)

/** Pictures that take some time to decode, each with a voice event right after it, all in one batch. */
function bag(pictures: number): Bag {
  const messages: BagMessage[] = []
  const data = png({ width: 400, height: 300, channels: 1, data: new Uint8Array(120_000).map((_, i) => i * 7919) })
  for (let i = 1; i <= pictures; i++) {
    const stamp = 1e9 + i * 33e6
    messages.push({
      topic: '/rgb',
      type: COMPRESSED,
      receive: stamp,
      data: encode(COMPRESSED, { stamp, frameId: 'camera', format: 'mono8; png compressed ', data }, 0),
    })
    messages.push({
      topic: '/result',
      type: 'std_msgs/msg/String',
      receive: stamp + 1,
      data: encode('std_msgs/msg/String', { data: `${i}` }, 0),
    })
  }
  return {
    epochSec: 0,
    async *batches() {
      yield messages
    },
  } as unknown as Bag
}

test(
  'messages and observations come in the order of the recording, though pictures take a while: what ' +
    'ends an episode comes after all of it',
  async () => {
    const told: string[] = []
    const { observations } = await replayBag({
      bag: bag(100),
      robot,
      rate: 'max',
      onObservation: ({ stamp }) => void told.push(`observation ${stamp}`),
      onMessage: ({ topic, receive }) => void told.push(`${topic} ${receive}`),
    })
    expect(observations).toBe(100)
    const expected = Array.from({ length: 100 }, (_, i) => 1e9 + (i + 1) * 33e6).flatMap(stamp => [
      `/rgb ${stamp}`,
      `observation ${stamp}`,
      `/result ${stamp + 1}`,
    ])
    expect(told).toEqual(expected)
  },
)

test('an error that a listener throws ends the replay with that error, also behind a picture', async () => {
  await expect(
    replayBag({
      bag: bag(3),
      robot,
      rate: 'max',
      onObservation: () => undefined,
      onMessage: ({ topic }) => {
        if (topic === '/result') throw new Error('no such result')
      },
    }),
  ).rejects.toThrow('no such result')
})
