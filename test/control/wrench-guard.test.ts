import { describe, expect, it } from 'vitest'
import { WrenchGuard } from '../../control/guard/wrench-guard.js'

const limits = { contact: 3, overForce: 30 }
const MS = 1_000_000
const wrench = (fz: number): Float64Array => Float64Array.of(0, 0, fz, 0, 0, 0)

describe('the guard on every wrench sample', () => {
  it('one sample over the limit raises an over-force', () => {
    const guard = new WrenchGuard(limits, { tare: 0, release: 100 * MS })
    expect(guard.sample(1 * MS, wrench(29.9))).toBe(false)
    expect(guard.state).toBe('contact')
    expect(guard.sample(2 * MS, wrench(30))).toBe(true)
    expect(guard.state).toBe('over_force')
    expect(guard.sample(3 * MS, wrench(31))).toBe(false)
    expect(guard.trips).toBe(1)
  })

  it('an over-force ends only after the force has stayed below the contact limit for long enough', () => {
    const guard = new WrenchGuard(limits, { tare: 0, release: 100 * MS })
    guard.sample(0, wrench(40))
    for (let t = 1; t <= 99; t++) guard.sample(t * MS, wrench(0))
    guard.sample(100 * MS, wrench(4))
    for (let t = 101; t <= 200; t++) guard.sample(t * MS, wrench(0))
    expect(guard.state).toBe('over_force')
    guard.sample(201 * MS, wrench(0))
    expect(guard.state).toBe('free')
  })

  it('the constant offset of the sensor is subtracted first', () => {
    const guard = new WrenchGuard(limits, { tare: 200 * MS, release: 100 * MS })
    for (let t = 1; t <= 200; t++) guard.sample(t * MS, wrench(192))
    guard.sample(201 * MS, wrench(193))
    expect(guard.state).toBe('free')
    expect(guard.force).toBeCloseTo(1, 12)
    guard.sample(202 * MS, wrench(192 - 31))
    expect(guard.state).toBe('over_force')
  })

  it('a sample with a NaN does not change the state', () => {
    const guard = new WrenchGuard(limits, { tare: 0, release: 100 * MS })
    guard.sample(0, wrench(40))
    expect(guard.sample(1 * MS, wrench(NaN))).toBe(false)
    expect(guard.state).toBe('over_force')
  })

  /** The force of a hand that is pushed forward and back in each period of the chunks. */
  const shaken = (t: number): number => (t % 33 < 11 ? 10 : -5)

  it('a hand that its own motion shakes has no contact; a force that stays is contact within the time of one chunk', () => {
    const guard = new WrenchGuard(limits, { tare: 0, release: 100 * MS })
    const states: string[] = []
    for (let t = 0; t < 400; t++) {
      guard.sample(t * MS, wrench(shaken(t)))
      states.push(guard.state)
    }
    // The first period is not complete.
    expect(new Set(states.slice(33))).toEqual(new Set(['free']))
    let touched = 0
    for (let t = 400; guard.state === 'free'; t++) {
      touched++
      guard.sample(t * MS, wrench(shaken(t) + 4))
    }
    expect(touched).toBeLessThanOrEqual(33)
  })

  it('an impact is contact at its first sample', () => {
    const guard = new WrenchGuard(limits, { tare: 0, release: 100 * MS })
    for (let t = 0; t < 100; t++) guard.sample(t * MS, wrench(0))
    guard.sample(100 * MS, wrench(14))
    expect(guard.state).toBe('free')
    guard.sample(101 * MS, wrench(15))
    expect(guard.state).toBe('contact')
  })

  it('after time has gone back, nothing from before enters the average', () => {
    const guard = new WrenchGuard(limits, { tare: 0, release: 100 * MS })
    for (let t = 1000; t < 1033; t++) guard.sample(t * MS, wrench(0))
    guard.sample(1 * MS, wrench(4))
    expect(guard.state).toBe('contact')
  })
})
