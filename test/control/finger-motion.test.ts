import { expect, it } from 'vitest'
import { FingerMotion, type CommandedFingers } from '../../control/finger-motion.js'
import { MS } from './controller-rig.js'

/** Fingers that remember what they were told. */
class Fingers implements CommandedFingers {
  isFaulty = false
  readonly told: (readonly number[] | string)[] = []

  move(width: number, effort: number): void {
    this.told.push([width, effort])
  }

  stop(at: number | undefined): void {
    this.told.push(`stop at ${at}`)
  }

  drop(): void {
    this.told.push('drop')
  }

  recover(): void {
    this.isFaulty = false
  }

  poll(): void {}
}

const LIMITS = { width: [0, 0.08], effort: [1, 5] } as const
const rig = (
  isMeasured = true,
): { fingers: Fingers; motion: FingerMotion; step(width: number, effort?: number): void } => {
  const fingers = new Fingers()
  const motion = new FingerMotion({ fingers, limits: LIMITS, isMeasured })
  let now = 0
  return { fingers, motion, step: (width, effort = 3) => motion.step(Float64Array.of(width, effort), (now += 10 * MS)) }
}

it('is told a width once, within the limits, and no more often than ten times a second', () => {
  const { fingers, step } = rig()
  for (let n = 0; n < 50; n++) step(0.5, 9)
  expect(fingers.told).toEqual([[0.08, 5]])
  for (let n = 0; n < 50; n++) step(0.08 - n * 0.001)
  expect(fingers.told.length).toBeGreaterThan(4)
  expect(fingers.told.length).toBeLessThanOrEqual(7)
  for (let n = 0; n < 50; n++) step(0.01)
  expect(fingers.told.at(-1)).toEqual([0.01, 3])
  step(NaN)
  expect(fingers.told.at(-1)).toEqual([0.01, 3])
})

it('is stopped where it is, and told again afterwards', () => {
  const { fingers, motion, step } = rig()
  step(0.02)
  motion.hear(Float64Array.of(0.05), MS, MS)
  motion.halt()
  step(0.02)
  expect(fingers.told).toEqual([[0.02, 3], 'stop at 0.05', [0.02, 3]])
})

it('is not known without a fresh place where that is measured, and says what its fingers say of faults', () => {
  const { fingers, motion } = rig()
  expect(motion.known(0)).toBe(false)
  motion.hear(Float64Array.of(0.05), MS, MS)
  expect(motion.known(50 * MS)).toBe(true)
  expect(motion.known(200 * MS)).toBe(false)
  expect(rig(false).motion.known(0)).toBe(true)
  fingers.isFaulty = true
  expect(motion.isFaulty).toBe(true)
  motion.recover()
  expect(motion.isFaulty).toBe(false)
})

it('is told the same width again after a fault, since it may not have been carried out', () => {
  const { fingers, motion, step } = rig()
  step(0.02)
  fingers.isFaulty = true
  motion.publish(20 * MS)
  fingers.isFaulty = false
  motion.publish(30 * MS)
  for (let n = 0; n < 20; n++) step(0.02)
  expect(fingers.told).toEqual([
    [0.02, 3],
    [0.02, 3],
  ])
})
