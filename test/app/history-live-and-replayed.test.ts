import { afterAll, expect, test } from 'vitest'
import { Session } from '../../app/session/session.js'
import { fusionPart } from '../../app/session/parts/fusion-part.js'
import { replayBag } from '../../app/replay/replay-bag.js'
import type { BagMessage } from '../../middleware/bag/bag.js'
import { encode } from '../../middleware/cdr/codecs.js'
import { LocalBus } from '../../middleware/local/local-bus.js'
import { SteppedClock } from '../../middleware/local/stepped-clock.js'
import type { JointState, StringMessage } from '../../middleware/messages.js'
import { CONTRACT_KEY } from '../../policy/contract/contract.js'
import { OnnxPolicy } from '../../policy/runtime/onnx-policy.js'
import { parseRobot } from '../../robots/robot-file.js'
import { random } from '../fusion/robots.js'
import { onnxBytes, Scratch, version2Json } from '../policy/onnx-models.js'

const MS = 1_000_000
const scratch = new Scratch()
afterAll(() => scratch.remove())

const robot = parseRobot(
  `robot: remembering
tick: { from: joints }
streams:
  joints: { topic: /joints, type: sensor_msgs/msg/JointState, select: [position.a, position.b], align: hold }
reset: { topic: /episode }
actions: { gripper: { driver: robotiq_2f85 } }
limits: { width: [0 mm, 85 mm], effort: [20 N, 120 N] }
`,
  'remembering.yaml',
)

/** The chunk has the positions at the last 8 ticks, oldest first. */
function model(): string {
  const input = { as: 'vector', dtype: 'float32', shape: [1, 8, 2], from: ['joints'], history: { ticks: 8 } }
  const json = version2Json(robot, { positions: input })
  json.outputs.action_chunk.shape = [1, 8, 2]
  return scratch.file(
    'remembering.onnx',
    onnxBytes({
      inputs: [{ name: 'positions', dtype: 'float32', shape: [1, 8, 2] }],
      outputs: [{ name: 'action_chunk', dtype: 'float32', shape: [1, 8, 2] }],
      nodes: [{ op: 'Identity', inputs: ['positions'], outputs: ['action_chunk'] }],
      metadata: { [CONTRACT_KEY]: JSON.stringify(json) },
    }),
  )
}

type Sent = { readonly at: number } & ({ readonly joints: JointState } | { readonly episode: StringMessage })

/** 90 ticks. The second episode begins at the 40th. */
function sent(): Sent[] {
  const rand = random(9)
  return Array.from({ length: 90 }, (_, i): Sent[] => {
    const stamp = 1e9 + i * 20 * MS + Math.round(rand() * 3 * MS)
    const position = Float64Array.of(i, rand())
    const none = new Float64Array(0)
    const joints = { stamp, frameId: '', name: ['a', 'b'], position, velocity: none, effort: none }
    return i === 40
      ? [
          { at: stamp - MS, episode: { data: '{}' } },
          { at: stamp, joints },
        ]
      : [{ at: stamp, joints }]
  }).flat()
}

/** What a live node's policy answered, by stamp. It gets the ticks three at a time, so it is busy at two of three. */
async function live(path: string): Promise<{ chunks: Map<number, number[]>; skipped: number }> {
  const clock = new SteppedClock(1)
  const errors: unknown[] = []
  const bus = new LocalBus(clock, { onError: error => errors.push(error) })
  const policy = await OnnxPolicy.load(path, robot)
  const chunks = new Map<number, number[]>()
  let answered = (): void => undefined
  const session = Session.assemble(
    { bus, robot, onError: error => errors.push(error) },
    {
      fusion: fusionPart({
        policy,
        onChunk: ({ stamp, data }) => {
          chunks.set(stamp, [...data])
          answered()
        },
      }),
    },
  )
  const { fusion } = session.nodes
  await fusion.configure()
  await fusion.activate()
  const joints = bus.advertise('/joints', 'sensor_msgs/msg/JointState')
  const episode = bus.advertise('/episode', 'std_msgs/msg/String')
  let ticks = 0
  for (const message of sent()) {
    clock.advanceTo(message.at)
    const answer = new Promise<void>(resolve => {
      answered = resolve
    })
    if ('episode' in message) episode.publish(message.episode)
    else {
      joints.publish(message.joints)
      if (++ticks % 3 === 0) await answer
    }
  }
  await fusion.shutdown()
  await policy.close()
  await bus.close()
  expect(errors).toEqual([])
  return { chunks, skipped: fusion.skipped }
}

async function replayed(path: string): Promise<Map<number, number[]>> {
  const policy = await OnnxPolicy.load(path, robot)
  const messages = sent().map((message): BagMessage => {
    const receive = message.at
    return 'episode' in message
      ? {
          topic: '/episode',
          type: 'std_msgs/msg/String',
          receive,
          data: encode('std_msgs/msg/String', message.episode, 0),
        }
      : {
          topic: '/joints',
          type: 'sensor_msgs/msg/JointState',
          receive,
          data: encode('sensor_msgs/msg/JointState', message.joints, 0),
        }
  })
  const chunks = new Map<number, number[]>()
  await replayBag({
    bag: {
      epochSec: 0,
      async *batches() {
        yield messages
        return undefined
      },
    },
    robot,
    rate: 'max',
    onObservation: async observation => {
      const { stamp, data } = await policy.infer(observation)
      chunks.set(stamp, [...data])
    },
  })
  await policy.close()
  return chunks
}

test('a history is the same live, where the policy was busy at two of three ticks, and in a replay', async () => {
  const path = model()
  const [{ chunks, skipped }, all] = [await live(path), await replayed(path)]
  expect(all.size).toBe(90)
  expect(skipped).toBeGreaterThan(50)
  expect(chunks.size).toBeGreaterThan(20)
  for (const [stamp, chunk] of chunks) expect(chunk, `at ${stamp}`).toEqual(all.get(stamp))
  // The first value of each row counts the ticks; the second episode repeats its first.
  const rows = [...all.values()].map(chunk => chunk.filter((_, i) => i % 2 === 0))
  expect(rows[42]).toEqual([40, 40, 40, 40, 40, 40, 41, 42])
  expect(rows[89]).toEqual([82, 83, 84, 85, 86, 87, 88, 89])
})
