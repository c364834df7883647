import { cpSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import { contractFor } from '../../app/policies/wrap-map.js'
import { wrapPolicy } from '../../app/policies/wrap-policy.js'
import type { Observation } from '../../fusion/observation.js'
import { parseContract } from '../../policy/contract/contract.js'
import { readOnnx } from '../../policy/contract/onnx-metadata.js'
import { Features } from '../../policy/features/features.js'
import { OnnxPolicy } from '../../policy/runtime/onnx-policy.js'
import { parseRobot } from '../../robots/robot-file.js'
import { observation, Scratch } from './onnx-models.js'

/** A diffusion policy of LeRobot with random weights, and what its network makes of random inputs: make_diffusion.py. */
const root = fileURLToPath(new URL('lerobot', import.meta.url))
const checkpoint = join(root, 'diffusion')
const model = join(checkpoint, 'model.onnx')
const dataset = join(root, 'set')
const scratch = new Scratch()
afterAll(() => scratch.remove())

const JOINTS = ['shoulder_pan', 'shoulder_lift', 'elbow_flex', 'wrist_flex', 'wrist_roll', 'gripper']
const robotText = (tick = 'rate: 30 Hz'): string => `
robot: so101
tick: { ${tick} }
streams:
  goal: { topic: /goal, type: std_msgs/msg/Float64MultiArray, align: nearest }
  joints: { topic: /joint_states, type: sensor_msgs/msg/JointState, align: interpolate,
            select: [${JOINTS.map(joint => `position.${joint}`).join(', ')}] }
actions:
  arm:
    driver: sts3215
    joints: { ${JOINTS.map((joint, i) => `${joint}: { id: ${i + 1} }`).join(', ')} }
    state: joints
    gripper: { joint: gripper, closed: 0 rad, open: 1.7 rad }
limits: { joints: { ${JOINTS.map(joint => `${joint}: { position: [-3 rad, 3 rad], velocity: 3 rad/s }`).join(', ')} } }
`
const robot = parseRobot(robotText(), 'so101.yaml')
const map = scratch.file('map.yaml', 'inputs: { observation.environment_state: { as: vector, from: goal } }')
const graph = readOnnx(readFileSync(model), model)
const contractOf = ({ its = robot, graph: given = graph } = {}) =>
  contractFor({ checkpoint, dataset, jointUnit: 'deg', map }, given, its, 'model.onnx')

describe('a diffusion policy of LeRobot', () => {
  test('is wrapped with its history and its noise, and gives the outputs of its network', async () => {
    const { object } = await wrapPolicy(model, {
      robot: scratch.file('so101.yaml', robotText()),
      checkpoint,
      dataset,
      jointUnit: 'deg',
      map,
      out: join(scratch.path, 'out.onnx'),
      reference: join(checkpoint, 'reference.npz'),
    })
    expect(object).toMatchObject({
      name: 'diffusion',
      inputs: {
        'observation.state': { as: 'vector', from: ['joints'], shape: [1, 2, 6], history: { ticks: 2 } },
        'observation.environment_state': { from: ['goal'], shape: [1, 2, 3], history: { ticks: 2 } },
        noise: { as: 'noise', shape: [1, 8, 6] },
      },
      outputs: { action_chunk: { shape: [1, 4, 6], rate: 30 } },
      parity: { differences: { action: expect.closeTo(0, 5) as number } },
    })
  })

  test('draws the same noise at the same moment, and other noise at another', async () => {
    const out = join(scratch.path, 'out.onnx')
    const at = (index: number, stamp: number): Observation => ({
      ...observation(
        {
          goal: { kind: 'vector', data: Float64Array.of(0.1, 0.2, 0.3) },
          joints: { kind: 'vector', data: new Float64Array(6) },
        },
        stamp,
      ),
      index,
    })
    const chunks = async (stamps: readonly number[]): Promise<number[][]> => {
      const policy = await OnnxPolicy.load(out, robot)
      try {
        const found: number[][] = []
        for (const [i, stamp] of stamps.entries()) found.push([...(await policy.infer(at(i, stamp))).data])
        return found
      } finally {
        await policy.close()
      }
    }
    const run = await chunks([1e9, 2e9, 3e9])
    expect(await chunks([1e9, 2e9, 3e9])).toEqual(run)
    // The stamps of a replay count from another moment.
    expect(await chunks([3601e9, 3602e9, 3603e9])).toEqual(run)
    expect(run[1]).not.toEqual(run[2])
    expect(run.flat().every(Number.isFinite)).toBe(true)
  })

  test('has its observations at the rate of its set, where the ticks have another', () => {
    const fast = parseRobot(robotText('rate: 100 Hz'), 'fast.yaml')
    expect(contractOf({ its: fast }).inputs['observation.state']).toMatchObject({ history: { samples: 2, rate: 30 } })
    expect(contractOf().inputs['observation.state']).toMatchObject({ history: { ticks: 2 } })
  })

  test('whose graph gives the whole horizon is refused', () => {
    const whole = { ...graph, outputs: [{ ...graph.outputs[0]!, shape: [1, 8, 6] }] }
    expect(() => contractOf({ graph: whole })).toThrow(
      /output action: its 8 rows are the whole horizon, which begins at the oldest of 2 observations: export the rows from 1 on/,
    )
  })

  test('of several observations is refused actions that count from the state', () => {
    const folder = join(scratch.path, 'relative')
    cpSync(join(root, 'relative'), folder, { recursive: true })
    const config = JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8')) as object
    scratch.file('relative/config.json', JSON.stringify({ ...config, n_obs_steps: 2 }))
    expect(() => contractFor({ checkpoint: folder }, graph, robot, 'model.onnx')).toThrow(
      /its actions count from the state, and of its several observations LeRobot does not say which/,
    )
  })
})

describe('noise', () => {
  const contractWith = (noise: object) =>
    parseContract(
      {
        version: 2,
        name: 'noisy',
        robot: { name: robot.name, sha256: robot.sha256, canonical: robot.canonical },
        inputs: { noise: { as: 'noise', dtype: 'float32', shape: [1, 100, 101], ...noise } },
        outputs: {
          action_chunk: {
            dtype: 'float32',
            shape: [1, 1, 6],
            rate: 30,
            groups: [{ name: 'arm', kind: 'joint_position', joints: JOINTS }],
          },
        },
      },
      'test',
    )

  test.each(['float32', 'float64', 'float16'] as const)('of %s is standard normal', dtype => {
    const features = new Features(contractWith({ dtype }), robot)
    const all = [1, 2, 3].flatMap(i => {
      const { noise } = features.fill({ ...observation({}, i * 1e9 + 1.7e18), index: i })
      return dtype === 'float16' ? [...(noise as Uint16Array)].map(fromHalf) : [...(noise as Float32Array)]
    })
    const mean = (of: (value: number) => number): number => all.reduce((sum, each) => sum + of(each), 0) / all.length
    // Of 30300 numbers the moments are off by 0.006, 0.008 and 0.06 at one standard deviation.
    expect(mean(x => x)).toBeCloseTo(0, 1)
    expect(mean(x => x * x)).toBeCloseTo(1, 1)
    expect(Math.abs(mean(x => x ** 4) - 3)).toBeLessThan(0.3)
    expect(mean((x: number) => Number(Math.abs(x) < 1))).toBeCloseTo(0.6827, 1)
    expect(new Set(all.slice(0, 1000)).size).toBeGreaterThan(dtype === 'float16' ? 600 : 990)
  })

  test.each([
    [{ history: { ticks: 2 } }, /noise has no history: leave it out/],
    [{ from: ['joints'] }, /is made from no stream: leave it out/],
    [{ shape: [2, 6] }, /noise has a batch of 1, not \[2, 6\]/],
    [{ dtype: 'int64' }, /expected "float32" or "float16" or "float64"/],
  ])('%j is refused', (change, says) => {
    expect(() => contractWith(change)).toThrow(says)
  })
})

/** The value of a half of IEEE 754 that is neither infinite nor NaN. */
function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 31
  const fraction = bits & 1023
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15))
}
