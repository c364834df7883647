import { describe, expect, it } from 'vitest'
import type { GripperStatus } from '../../drivers/gripper.js'
import { GraspWatch, type Grasping } from '../../nodes/grasp-watch.js'

const MS = 1e6
const state = (z: number, object: GripperStatus['object'] = 'moving', more: Partial<Grasping> = {}): Grasping => ({
  hold: 'none',
  guard: { state: 'free', force: 1 },
  target: { z },
  ...more,
  status: {
    width: 0.03,
    requestedWidth: 0,
    current: 0,
    object,
    fault: 0,
    faultText: '',
    activated: true,
  } as GripperStatus,
})

/** The phases after each step of 100 ms, and the watch. */
function phases(
  steps: readonly Grasping[],
  timeout = 60_000 * MS,
): { readonly phases: string[]; readonly watch: GraspWatch } {
  const watch = new GraspWatch(0, timeout)
  return { phases: steps.map((step, i) => watch.update(step, (i + 1) * 100 * MS)), watch }
}

describe('a grasp, judged by what a robot knows of itself', () => {
  it('succeeds once contact has stopped the fingers and the tool has then been 10 cm higher for 0.8 s', () => {
    const lift = [0.02, 0.025, 0.035, 0.08, 0.121]
    const { phases: said, watch } = phases([
      state(0.2),
      state(0.02, 'moving', { guard: { state: 'contact', force: 7 } }),
      ...lift.map(z => state(z, 'closing')),
      ...Array.from({ length: 8 }, () => state(0.13, 'closing')),
    ])
    expect(said).toEqual([
      'approaching',
      'touching',
      'closed',
      'closed',
      'lifting',
      'lifting',
      'lifted',
      ...Array.from({ length: 8 }, () => 'lifted'),
    ])
    expect(watch.outcome).toEqual({ success: true, reason: 'lifted', peakForce: 7 })
  })

  it(
    'goes on at the answer "moving" to a new command while the fingers stay where they are, and not ' +
      'when they move',
    () => {
      const lifted = Array.from({ length: 10 }, (_, i) => state(0.13, i % 2 === 0 ? 'closing' : 'moving'))
      expect(phases([state(0.02, 'closing'), state(0.03), ...lifted]).watch.outcome).toMatchObject({ success: true })
      const narrower = { ...state(0.13), status: { ...state(0.13).status, width: 0.02 } as GripperStatus }
      expect(
        phases([state(0.02, 'closing'), state(0.13, 'closing'), narrower, ...lifted]).watch.outcome,
      ).toBeUndefined()
    },
  )

  it('begins again when the object is lost on the way', () => {
    const { watch } = phases([
      state(0.02, 'closing'),
      state(0.13, 'closing'),
      ...Array.from({ length: 5 }, () => state(0.13, 'closing')),
      state(0.13, 'none'),
      ...Array.from({ length: 20 }, () => state(0.14, 'closing')),
    ])
    expect(watch.outcome).toBeUndefined()
    expect(watch.phase).toBe('closed')
  })

  it('ends at a stop and at its timeout', () => {
    expect(phases([state(0.2), state(0.2, 'moving', { hold: 'stop' })]).watch.outcome).toMatchObject({
      success: false,
      reason: 'stopped',
    })
    expect(
      phases([state(0.2), state(0.2, 'moving', { hold: 'no_chunk' }), state(0.2)], 300 * MS).watch.outcome,
    ).toMatchObject({ success: false, reason: 'timeout' })
  })
})
