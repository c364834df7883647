import { describe, expect, test } from 'vitest'
import { replayBag } from '../../app/replay/replay-bag.js'
import type { Observation, WindowValue } from '../../fusion/observation.js'
import type { BagMessage } from '../../middleware/bag/bag.js'
import { encode } from '../../middleware/cdr/codecs.js'
import type { MessageTypes, TypeName } from '../../middleware/messages.js'
import { parseContract } from '../../policy/contract/contract.js'
import { Features } from '../../policy/features/features.js'
import { parseRobot } from '../../robots/robot-file.js'
import { version2Json } from '../policy/onnx-models.js'
import { random } from '../fusion/robots.js'

const MS = 1_000_000
const WINDOWS = [8, 40]
const MEAN = 20

const robotOf = (more = '') =>
  parseRobot(
    `robot: arrays
tick: { period: 33 ms }
streams:
  imu: { topic: /imu, type: sensor_msgs/msg/Imu, align: { window: ${MEAN} ms, pyramid: [8 ms, 40 ms] } }
  taxels: { topic: /taxels, type: std_msgs/msg/Float64MultiArray, align: { window: ${MEAN} ms, pyramid: [8 ms, 40 ms] }${more} }
  skin: { topic: /skin, type: std_msgs/msg/Float32MultiArray }
  torques: { topic: /joints, type: sensor_msgs/msg/JointState, select: [effort.b, effort.a],
             align: { window: ${MEAN} ms, pyramid: [8 ms, 40 ms] } }
actions: { gripper: { driver: robotiq_2f85 } }
limits: { width: [0 mm, 85 mm], effort: [20 N, 120 N] }
`,
    'arrays.yaml',
  )

interface Sample {
  readonly stamp: number
  readonly values: readonly number[]
}

/** The four statistics of one value over (from, to], from their definitions. */
function plain(samples: readonly Sample[], from: number, to: number, k: number): number[] {
  const inside = samples.filter(({ stamp }) => stamp > from && stamp <= to)
  const n = inside.length
  if (n === 0) return [0, 0, 0, 0]
  const mean = inside.reduce((sum, { values }) => sum + values[k], 0) / n
  const middle = inside.reduce((sum, { stamp }) => sum + stamp / 1e9, 0) / n
  const spread = inside.reduce((sum, { values }) => sum + (values[k] - mean) ** 2, 0)
  const together = inside.reduce((sum, { stamp, values }) => sum + (stamp / 1e9 - middle) * (values[k] - mean), 0)
  const times = inside.reduce((sum, { stamp }) => sum + (stamp / 1e9 - middle) ** 2, 0)
  return [
    mean,
    Math.sqrt(spread / n),
    Math.max(...inside.map(({ values }) => Math.abs(values[k]))),
    n < 2 ? 0 : together / times,
  ]
}

/** 300 ms of samples: one each 2 ms (array), 5 ms (IMU), 10 ms (joints). */
function recorded(): { messages: BagMessage[]; samples: Record<'imu' | 'taxels' | 'torques', Sample[]> } {
  const rand = random(3)
  const numbers = (count: number): number[] => Array.from({ length: count }, () => rand() * 4 - 2)
  const samples = { imu: [] as Sample[], taxels: [] as Sample[], torques: [] as Sample[] }
  const messages: BagMessage[] = []
  const add = <T extends TypeName>(topic: string, type: T, receive: number, message: MessageTypes[T]): void => {
    messages.push({ topic, type, receive, data: encode(type, message, 0) })
  }
  for (let ms = 1; ms <= 300; ms++) {
    const stamp = 1e9 + ms * MS
    if (ms % 2 === 0) {
      const values = numbers(5)
      samples.taxels.push({ stamp, values })
      const data = Float64Array.of(99, ...values)
      const dimensions = [{ label: 'taxel', size: 5, stride: 5 }]
      add('/taxels', 'std_msgs/msg/Float64MultiArray', stamp, { dimensions, dataOffset: 1, data })
      add('/skin', 'std_msgs/msg/Float32MultiArray', stamp, { dimensions, dataOffset: 0, data: Float32Array.of(ms, 7) })
    }
    if (ms % 5 === 0) {
      const values = numbers(6)
      const isMeasured = ms !== 100
      if (isMeasured) samples.imu.push({ stamp, values })
      add('/imu', 'sensor_msgs/msg/Imu', stamp, {
        stamp,
        frameId: 'imu',
        orientation: Float64Array.of(0, 0, 0, 1),
        orientationCovariance: new Float64Array(9),
        angularVelocity: Float64Array.from(values.slice(0, 3)),
        angularVelocityCovariance: new Float64Array(9),
        linearAcceleration: Float64Array.from(values.slice(3)),
        linearAccelerationCovariance: new Float64Array(9).fill(isMeasured ? 0 : -1),
      })
    }
    if (ms % 10 === 0) {
      const [a, b] = numbers(2)
      samples.torques.push({ stamp, values: [b, a] })
      add('/joints', 'sensor_msgs/msg/JointState', stamp, {
        stamp,
        frameId: '',
        name: ['a', 'b'],
        position: new Float64Array(2),
        velocity: new Float64Array(0),
        effort: Float64Array.of(a, b),
      })
    }
  }
  return { messages, samples }
}

async function observed(robot = robotOf()): Promise<{ observations: Observation[]; nan: number }> {
  const observations: Observation[] = []
  const { messages } = recorded()
  const { dropped } = await replayBag({
    bag: {
      epochSec: 0,
      async *batches() {
        yield messages
        return undefined
      },
    },
    robot,
    rate: 'max',
    onObservation: observation => void observations.push(observation),
  })
  return { observations, nan: dropped.nan }
}

const expectNear = (got: readonly number[], want: readonly number[]): void => {
  expect(got).toHaveLength(want.length)
  got.forEach((value, i) => expect(Math.abs(value - want[i])).toBeLessThan(1e-9 * (1 + Math.abs(want[i]))))
}

describe('a window over any numbers', () => {
  test('equals its definition for an IMU, an array and joint torques', async () => {
    const { samples } = recorded()
    const { observations, nan } = await observed()
    expect(observations.length).toBeGreaterThan(7)
    // One sample of the IMU says that it has no acceleration.
    expect(nan).toBe(1)
    for (const { stamp, values } of observations) {
      for (const [name, all] of Object.entries(samples)) {
        const value = values.get(name) as WindowValue | undefined
        if (value === undefined) {
          expect(all[0].stamp).toBeGreaterThan(stamp)
          continue
        }
        const width = all[0].values.length
        expectNear(
          [...value.mean],
          Array.from({ length: width }, (_, k) => plain(all, stamp - MEAN * MS, stamp, k)[0]),
        )
        expectNear(
          [...value.pyramid],
          Array.from({ length: width }, (_, k) => WINDOWS.flatMap(ms => plain(all, stamp - ms * MS, stamp, k))).flat(),
        )
      }
      expect(values.get('skin')).toMatchObject({ kind: 'vector' })
    }
  })

  test('of an array may be tared', async () => {
    const { samples } = recorded()
    const { observations } = await observed(robotOf(', tare: 100 ms'))
    const first = samples.taxels.filter(({ stamp }) => stamp < samples.taxels[0].stamp + 100 * MS)
    const bias = first[0].values.map((_, k) => first.reduce((sum, { values }) => sum + values[k], 0) / first.length)
    const last = observations.at(-1)!
    const mean = samples.taxels[0].values.map(
      (_, k) => plain(samples.taxels, last.stamp - MEAN * MS, last.stamp, k)[0] - bias[k],
    )
    expectNear([...(last.values.get('taxels') as WindowValue).mean], mean)
  })

  test('is an input of a policy, of its own width', async () => {
    const robot = robotOf()
    const { observations } = await observed(robot)
    const tensor = (shape: number[], as: string, from: string) => ({ dtype: 'float32', shape, as, from: [from] })
    const inputs: Record<string, object> = {
      imu: tensor([1, 6], 'window', 'imu'),
      touch: tensor([1, 5, 8], 'pyramid', 'taxels'),
      torque: tensor([1, 2, 8], 'pyramid', 'torques'),
      skin: tensor([1, 2], 'vector', 'skin'),
    }
    const last = observations.at(-1)!
    const features = () => new Features(parseContract(version2Json(robot, inputs), 'test'), robot)
    const made = features().fill(last)
    const f32 = (numbers: Iterable<number>): number[] => [...numbers].map(Math.fround)
    expect([...(made['imu'] as Float32Array)]).toEqual(f32((last.values.get('imu') as WindowValue).mean))
    expect([...(made['touch'] as Float32Array)]).toEqual(f32((last.values.get('taxels') as WindowValue).pyramid))
    expect([...(made['torque'] as Float32Array)]).toEqual(f32((last.values.get('torques') as WindowValue).pyramid))
    expect((made['skin'] as Float32Array)[1]).toBe(7)

    inputs['torque'] = tensor([1, 3, 8], 'pyramid', 'torques')
    expect(() => features()).toThrow('input torque: the contract has 3 values, stream torques 2')
    inputs['torque'] = tensor([1, 2], 'vector', 'torques')
    expect(() => features()).toThrow(
      'input torque: vector needs a pose or joint values, and stream torques is sensor_msgs/msg/JointState',
    )
    inputs['torque'] = tensor([1, 2, 8], 'pyramid', 'torques')
    inputs['touch'] = tensor([1, 4, 8], 'pyramid', 'taxels')
    expect(() => features().fill(last)).toThrow('input touch: stream taxels has 40 values, the policy expects 32')
  })
})
