import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { calibrateRecording, type CalibrationOptions } from '../../../app/calibration/calibrate-recording.js'
import { CompensatedWrench } from '../../../control/guard/compensated-wrench.js'
import { WrenchGuard } from '../../../control/guard/wrench-guard.js'
import { parse } from 'yaml'
import { replayBag } from '../../../app/replay/replay-bag.js'
import { openBag } from '../../../middleware/bag/bag.js'
import { parseRobot } from '../../../robots/robot-file.js'
import type { Robot } from '../../../robots/robot.js'
import { temporaryFolder } from '../../e2e/prehend.js'
import { BIAS, between, MOUNT, MS, PayloadArm, recordRests, TILTED, turnBetween } from './payload-arm.js'

const folder = temporaryFolder()
const recording = join(folder, 'rests.mcap')

/** A robot file for the arm, with this compensation of its wrench. */
function robotWith(compensate: object | undefined): Robot {
  const wrench = { topic: '/wrist/wrench', type: 'geometry_msgs/msg/WrenchStamped' }
  return parseRobot(
    JSON.stringify({
      robot: 'arm',
      tick: { rate: 30 },
      streams: {
        wrench: compensate ? { ...wrench, compensate } : wrench,
        tool_pose: { topic: '/tool_pose', type: 'geometry_msgs/msg/PoseStamped' },
      },
    }),
    'arm.yaml',
  )
}

const calibrate = (options: Partial<CalibrationOptions> = {}) =>
  calibrateRecording(recording, { rest: 0.5, ...options })

let truth: PayloadArm['truth']

beforeAll(async () => {
  await recordRests(recording, { seed: 1 })
  const arm = await PayloadArm.make(1)
  truth = arm.truth
  arm.close()
})

describe('a payload that MuJoCo knows', () => {
  test('is found within its standard errors, mount included, from eight poses with noise', async () => {
    const { result, doubts } = await calibrate({ findMount: true })
    expect(doubts).toEqual([])
    expect(result.poses).toHaveLength(TILTED.length)
    const { mass, centre, forceBias, torqueBias, mount } = result
    const near = (value: number, expected: number, error: number): void =>
      expect(Math.abs(value - expected) / error).toBeLessThan(4)
    near(mass.value, truth.mass, mass.standardError)
    truth.centre.forEach((each, i) => near(centre.value[i]!, each, centre.standardError[i]!))
    BIAS.slice(0, 3).forEach((each, i) => near(forceBias.value[i]!, each, forceBias.standardError[i]!))
    BIAS.slice(3).forEach((each, i) => near(torqueBias.value[i]!, each, torqueBias.standardError[i]!))
    const error = Math.hypot(...mount.rpy.standardError)
    expect(turnBetween(mount.rpy.value, MOUNT.rpy)).toBeLessThan(4 * error)
    // The errors themselves are small: 1 g, 0.1 mm, 10 mN, 1 mN m, 0.1 degrees.
    expect(mass.standardError).toBeLessThan(1e-3)
    for (const each of centre.standardError) expect(each).toBeLessThan(1e-4)
    for (const each of forceBias.standardError) expect(each).toBeLessThan(0.01)
    for (const each of torqueBias.standardError) expect(each).toBeLessThan(1e-3)
    expect(error).toBeLessThan(Math.PI / 1800)
  })

  /** Moves the arm slowly through all orientations, and gives what the guard feels of it. */
  async function felt(compensate: object | undefined): Promise<{ peak: number; states: string[] }> {
    const compensation = robotWith(compensate).streams.find(({ name }) => name === 'wrench')?.compensate
    const wrench = compensation && new CompensatedWrench(compensation)
    const guard = new WrenchGuard({ contact: 3, overForce: 30 }, { tare: compensate ? 0 : 300 * MS, release: 100 * MS })
    const arm = await PayloadArm.make(2)
    const states = new Set<string>()
    const late: { stamp: number; pose: Float64Array }[] = []
    let from = TILTED[0]!
    for (const to of TILTED) {
      for (let t = 1; t <= 4500; t++) {
        arm.step(between(from, to, Math.min(1, t / 4300)))
        // Each pose is 6 ms late.
        if (arm.now % (8 * MS) === 0) late.push({ stamp: arm.now, pose: arm.pose.slice() })
        if (late[0] && late[0].stamp <= arm.now - 6 * MS) wrench?.hearPose(late[0].stamp, late.shift()!.pose)
        if (wrench && !wrench.take(arm.now, arm.wrench)) continue
        guard.sample(arm.now, wrench?.values ?? arm.wrench)
        states.add(guard.state)
      }
      from = to
    }
    arm.close()
    return { peak: guard.peak, states: [...states] }
  }
  test('is not felt in slow free motion through all orientations; without compensation it is a contact', async () => {
    const { result } = await calibrate({ findMount: true })
    const compensated = await felt((parse(result.compensate) as { compensate: object }).compensate)
    expect(compensated.states).toEqual(['free'])
    expect(compensated.peak).toBeLessThan(1.5)
    const tared = await felt(undefined)
    expect(tared.states).toContain('contact')
    expect(tared.peak).toBeGreaterThan(10)
  })

  test('leaves less than a newton in the windows of the aligner, in slow motion through all orientations', async () => {
    const { result } = await calibrate({ findMount: true })
    const robot = robotWith((parse(result.compensate) as { compensate: object }).compensate)
    const slow = join(folder, 'slow.mcap')
    await recordRests(slow, { seed: 4, travel: 4000, rest: 100 })
    const bag = await openBag(slow)
    let worst = 0
    let windows = 0
    try {
      await replayBag({
        bag,
        robot,
        rate: 'max',
        onObservation: ({ values }) => {
          const value = values.get('wrench')
          if (value?.kind !== 'window' || value.count < 30) return
          windows++
          worst = Math.max(worst, Math.hypot(...value.mean.subarray(0, 3)))
        },
      })
    } finally {
      await bag.close()
    }
    expect(windows).toBeGreaterThan(900)
    // What is left is inertia: 1.25 kg at 0.14 m from the joints' axes, turned by up to 2.2 rad in 4 s.
    expect(worst).toBeLessThan(0.8)
  })

  test('a push that MuJoCo makes shows with its force and torque, in the tool frame', async () => {
    const { result } = await calibrate({ findMount: true })
    const found = (parse(result.compensate) as { compensate: { mount: { rpy: string[] } } }).compensate
    // Where the sensor's origin is in the tool's frame cannot be felt: it is measured, and written into the file.
    const compensate = { ...found, mount: { xyz: MOUNT.xyz, rpy: found.mount.rpy } }
    const wrench = new CompensatedWrench(
      robotWith(compensate).streams.find(({ name }) => name === 'wrench')!.compensate!,
    )
    const arm = await PayloadArm.make(3)
    for (const [i, orientation] of TILTED.entries()) {
      arm.push([4 - i, 2 * i - 7, 5], [0.1 * i, -0.2, 0.3])
      for (let t = 0; t < 1500; t++) arm.step(orientation)
      const sum = new Float64Array(6)
      for (let t = 0; t < 500; t++) {
        arm.step(orientation)
        wrench.hearPose(arm.now, arm.pose)
        expect(wrench.take(arm.now, arm.wrench)).toBe(true)
        for (let axis = 0; axis < 6; axis++) sum[axis]! += wrench.values[axis]! / 500
      }
      arm.pushedOnTool().forEach((value, axis) => {
        expect(Math.abs(sum[axis]! - value)).toBeLessThan(axis < 3 ? 0.05 : 0.01)
      })
    }
    arm.close()
  })

  test('a contact with a wall shows as MuJoCo has it, in the tool frame, and the guard sees it', async () => {
    const { result } = await calibrate({ findMount: true })
    const found = (parse(result.compensate) as { compensate: { mount: { rpy: string[] } } }).compensate
    const compensate = { ...found, mount: { xyz: MOUNT.xyz, rpy: found.mount.rpy } }
    const wrench = new CompensatedWrench(
      robotWith(compensate).streams.find(({ name }) => name === 'wrench')!.compensate!,
    )
    const guard = new WrenchGuard({ contact: 3, overForce: 300 }, { tare: 0, release: 100 * MS })
    const arm = await PayloadArm.make(6, { isWalled: true })
    const step = (pitch: number): void => {
      arm.step([0, pitch, 0])
      wrench.hearPose(arm.now, arm.pose)
      wrench.take(arm.now, arm.wrench)
      guard.sample(arm.now, wrench.values)
    }
    let pitch = 0
    const touches = (): number => Math.hypot(...arm.contactOnTool().slice(0, 3))
    while (touches() < 5 && pitch < 1.5) {
      if (touches() === 0) expect(guard.state).toBe('free')
      step((pitch += 0.0002))
    }
    for (let t = 0; t < 1000; t++) step(pitch)
    expect(guard.state).toBe('contact')
    const felt = new Float64Array(6)
    const real = new Float64Array(6)
    for (let t = 0; t < 500; t++) {
      step(pitch)
      arm.contactOnTool().forEach((value, axis) => {
        real[axis]! += value / 500
        felt[axis]! += wrench.values[axis]! / 500
      })
    }
    arm.close()
    expect(Math.hypot(...real.subarray(0, 3))).toBeGreaterThan(5)
    expect(Math.hypot(...real.subarray(3))).toBeGreaterThan(0.5)
    real.forEach((value, axis) => {
      expect(Math.abs(felt[axis]! - value)).toBeLessThan(axis < 3 ? 0.05 : 0.01)
    })
  })
})
