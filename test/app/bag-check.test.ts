import { describe, expect, it } from 'vitest'
import { checkBag } from '../../app/inspection/bag-check.js'
import { parseRobot } from '../../robots/robot-file.js'
import type { Bag, BagMessage } from '../../middleware/bag/bag.js'
import { encode } from '../../middleware/cdr/codecs.js'

const MS = 1e6
const EPOCH = 1_700_000_000
const WRENCH = 'geometry_msgs/msg/WrenchStamped'
const STRING = 'std_msgs/msg/String'

const robot = parseRobot(
  `
robot: bench
tick: { rate: 30 Hz }
streams:
  wrench: { topic: /wrench, type: ${WRENCH} }
  pose: { topic: /pose, type: geometry_msgs/msg/PoseStamped }
  words: { topic: /words, type: ${STRING} }
  other: { topic: /other, type: ${STRING} }
`,
  'bench.yaml',
)

const wrenchAt = (ms: number): BagMessage => ({
  topic: '/wrench',
  type: WRENCH,
  receive: (ms + 2) * MS,
  data: encode(WRENCH, { stamp: ms * MS, frameId: 'wrist', wrench: new Float64Array(6) }, EPOCH),
})
const messages: BagMessage[] = [
  ...Array.from({ length: 500 }, (_, i) => wrenchAt(1000 + i)),
  { topic: '/words', type: STRING, receive: 2000 * MS, data: encode(STRING, { data: 'stop' }, EPOCH) },
  { topic: '/wrench', type: WRENCH, receive: 2100 * MS, data: new Uint8Array(3) },
]
const bag: Pick<Bag, 'topics' | 'foreign' | 'epochSec' | 'batches'> = {
  foreign: [],
  epochSec: EPOCH,
  topics: [
    ['/wrench', WRENCH, 501],
    ['/words', STRING, 1],
    ['/other', 'std_msgs/msg/Int32', 1],
  ].map(([name, type, count]) => ({ name: String(name), type: String(type), count: Number(count), offeredQos: '' })),
  async *batches(): AsyncGenerator<readonly BagMessage[], undefined> {
    yield messages.slice(0, 100)
    yield messages.slice(100)
    return undefined
  },
}

describe('a recording held against a robot file', () => {
  it('says which topics are missing or of another type, and reads the header stamps of the others', async () => {
    const { streams, findings } = await checkBag(bag, robot)
    expect(findings.map(({ stream, kind, lacking, text }) => [stream, kind, lacking, text])).toEqual([
      ['other', 'type', true, '/other is std_msgs/msg/Int32 in the recording, std_msgs/msg/String in the robot file'],
      ['pose', 'missing', true, '/pose is not in the recording'],
      ['wrench', 'dropped', false, '1 of 501 messages are dropped: bad_message 1'],
    ])
    expect(streams['wrench']).toEqual({
      topic: '/wrench',
      count: 501,
      rateHz: 1000,
      delayMs: { mean: 2, max: 2 },
      largestGapMs: undefined,
    })
    expect(streams['words']).toMatchObject({ count: 1, delayMs: { mean: 0, max: 0 } })
  })
})
