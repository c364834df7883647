import { describe, expect, it } from 'vitest'
import { Watchdog } from '../../control/guard/watchdog.js'

const MS = 1_000_000
const limits = { wrench: 50 * MS, camera: 250 * MS, policy: 300 * MS, person: 200 * MS, gripper: 200 * MS }

describe('the watchdog', () => {
  it('names a source that is silent for longer than its limit, and none at the limit', () => {
    const watchdog = new Watchdog(limits)
    watchdog.start(0)
    expect(watchdog.silent(50 * MS)).toEqual([])
    expect(watchdog.silent(50 * MS + 1)).toEqual(['wrench'])
    watchdog.heard('wrench', 240 * MS)
    expect(watchdog.silent(251 * MS)).toEqual(['camera', 'person', 'gripper'])
    expect(watchdog.silent(251 * MS, ['gripper', 'policy'])).toEqual(['gripper'])
  })

  it('counts one trip per silence, however often it is asked', () => {
    const watchdog = new Watchdog(limits)
    watchdog.start(0)
    for (let t = 60; t < 100; t++) watchdog.silent(t * MS)
    expect(watchdog.trips.wrench).toBe(1)
    watchdog.heard('wrench', 100 * MS)
    watchdog.silent(101 * MS)
    watchdog.silent(160 * MS)
    expect(watchdog.trips.wrench).toBe(2)
  })
})
