import { afterAll, expect, test } from 'vitest'
import { fusionPart } from '../../app/session/parts/fusion-part.js'
import { readRobot } from '../../app/robot/load-robot.js'
import { Session } from '../../app/session/session.js'
import { LocalBus } from '../../middleware/local/local-bus.js'
import { SystemClock } from '../../middleware/local/system-clock.js'
import { chunkTopic } from '../../nodes/fusion-node.js'
import { OnnxPolicy } from '../../policy/runtime/onnx-policy.js'
import { Scratch } from '../policy/onnx-models.js'
import { writeTwoGraphs } from '../policy/two-graphs.js'

const MS = 1_000_000
const SECONDS = 3
const scratch = new Scratch()
afterAll(() => scratch.remove())

test('in real time a head answers at 100 Hz, or counts why it does not, while its encoder is late', async () => {
  const robot = readRobot('cell')
  const files = writeTwoGraphs(scratch, robot)
  const policy = await OnnxPolicy.load(files.head, robot, { encoder: files.encoder })
  const clock = new SystemClock(process.hrtime.bigint())
  const errors: unknown[] = []
  const bus = new LocalBus(clock, { onError: error => errors.push(error) })
  // Each observation takes the encoder 30 ms more, as a large one would. The head does not wait for it.
  const { encode } = policy.head!.encoder
  policy.head!.encoder.encode = async observation => {
    const features = await encode.call(policy.head!.encoder, observation)
    await new Promise(resolve => setTimeout(resolve, 30))
    return features
  }
  const { fusion } = Session.assemble(
    { bus, robot, onError: error => errors.push(error) },
    { fusion: fusionPart({ policy }) },
  ).nodes
  const chunks: { stamp: number; featureStamp: number }[] = []
  bus.subscribe(chunkTopic(robot), 'prehend_interfaces/msg/ActionChunk', ({ stamp, featureStamp = NaN }) =>
    chunks.push({ stamp, featureStamp }),
  )
  await fusion.configure()
  await fusion.activate()
  const wrench = bus.advertise('/wrist/wrench', 'geometry_msgs/msg/WrenchStamped')
  const tool = bus.advertise('/tool_pose', 'geometry_msgs/msg/PoseStamped')
  const rgb = bus.advertise('/camera/color/image_raw', 'sensor_msgs/msg/Image')
  const began = clock.now()
  let sent = 0
  await new Promise<void>(resolve => {
    const timer = setInterval(() => {
      // A late timer sends what was due, so no sample is missing.
      for (; began + sent * MS <= clock.now(); sent++) {
        const head = { stamp: began + sent * MS, frameId: '' }
        wrench.publish({ ...head, wrench: Float64Array.of(0, 0, 1, 0, 0, 0) })
        if (sent % 4 === 0) tool.publish({ ...head, pose: Float64Array.of(0, 0, 0.3, 1, 0, 0, 0) })
        if (sent % 33 === 0)
          rgb.publish({
            ...head,
            width: 8,
            height: 6,
            encoding: 'rgb8',
            isBigendian: false,
            step: 24,
            data: new Uint8Array(144),
          })
      }
      if (sent < SECONDS * 1000) return
      clearInterval(timer)
      resolve()
    }, 1)
  })
  const { fast } = fusion.aligner.counters
  const { unfed, skipped } = fusion.supply!
  await fusion.shutdown()
  await policy.close()
  await bus.close()
  clock.close()
  expect(errors).toEqual([])
  // The wrench is tared over its first 200 ms.
  expect(fast!.observations).toBeGreaterThan(100 * (SECONDS - 0.2) - 5)
  expect(fast!.observations - chunks.length - fusion.skipped - unfed).toBeLessThanOrEqual(1)
  expect(chunks.length).toBeGreaterThan(fast!.observations / 2)
  // 30 ms and what comes on top are about a period of pictures, so some find the encoder busy.
  expect(skipped).toBeGreaterThan(0)
  for (const { stamp, featureStamp } of chunks) expect(stamp - featureStamp).toBeLessThanOrEqual(200 * MS)
  console.info(
    `${chunks.length} chunks at ${fast!.observations} ticks in ${SECONDS} s: ${fusion.skipped} busy, ${unfed} unfed`,
  )
})
