import { describe, expect, it } from 'vitest'
import { PoseAge } from '../../control/arm/pose-age.js'

const MS = 1e6

describe('how old a pose is', () => {
  it.each([0, 1e12, -1e12])('is the time that a pose waited, also where its clock is %d ns away', offset => {
    const age = new PoseAge()
    for (let t = 0; t < 200; t += 4) age.hear(t * MS + offset, (t + 2) * MS)
    expect(age.at(210 * MS)).toBe(12 * MS)
    age.hear(200 * MS + offset, 290 * MS)
    expect(age.at(290 * MS)).toBe(88 * MS)
    expect(age.at(300 * MS)).toBe(98 * MS)
  })

  it('is right again 10 s after the clock was set, in either direction', () => {
    for (const step of [3e9, -3e9]) {
      const age = new PoseAge()
      for (let t = 0; t < 30_000; t += 4) age.hear(t * MS + (t >= 10_000 ? step : 0), (t + 2) * MS)
      expect(age.at(29_998 * MS)).toBe(0)
    }
  })

  it.each([5000, 500, -5000])('does not change after one stamp that is %d ms ahead', ahead => {
    const age = new PoseAge()
    for (let t = 0; t < 1000; t += 4) {
      age.hear((t + (t === 500 ? ahead : 0)) * MS, (t + 2) * MS)
      if (t !== 500) expect(age.at((t + 2) * MS)).toBe(0)
    }
    age.hear(1000 * MS, 1090 * MS)
    expect(age.at(1090 * MS)).toBe(88 * MS)
  })

  it.each([-3e9, 3e9])(
    'is right within 0.11 s after the clock was set by %d ns, and where only the first stamp was wrong',
    step => {
      for (const from of [4, 600]) {
        const age = new PoseAge()
        for (let t = 0; t < 1000; t += 4) {
          age.hear(t * MS + (t >= from ? step : 0), (t + 2) * MS)
          if (t > from + 110) expect(age.at((t + 2) * MS)).toBe(0)
        }
      }
    },
  )

  it('is not small for poses that waited while the machine was blocked, however many come at once', () => {
    const age = new PoseAge()
    for (let t = 0; t < 200; t += 4) age.hear(t * MS, (t + 2) * MS)
    for (let t = 200; t < 2000; t += 4) {
      age.hear(t * MS, 2000 * MS)
      expect(age.at(2000 * MS)).toBe((1998 - t) * MS)
    }
  })

  it('begins anew where the bus time goes back', () => {
    const age = new PoseAge()
    age.hear(1e10, 1e10 + 1)
    age.hear(1e6, 5e6)
    expect(age.at(5e6)).toBe(0)
  })
})
