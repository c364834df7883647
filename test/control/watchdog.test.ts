import { describe, expect, it } from 'vitest'
import { Watchdog } from '../../control/guard/watchdog.js'

const MS = 1_000_000
const limits = { wrench: 50 * MS, camera: 250 * MS, policy: 300 * MS, gripper: 200 * MS }

describe('the watchdog', () => {
  it('names who is silent for longer than its limit, and no one at the limit', () => {
    const watchdog = new Watchdog(limits)
    watchdog.start(0)
    expect(watchdog.quiet(50 * MS)).toEqual([])
    expect(watchdog.quiet(50 * MS + 1)).toEqual(['wrench'])
    watchdog.heard('wrench', 240 * MS)
    expect(watchdog.quiet(251 * MS)).toEqual(['camera', 'gripper'])
  })

  it('counts one trip a silence, however often it is asked', () => {
    const watchdog = new Watchdog(limits)
    watchdog.start(0)
    for (let t = 60; t < 100; t++) watchdog.quiet(t * MS)
    expect(watchdog.trips.wrench).toBe(1)
    watchdog.heard('wrench', 100 * MS)
    watchdog.quiet(101 * MS)
    watchdog.quiet(160 * MS)
    expect(watchdog.trips.wrench).toBe(2)
  })
})
