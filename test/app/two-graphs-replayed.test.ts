import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { LOCKSTEP_LATENCY } from '../../app/policies/lockstep-latency.js'
import { replayRecording, type RecordingOptions, type ReplayResult } from '../../app/replay/replay-recording.js'
import { fusionPart } from '../../app/session/parts/fusion-part.js'
import { Session } from '../../app/session/session.js'
import { Aligner } from '../../fusion/aligner.js'
import type { ImageValue, Observation, VectorValue, WindowValue } from '../../fusion/observation.js'
import { ObservationDigest } from '../../fusion/observation-line.js'
import { BagWriter } from '../../middleware/bag/bag-writer.js'
import { openBag } from '../../middleware/bag/bag.js'
import { decode } from '../../middleware/cdr/codecs.js'
import { LocalBus } from '../../middleware/local/local-bus.js'
import { SteppedClock } from '../../middleware/local/stepped-clock.js'
import type { ActionChunkMessage, MessageTypes } from '../../middleware/messages.js'
import { chunkTopic, type FusionNode } from '../../nodes/fusion-node.js'
import { OnnxPolicy } from '../../policy/runtime/onnx-policy.js'
import { parseRobot } from '../../robots/robot-file.js'
import { grey, random } from '../fusion/robots.js'
import { Scratch } from '../policy/onnx-models.js'
import { FELT, rowByHand, writeTwoGraphs } from '../policy/two-graphs.js'

const MS = 1_000_000
const CHUNK = 'prehend_interfaces/msg/ActionChunk'
const POSE = 'geometry_msgs/msg/PoseStamped'
const scratch = new Scratch()
afterAll(() => scratch.remove())

const robot = parseRobot(
  `robot: fast-hand
tick: { from: rgb }
streams:
  rgb:    { topic: /rgb, type: sensor_msgs/msg/Image, align: nearest }
  wrench: { topic: /wrench, type: geometry_msgs/msg/WrenchStamped, align: { window: 20 ms } }
  tool:   { topic: /tool, type: ${POSE}, align: interpolate }
reset: { topic: /episode }
actions:
  arm: { topic: /target, type: ${POSE}, pose: tool }
  gripper: { driver: robotiq_2f85 }
limits:
  workspace: { x: [-1 m, 1 m], y: [-1 m, 1 m], z: [0 m, 1 m] }
  speed: 0.1 m/s
  yaw_rate: 1 rad/s
  contact: 3 N
  over_force: 30 N
  width: [0 mm, 85 mm]
  effort: [20 N, 120 N]
`,
  'fast-hand.yaml',
)
const files = writeTwoGraphs(scratch, robot)

interface Sent {
  readonly topic: '/rgb' | '/wrench' | '/tool' | '/episode'
  readonly stamp: number
  readonly receive: number
  readonly value: number
}

/** Two s of a camera at 30 Hz, a wrench at 1 kHz that is silent for a while, and poses at 250 Hz; two episodes. */
function sent(): Sent[] {
  const rand = random(4)
  const of = (topic: Sent['topic'], period: number, delay: number): Sent[] =>
    Array.from({ length: Math.floor(2000 / period) }, (_, i) => {
      const stamp = Math.round(1e9 + i * period * MS + rand() * 0.2 * MS)
      const receive = stamp + Math.round((delay + rand()) * MS)
      return { topic, stamp, receive, value: Math.round(rand() * 200) }
    })
  const wrenches = of('/wrench', 1, 0.5).filter(({ stamp }) => stamp < 1.6e9 || stamp > 1.7e9)
  const all = [...of('/rgb', 1000 / 30, 9), ...wrenches, ...of('/tool', 4, 1)]
  all.push({ topic: '/episode', stamp: 2.2e9, receive: 2.2e9, value: 0 })
  return all.sort((a, b) => a.receive - b.receive)
}

const poseOf = (value: number): Float64Array => Float64Array.of(value / 100, 0.2, 0.3, 0, 0, 0, 1)
const wrenchOf = (value: number): Float64Array => Float64Array.of(0, 0, value / 7, 0, 0, 0)

/** An aligner of one sequence of ticks, for a reference: its observations by their stamps. */
function alone(streams: readonly string[], tick: typeof robot.tick): ReadonlyMap<number, Observation> {
  const seen = new Map<number, Observation>()
  const spec = { ...robot, tick, streams: robot.streams.filter(({ name }) => streams.includes(name)) }
  const aligner = new Aligner(spec, observation => seen.set(observation.stamp, observation))
  for (const { topic, stamp, receive, value } of sent()) {
    const name = topic.slice(1)
    if (topic === '/episode') aligner.reset(receive)
    else if (!streams.includes(name)) continue
    else if (topic === '/rgb') aligner.pushFrame(aligner.index(name), stamp, receive, grey(value))
    else aligner.pushVector(aligner.index(name), stamp, receive, topic === '/tool' ? poseOf(value) : wrenchOf(value))
  }
  aligner.finish()
  return seen
}

interface Live {
  readonly path: string
  readonly chunks: readonly ActionChunkMessage[]
  readonly fusion: FusionNode
  readonly sums: { readonly main: string; readonly fast: string }
}

/**
 * A run that is recorded. `latency`: 0, or that of lockstep. Without one the head mostly answers before the next message,
 * and the encoder whenever it does.
 */
async function live(name: string, latency: boolean): Promise<Live> {
  const clock = new SteppedClock(1)
  const errors: unknown[] = []
  const onError = (error: unknown): number => errors.push(error)
  const bus = new LocalBus(clock, { onError })
  const policy = await OnnxPolicy.load(files.head, robot, { encoder: files.encoder })
  const path = join(scratch.path, name)
  const writer = new BagWriter(path, { epochSec: 1000, metadata: { robot: robot.canonical, sha256: robot.sha256 } })
  const [main, fast] = [new ObservationDigest(), new ObservationDigest()]
  const chunks: ActionChunkMessage[] = []
  const { fusion } = Session.assemble(
    { bus, robot, onError },
    {
      fusion: fusionPart({
        policy,
        inferenceLatency: latency ? LOCKSTEP_LATENCY.graph : 0,
        headLatency: latency ? LOCKSTEP_LATENCY.head : 0,
        onHeard: (topic, type, message, receive) => writer.write(topic, type, message, receive),
        onObservation: observation => main.add(observation),
        onFastObservation: observation => fast.add(observation),
      }),
    },
  ).nodes
  bus.subscribe(chunkTopic(robot), CHUNK, (message, receive) => {
    chunks.push({ ...message, data: message.data.slice() })
    writer.write(chunkTopic(robot), CHUNK, message, receive)
  })
  await fusion.configure()
  await fusion.activate()
  const rgb = bus.advertise('/rgb', 'sensor_msgs/msg/Image')
  const wrench = bus.advertise('/wrench', 'geometry_msgs/msg/WrenchStamped')
  const tool = bus.advertise('/tool', POSE)
  const episode = bus.advertise('/episode', 'std_msgs/msg/String')
  const rand = random(8)
  for (const { topic, stamp, receive, value } of sent()) {
    if (latency) {
      for (let due = bus.earliestDue(); due <= receive; due = bus.earliestDue()) await bus.settle(due)
    } else if (rand() < 0.2) await bus.settle(rand() < 0.9 ? -1 : receive)
    if (!latency && rand() < 0.3) await new Promise(resolve => setTimeout(resolve, 1))
    clock.advanceTo(receive)
    const head = { stamp, frameId: '' }
    if (topic === '/episode') episode.publish({ data: '{}' })
    else if (topic === '/rgb') rgb.publish({ ...head, ...imageOf(value) })
    else if (topic === '/tool') tool.publish({ ...head, pose: poseOf(value) })
    else wrench.publish({ ...head, wrench: wrenchOf(value) })
  }
  await fusion.shutdown()
  await policy.close()
  await bus.close()
  await writer.close()
  expect(errors).toEqual([])
  return { path, chunks, fusion, sums: { main: main.digest(), fast: fast.digest() } }
}

function imageOf(value: number): Omit<MessageTypes['sensor_msgs/msg/Image'], 'stamp' | 'frameId'> {
  const { width, height, encoding, step, isBigendian, data } = grey(value)
  return { width, height, encoding, step, isBigendian, data }
}

async function replayed(path: string, more: Partial<RecordingOptions> = {}) {
  const out = `${path}.out.mcap`
  const { result } = await replayRecording(
    path,
    { policy: files.head, encoder: files.encoder, rate: 'max', out, overwrite: true, ...more },
    () => undefined,
  )
  return { result, chunks: await chunksIn(out) }
}

async function chunksIn(path: string): Promise<ReadonlyMap<number, ActionChunkMessage>> {
  const bag = await openBag(path)
  const chunks = new Map<number, ActionChunkMessage>()
  for await (const batch of bag.batches())
    for (const { topic, data } of batch) {
      if (topic !== chunkTopic(robot)) continue
      const message = decode(CHUNK, data, 1000)
      chunks.set(message.stamp, message)
    }
  await bag.close()
  return chunks
}

/** What each chunk should have, from two aligners of one sequence each and both graphs computed by hand. */
function checkByHand(chunks: Iterable<ActionChunkMessage>): void {
  const slow = alone(['rgb', 'wrench', 'tool'], { from: 'rgb' })
  const fast = [...alone(['wrench', 'tool'], { period: 10 * MS }).values()]
  for (const { stamp, featureStamp = NaN, data, origins } of chunks) {
    const seen = slow.get(featureStamp)
    expect(seen, `features at ${stamp}`).toBeDefined()
    const picture = seen!.values.get('rgb') as ImageValue | undefined
    const pose = seen!.values.get('tool') as VectorValue | undefined
    const latent = [(picture?.data[0] ?? 0) / 255, pose?.data.reduce((sum, each) => sum + each, 0) ?? 0]
    const at = fast.findIndex(each => each.stamp === stamp)
    const history = fast.slice(0, at + 1).filter(({ episode }) => episode === fast[at].episode)
    const felt = [history.at(-1), history.at(-FELT) ?? history[0]].map(
      each => (each!.values.get('wrench') as WindowValue | undefined)?.mean[2] ?? 0,
    )
    rowByHand(latent, felt).forEach((want, k) => expect(data[k], `column ${k} at ${stamp}`).toBeCloseTo(want, 7))
    const origin = (fast[at].values.get('tool') as VectorValue | undefined)?.data
    expect([...origins!]).toEqual([...(origin ?? new Float64Array(7).fill(NaN))])
    expect(stamp - featureStamp).toBeLessThanOrEqual(200 * MS)
    expect(seen!.episode).toBe(fast[at].episode)
  }
}

const rowsOf = (chunks: Iterable<ActionChunkMessage>) =>
  [...chunks].map(({ stamp, featureStamp, data, origins }) => ({ stamp, featureStamp, data, origins }))

describe('in real time', () => {
  let run: Live
  let again: { result: ReplayResult; chunks: ReadonlyMap<number, ActionChunkMessage> }
  beforeAll(async () => {
    run = await live('live.mcap', false)
    again = await replayed(run.path)
  })

  test('each chunk has what both graphs give by hand on aligned values', () => {
    expect(run.chunks.length).toBeGreaterThan(100)
    expect(new Set(run.chunks.map(({ featureStamp }) => featureStamp)).size).toBeGreaterThan(20)
    checkByHand(run.chunks)
  })

  test('a replay has the same observations in both sequences, in the same order', () => {
    expect(again.result.sha256).toBe(run.sums.main)
    expect(again.result.fast?.sha256).toBe(run.sums.fast)
    expect(again.result.fast?.observations).toBe(run.fusion.aligner.counters.fast?.observations)
  })

  test('a replay takes the features that each chunk of the run had, and gives the same chunk', () => {
    expect(again.result.fast?.asRecorded).toBe(run.chunks.length)
    const same = run.chunks.map(({ stamp }) => again.chunks.get(stamp)!)
    expect(rowsOf(same)).toEqual(rowsOf(run.chunks))
    // Ticks that the run left out are answered too.
    expect(again.chunks.size).toBeGreaterThan(run.chunks.length)
    checkByHand(again.chunks.values())
  })
})

describe('with fixed latencies', () => {
  let run: Live
  beforeAll(async () => {
    run = await live('lockstep.mcap', true)
  })

  test('every tick with features has a chunk, at 100 Hz, also while the wrench is silent', () => {
    const { fast, observations } = run.fusion.aligner.counters
    const { unfed, skipped } = run.fusion.supply!
    expect(fast!.observations).toBeGreaterThan(190)
    expect(fast!.incomplete).toBeGreaterThan(3)
    // The first picture and the encoder take their time in each episode. Ticks that waited for the wrench come at once.
    expect(unfed).toBeLessThan(25)
    expect(run.fusion.skipped).toBeLessThan(20)
    expect(run.chunks.length).toBe(fast!.observations - unfed - run.fusion.skipped)
    expect(observations).toBeGreaterThan(50)
    expect(skipped).toBeLessThan(3)
    const steady = run.chunks.filter(({ stamp }) => stamp > 1.1e9 && stamp < 1.5e9)
    expect(steady.length).toBe(40)
    checkByHand(run.chunks)
  })

  test('a second run gives the same, and so does a replay without a recorded chunk', async () => {
    const second = await live('again.mcap', true)
    expect(second.sums).toEqual(run.sums)
    expect(rowsOf(second.chunks)).toEqual(rowsOf(run.chunks))
    const source = await openBag(run.path)
    const sensors = new BagWriter(join(scratch.path, 'sensors.mcap'), { epochSec: 1000, metadata: source.metadata })
    for await (const batch of source.batches())
      for (const message of batch) if (message.topic !== chunkTopic(robot)) sensors.writeRaw(message)
    await source.close()
    await sensors.close()
    const { result, chunks } = await replayed(join(scratch.path, 'sensors.mcap'))
    expect(result.fast).toMatchObject({ sha256: run.sums.fast, asRecorded: 0, unfed: run.fusion.supply!.unfed })
    expect(rowsOf(run.chunks.map(({ stamp }) => chunks.get(stamp)!))).toEqual(rowsOf(run.chunks))
  })
})
