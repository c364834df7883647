import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ArmKinematics } from '../../../sim/arm/arm-kinematics.js'
import { solveInverse } from '../../../sim/arm/inverse-kinematics.js'
import { compile, loadMujoco } from '../../../sim/embedded/mujoco.js'
import type { MainModule } from '../../../sim/embedded/mujoco.js'
import { Random } from '../../../sim/embedded/random.js'
import { ARM, ARM_JOINTS, HAND, HAND_TURN, JOINTS } from '../../../sim/so101/arm.js'
import { kinematicsXml } from '../../../sim/so101/cell-xml.js'
import { byPinocchio } from './pinocchio-chain.js'
import type { Chain } from './pinocchio-chain.js'

let mj: MainModule
let arm: ArmKinematics
beforeAll(async () => {
  mj = await loadMujoco()
  arm = new ArmKinematics(mj, { xml: kinematicsXml(), joints: JOINTS.slice(0, ARM_JOINTS), site: 'tcp' })
})
afterAll(() => arm.close())

/** Configurations within the joints' ranges, all of them by default. */
function configurations(count: number, seed: number, share = 1): number[][] {
  const random = new Random(seed, 'configurations')
  return Array.from({ length: count }, () =>
    ARM.slice(0, ARM_JOINTS).map(({ range: [low, high] }) => {
      const [middle, half] = [(low + high) / 2, (share * (high - low)) / 2]
      return random.uniform(middle - half, middle + half)
    }),
  )
}

/** The arm's table as a chain. */
const OURS: Chain = {
  joints: ARM.slice(0, ARM_JOINTS).map(({ anchor, axis }, i) => {
    const from = ARM[i - 1]?.anchor ?? [0, 0, 0]
    const turned = i === 4 ? HAND_TURN : 0
    return {
      axis,
      placement: [...anchor.map((x, k) => x - from[k]!), Math.cos(turned / 2), Math.sin(turned / 2), 0, 0],
    }
  }),
  // x of the tool is the hand's y, y its z: the columns of a turn by 120° about (1, 1, 1).
  tool: [HAND.tip - HAND.reach, 0, HAND.face, 0.5, 0.5, 0.5, 0.5],
}

/** The chain that the arm's makers publish (TheRobotStudio/SO-ARM100, Simulation/SO101/so101_new_calib.xml). */
const PUBLISHED_LINKS = (
  [
    [[0.0388353, 0, 0.0624, 0, 0, -1, 0], 0.100006, [-0.0307604, -1.66727e-5, -0.0252713]],
    [[-0.0303992, -0.0182778, -0.0542, 0.5, -0.5, -0.5, -0.5], 0.103, [-0.0898471, -0.00838224, 0.0184089]],
    [[-0.11257, -0.028, 0, 0.707107, 0, 0, 0.707107], 0.104, [-0.0980701, 0.00324376, 0.0182831]],
    [[-0.1349, 0.0052, 0, 0.707107, 0, 0, -0.707107], 0.079, [-0.000103312, -0.0386143, 0.0281156]],
    [[0, -0.0611, 0.0181, 0.0172091, -0.0172091, 0.706897, 0.706897], 0.087, [0.000213627, 0.000245138, -0.025187]],
    [[0.0202, 0.0188, -0.0234, 0.707107, 0.707107, 0, 0], 0.012, [-0.00157495, -0.0300244, 0.0192755]],
  ] as const
).map(([placement, mass, centre]) => ({ placement, axis: [0, 0, 1], mass, centre }))
/** The joints that place the hand. Its frame "gripperframe" is at the tip: x out of the hand, z to the moving jaw. */
const PUBLISHED: Chain = {
  joints: PUBLISHED_LINKS.slice(0, ARM_JOINTS),
  tool: [-0.0079, -0.000218121, -0.0981274, 0.707107, 0, 0.707107, 0],
}

const apart = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Array.from(a).reduce((most, value, i) => Math.max(most, Math.abs(value - (b[i] ?? NaN))), 0)

describe('the kinematics of the arm', () => {
  test('are those of Pinocchio for the same joints: position, rotation and Jacobian', () => {
    const asked = configurations(300, 1)
    const expected = byPinocchio(OURS, asked)
    const worst = { position: 0, rotation: 0, jacobian: 0 }
    asked.forEach((joints, i) => {
      arm.set(joints)
      for (const key of ['position', 'rotation', 'jacobian'] as const)
        worst[key] = Math.max(worst[key], apart(arm[key], expected[i]![key]))
    })
    expect(worst.position).toBeLessThan(1e-9)
    expect(worst.rotation).toBeLessThan(1e-9)
    expect(worst.jacobian).toBeLessThan(1e-9)
  })

  test('are those of the published model within the rounding of its numbers: 0.5 mm and 0.1°', () => {
    const asked = configurations(300, 2)
    const expected = byPinocchio(PUBLISHED, asked)
    asked.forEach((joints, i) => {
      arm.set(joints)
      const { position, rotation } = expected[i]!
      // Columns of the published frame: x out of the hand, y, z. Ours: y, z, x.
      const column = (matrix: ArrayLike<number>, k: number): number[] => [0, 3, 6].map(row => matrix[row + k]!)
      const [out, across, opening] = [0, 1, 2].map(k => column(rotation, k)) as [number[], number[], number[]]
      expect(apart(column(arm.rotation, 0), across)).toBeLessThan(0.0018)
      expect(apart(column(arm.rotation, 1), opening)).toBeLessThan(0.0018)
      const tip = position.map((value, k) => value - HAND.reach * out[k]!)
      expect(apart(arm.position, tip)).toBeLessThan(0.0005)
    })
  })
})

describe('the masses of the arm', () => {
  test('weigh on each joint as those of the published model do, within 1 mN·m of up to 0.86 N·m', () => {
    const random = new Random(6, 'weights')
    const asked = Array.from({ length: 200 }, () => ARM.map(({ range: [low, high] }) => random.uniform(low, high)))
    const expected = byPinocchio({ joints: PUBLISHED_LINKS, tool: PUBLISHED.tool }, asked)
    const { model, data } = compile(mj, kinematicsXml())
    let [largest, worst] = [0, 0]
    asked.forEach((joints, i) => {
      ;(data.qpos as Float64Array).set(joints)
      mj.mj_forward(model, data)
      const { gravity } = expected[i]!
      largest = Math.max(largest, ...gravity.map(Math.abs))
      worst = Math.max(worst, apart(gravity, data.qfrc_bias as Float64Array))
    })
    data.delete()
    model.delete()
    expect(largest).toBeCloseTo(0.86, 2)
    expect(worst).toBeLessThan(0.001)
  })
})

describe('the inverse kinematics', () => {
  test('finds joints for a pose that the arm reaches: always from close by, mostly from anywhere', () => {
    const reached = configurations(200, 3, 0.95)
    const starts = configurations(200, 4, 0.5)
    const found = { close: 0, anywhere: 0 }
    reached.forEach((joints, i) => {
      arm.set(joints)
      const goal = { position: arm.position.slice(), rotation: arm.rotation.slice() }
      for (const [from, start] of [
        ['close', joints.map((value, k) => value + (starts[i]![k]! > 0 ? 0.1 : -0.1))],
        ['anywhere', starts[i]!],
      ] as const) {
        const { distance, turn, joints: solution } = solveInverse(arm, start, goal)
        if (distance < 1e-6 && turn < 1e-5) found[from]++
        for (const [k, value] of solution.entries()) {
          expect(value).toBeGreaterThanOrEqual(arm.low[k]!)
          expect(value).toBeLessThanOrEqual(arm.high[k]!)
        }
      }
    })
    expect(found.close).toBe(200)
    expect(found.anywhere).toBeGreaterThan(140)
  })

  test('finds joints whose tool is where Pinocchio says, with the pitch and the roll as asked', () => {
    const sums = (pitch: number, roll: number): { of: number[]; value: number; weight: number }[] => [
      { of: [0, 1, 1, 1, 0], value: pitch, weight: 0.02 },
      { of: [0, 0, 0, 0, 1], value: roll, weight: 0.02 },
    ]
    const random = new Random(5, 'goals')
    const goals = Array.from({ length: 100 }, () => ({
      position: [random.uniform(0.17, 0.25), random.uniform(-0.12, 0.12), random.uniform(0.01, 0.05)],
      pitch: random.uniform(1.2, Math.PI / 2),
      roll: random.uniform(-1.5, 1.5),
    }))
    const solved = goals.map(({ position, pitch, roll }) =>
      solveInverse(arm, [0, 0, 0, 1.2, 0], { position, sums: sums(pitch, roll) }),
    )
    const tools = byPinocchio(
      OURS,
      solved.map(({ joints }) => [...joints]),
    )
    goals.forEach(({ position, pitch, roll }, i) => {
      const { joints, distance, turn } = solved[i]!
      expect(apart(tools[i]!.position, position)).toBeLessThan(1e-6)
      expect(distance).toBeLessThan(1e-6)
      expect(turn).toBeLessThan(1e-5)
      expect(joints[1]! + joints[2]! + joints[3]!).toBeCloseTo(pitch, 5)
      expect(joints[4]!).toBeCloseTo(roll, 5)
      // The third column of the rotation points out of the hand.
      expect(tools[i]!.rotation[8]).toBeCloseTo(-Math.sin(pitch), 5)
    })
  })

  test('keeps to the limits and says how far the tool stays away from a point out of reach', () => {
    const { joints, distance } = solveInverse(arm, [0, 0, 0, 0, 0], { position: [2, 0, 0.2] })
    expect(distance).toBeGreaterThan(1.5)
    joints.forEach((value, i) => {
      expect(value).toBeGreaterThanOrEqual(arm.low[i]!)
      expect(value).toBeLessThanOrEqual(arm.high[i]!)
    })
  })

  test('names a joint or a site that the model lacks', () => {
    const make = (joints: string[], site: string): ArmKinematics =>
      new ArmKinematics(mj, { xml: kinematicsXml(), joints, site })
    expect(() => make(['elbow'], 'tcp')).toThrow(
      'joint "elbow": the model has none of that name; name one of its <joint> elements',
    )
    expect(() => make(['elbow_flex'], 'tool')).toThrow('site "tool": the model has none of that name')
  })
})
