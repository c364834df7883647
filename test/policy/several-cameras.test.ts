import { expect, test } from 'vitest'
import { Aligner } from '../../fusion/aligner.js'
import type { Observation } from '../../fusion/observation.js'
import { parseContract } from '../../policy/contract/contract.js'
import { Features } from '../../policy/features/features.js'
import { parseRobot } from '../../robots/robot-file.js'
import { grey, MS } from '../fusion/robots.js'
import { version2Json } from './onnx-models.js'

const robot = parseRobot(
  `robot: two_cameras
tick: { period: 100 ms }
streams:
  top:   { topic: /top/image,   type: sensor_msgs/msg/Image, align: nearest, max_gap: 150 ms, max_hold: 50 ms }
  wrist: { topic: /wrist/image, type: sensor_msgs/msg/Image, align: nearest, max_gap: 150 ms, max_hold: 50 ms }
actions: { gripper: { driver: robotiq_2f85 } }
limits: { width: [0 mm, 85 mm], effort: [20 N, 120 N] }
`,
  'two.yaml',
)
const image = (from: string) => ({ as: 'image', dtype: 'uint8', shape: [1, 3, 1, 1], from: [from] })
const contract = parseContract(
  version2Json(robot, {
    'observation.images.top': image('top'),
    'observation.images.wrist': image('wrist'),
    before: { ...image('wrist'), shape: [1, 2, 3, 1, 1], history: { ticks: 2 } },
    mask: { as: 'mask', dtype: 'bool', shape: [1, 2], from: ['top', 'wrist'] },
  }),
  'two cameras',
)

/** At each tick: grey of the top camera, grey of the wrist camera, its grey at the tick before, the mask. */
function seen(topAt: (ms: number) => number | undefined, wristAt: (ms: number) => number | undefined): number[][] {
  const all: number[][] = []
  const features = new Features(contract, robot)
  const aligner = new Aligner(robot, (observation: Observation) => {
    const tensors = features.fill(observation)
    const first = (name: string): number => Number(tensors[name][0])
    all.push(
      [first('observation.images.top'), first('observation.images.wrist'), first('before'), ...tensors['mask']].map(
        Number,
      ),
    )
  })
  for (let ms = 1000; ms <= 2000; ms += 50) {
    for (const [name, at] of [['top', topAt] as const, ['wrist', wristAt] as const]) {
      const value = at(ms)
      if (value !== undefined) aligner.pushFrame(aligner.index(name), ms * MS, ms * MS, grey(value))
    }
  }
  aligner.finish()
  return all
}

test('two cameras are two inputs; one that is silent is zeros and 0 in the mask, and comes back by itself', () => {
  const all = seen(
    ms => ms / 10,
    ms => (ms > 1200 && ms < 1700 ? undefined : ms / 20),
  )
  // The wrist camera's last picture stands in for 50 ms, and two pictures 500 ms apart are no bracket. A tick waits for
  // it again once it has sent something.
  expect(all).toEqual([
    [100, 50, 50, 1, 1],
    [110, 55, 50, 1, 1],
    [120, 60, 55, 1, 1],
    [130, 0, 60, 1, 0],
    [140, 0, 0, 1, 0],
    [150, 0, 0, 1, 0],
    [160, 0, 0, 1, 0],
    [170, 0, 0, 1, 0],
    [180, 90, 0, 1, 1],
    [190, 95, 90, 1, 1],
    [200, 100, 95, 1, 1],
  ])
})

test('a camera that is black is present, and one that repeats a picture gives it as it is', () => {
  const all = seen(
    () => 0,
    () => 77,
  )
  expect(new Set(all.map(row => row.join(' ')))).toEqual(new Set(['0 77 77 1 1']))
})
