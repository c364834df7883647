import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { replayBag } from '../../app/replay/replay-bag.js'
import { describeRobot } from '../../app/robot/describe-robot.js'
import { STREAM_TYPES } from '../../fusion/stream-types/stream-types.js'
import type { StreamType } from '../../fusion/stream-types/stream-type.js'
import type { BagMessage } from '../../middleware/bag/bag.js'
import { encode } from '../../middleware/cdr/codecs.js'
import { parseRobot } from '../../robots/robot-file.js'

// The stream type's file.

interface Axes {
  readonly x: number
  readonly y: number
  readonly z: number
}

const accel: StreamType<{ readonly accel: { readonly linear: Axes; readonly angular: Axes } }> = {
  type: 'geometry_msgs/msg/AccelStamped',
  kind: 'vector',
  modalities: ['proprioception'],
  names: ['ax', 'ay', 'az', 'bx', 'by', 'bz'],
  values: ({ accel: { linear: v, angular: w } }) => [v.x, v.y, v.z, w.x, w.y, w.z],
}

const robotOf = (more = '') =>
  parseRobot(
    `robot: one
tick: { period: 100 ms }
streams:
  speed: { topic: /speed, type: ${accel.type}, max_gap: 1 s${more} }
`,
    'one.yaml',
  )

test('a stream type that is not declared is refused', () => {
  expect(() => robotOf()).toThrow("'geometry_msgs/msg/AccelStamped': no such type")
})

describe('a stream type in one file outside the tree', () => {
  // The line that registers it.
  beforeAll(() => STREAM_TYPES.set(accel.type, accel) && undefined)
  afterAll(() => STREAM_TYPES.delete(accel.type) && undefined)

  test('is read from a robot file, and in its canonical text, which gives the same robot', () => {
    const robot = robotOf()
    expect(robot.streams[0]).toMatchObject({ modality: 'proprioception', timeline: 'header' })
    expect(parseRobot(robot.canonical, 'canonical')).toEqual(robot)
    expect(describeRobot(robot).join('\n')).toMatch(/speed +proprioception +\/speed +geometry_msgs\/msg\/AccelStamped/)
    expect(() => robotOf(', tare: 1 s')).toThrow(
      'only a wrench or an array can be tared, this is geometry_msgs/msg/AccelStamped',
    )
  })

  test('is decoded by its ROS definition and aligned, in a replay', async () => {
    const messages = Array.from({ length: 8 }, (_, i): BagMessage => {
      const stamp = 1e9 + i * 70e6
      const measured = { linear: { x: i, y: 2 * i, z: 0 }, angular: { x: 0, y: 0, z: -i } }
      const data = encode(accel.type as never, { stamp, frameId: 'base', accel: measured } as never, 0)
      return { topic: '/speed', type: accel.type, receive: stamp, data }
    })
    const seen: number[][] = []
    const { dropped } = await replayBag({
      bag: {
        epochSec: 0,
        async *batches() {
          yield messages
          return undefined
        },
      },
      robot: robotOf(),
      rate: 'max',
      onObservation: ({ values }) => {
        const value = values.get('speed')
        if (value?.kind === 'vector') seen.push([...value.data].map(each => Math.round(each * 1e6) / 1e6 + 0))
      },
    })
    expect(Object.values(dropped).every(count => count === 0)).toBe(true)
    expect(seen.slice(0, 3)).toEqual([0, 100 / 70, 200 / 70].map(i => at(i)))
  })
})

const at = (i: number): number[] => [i, 2 * i, 0, 0, 0, -i].map(each => Math.round(each * 1e6) / 1e6 + 0)
