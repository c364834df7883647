import { describe, expect, test } from 'vitest'
import type { Truth } from '../../sim/simulated-cell.js'
import { effortFor, expertAction, expertChunk, type ExpertAction } from '../../sim/embedded/expert.js'
import { random } from '../fusion/robots.js'

/**
 * A tool that hangs `height` m over the grasp of a free object, `off` m and `turn` rad beside it, with fingers `width`
 * m apart.
 */
function over(height: number, off: number, turn: number, width: number): Truth {
  return {
    stamp: 0,
    target: 'red box',
    gentle: false,
    width,
    widthRate: 0,
    tool: Float64Array.of(0, 0, 0.03 + height, 1, 0, 0, 0),
    objects: [
      {
        name: 'red box',
        pose: Float64Array.of(off, 0, 0.03, 0, 0, 0, 1),
        lift: 0,
        squeeze: 0,
        press: 0,
        radius: 0.03,
        mass: 0.3,
        friction: 0.6,
        crush: 200,
        grasps: [{ x: 0, y: 0, z: 0.03, yaw: -turn, width: 0.04 }],
      },
    ],
  }
}

const speeds = ({ vx, vy, vz, vyaw }: ExpertAction): readonly number[] => [vx, vy, vz, 0.1 * vyaw]

describe('the expert, with nothing in its hand', () => {
  test('opens half-closed fingers where it is, and goes on from there: it does not rise for that', () => {
    for (const height of [0.012, 0.03, 0.1]) {
      const action = expertAction(over(height, 0.002, 0, 0.05))
      expect(speeds(action).map(Math.abs)).toEqual([0, 0, 0, 0])
      expect(action.width).toBe(0.085)
      expect(expertAction(over(height, 0.002, 0, 0.085)).vz, 'open').toBeLessThan(0)
      const last = expertChunk(over(height, 0.002, 0, 0.05), 10, 30).subarray(54)
      expect(last[2], 'has sunk after a third of a second').toBeGreaterThan(0)
    }
  })

  test('near the grasp goes sideways where it is and never rises, wherever it is and however far open', () => {
    const draw = random(7)
    for (let k = 0; k < 2000; k++) {
      const action = expertAction(over(0.001 + 0.02 * draw(), 0.012 * draw(), 0.1 * draw(), 0.084 * draw()))
      expect(action.vz).toBeLessThanOrEqual(0)
    }
    const beside = expertAction(over(0.01, 0.01, 0, 0.085))
    expect(beside.vx).toBeCloseTo(0.07)
    expect(beside.vz).toBe(0)
    expect(expertAction(over(0.01, 0.04, 0, 0.085)).vz, 'far off it rises before it goes').toBeGreaterThan(0.1)
  })

  test('answers almost equal openings with almost equal actions, until it closes', () => {
    const draw = random(5)
    for (let k = 0; k < 2000; k++) {
      const [height, off, turn, width] = [0.012 + 0.2 * draw(), 0.05 * draw(), draw() - 0.5, 0.084 * draw()]
      const one = speeds(expertAction(over(height, off, turn, width)))
      const other = speeds(expertAction(over(height, off, turn, width + 0.001)))
      for (const [axis, speed] of one.entries()) expect(Math.abs(speed - (other[axis] ?? NaN))).toBeLessThan(0.031)
    }
  })
})

describe('how hard the expert holds', () => {
  /** The tool `rise` m over where it took hold of a thing that has come up by `lift` m. */
  function holding(rise: number, lift: number, more: Partial<Truth['objects'][number]> = {}): Truth {
    const truth = over(rise, 0, 0, 0.04)
    const [object] = truth.objects
    if (object === undefined) throw new Error('nothing there')
    return {
      ...truth,
      objects: [{ ...object, pose: Float64Array.of(0, 0, 0.03 + lift, 0, 0, 0, 1), lift, squeeze: 20, ...more }],
    }
  }
  const effort = (rise: number, lift: number, more: Partial<Truth['objects'][number]> = {}): number =>
    expertAction(holding(rise, lift, more)).effort

  test('is what the gripper knows least, until the fingers slide', () => {
    expect(effort(0, 0)).toBeCloseTo(20)
    expect(effort(0.003, 0)).toBeCloseTo(20)
  })

  test('grows with each millimetre of slip, stays when the object follows, and has a margin then', () => {
    expect(effort(0.007, 0)).toBeCloseTo(56)
    expect(effort(0.009, 0)).toBeCloseTo(74)
    expect(effort(0.016, 0.01)).toBeCloseTo(1.5 * 47)
    expect(effort(0.106, 0.1)).toBeCloseTo(1.5 * 47)
    expect(effort(0.1, 0.1), 'without slip').toBeCloseTo(30)
    expect(effortFor({ lift: 0.1, crush: 200 }, 0, true), 'gently').toBeCloseTo(22)
  })

  test('while it slides the tool creeps, and no answer counts on its following', () => {
    const chunk = expertChunk(holding(0.004, 0, { squeeze: 60 }), 10, 30)
    expect(chunk[56], 'm after a third of a second').toBeCloseTo(-0.04 / 3, 3)
    expect(expertChunk(holding(0.02, 0.018, { squeeze: 60 }), 10, 30)[56]).toBeLessThan(-0.03)
  })

  test('keeps closed on a thing between the pads whose touch was lost for a moment', () => {
    expect(expertAction(holding(0.012, 0, { squeeze: 0 })).width).toBe(0)
    expect(expertAction(holding(0.03, 0, { squeeze: 0 })).width, 'it has slid out').toBe(0.085)
  })

  test('asks for nothing that could not be felt: neither mass nor friction changes it', () => {
    expect(effort(0.012, 0, { mass: 2, friction: 0.1 })).toBe(effort(0.012, 0, { mass: 0.05, friction: 1 }))
  })

  test('stays well under what crushes the object, and within what the gripper can', () => {
    expect(effort(0.03, 0, { crush: 50 })).toBe(30)
    expect(effort(0.06, 0, { crush: 500 })).toBe(120)
  })
})
