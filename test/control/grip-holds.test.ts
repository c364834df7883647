import { describe, expect, it } from 'vitest'
import { GRIP_HOLDS, gripHoldOf, type GripHold, type GripSituation } from '../../control/state/grip-holds.js'

const FREE: GripSituation = {
  node: 'active',
  stopped: false,
  following: false,
  silent: () => ['camera', 'policy'],
  activated: true,
  tared: true,
  overForce: false,
  opens: false,
}

/** In the order in which they are checked. */
const REASONS: readonly (readonly [GripHold, Partial<GripSituation>])[] = [
  ['unconfigured', { node: 'unconfigured' }],
  ['inactive', { node: 'inactive' }],
  ['finalized', { node: 'finalized' }],
  ['stop', { stopped: true }],
  ['policy', { following: true }],
  ['wrench', { silent: () => ['wrench', 'gripper'] }],
  ['gripper', { silent: () => ['gripper'] }],
  ['gripper', { activated: false }],
  ['tare', { tared: false }],
  ['over_force', { overForce: true }],
]

describe('the fingers at the command of an operator', () => {
  it('may move though camera and policy are silent, and open over an over-force', () => {
    expect(gripHoldOf(FREE)).toBe('none')
    expect(gripHoldOf({ ...FREE, overForce: true, opens: true })).toBe('none')
  })

  it.each(REASONS)('are held by %s', (hold, change) => {
    expect(gripHoldOf({ ...FREE, ...change })).toBe(hold)
  })

  it('are held by the first reason of several', () => {
    const active = REASONS.slice(3)
    active.forEach(([hold], i) => {
      const later = Object.assign(
        {},
        ...active
          .slice(i)
          .map(([, change]) => change)
          .reverse(),
      ) as Partial<GripSituation>
      expect(gripHoldOf({ ...FREE, ...later })).toBe(hold)
    })
    expect(new Set(REASONS.map(([hold]) => hold))).toEqual(new Set(Object.keys(GRIP_HOLDS)))
  })
})
