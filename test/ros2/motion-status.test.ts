import { expect, test } from 'vitest'
import { motionStatus } from '../../app/session/motion-status.js'
import type { ControlNode } from '../../nodes/control-node.js'

const of = (hold: string, guard = 'ok', state = 'active') =>
  motionStatus({
    hold,
    state,
    guard: { state: guard },
    limits: { watchdog: { wrench: 50e6, camera: 250e6, policy: 300e6, person: 200e6, gripper: 200e6 } },
    holdText: hold === 'tilt' ? 'the tool is tilted by 12 deg' : hold,
  } as unknown as ControlNode)

test.each([
  ['wrench', 'error', /no wrench for over 50 ms/],
  ['camera', 'error', /no picture for over 250 ms/],
  ['gripper', 'error', /gripper for over 200 ms/],
  ['policy', 'warn', /no action chunk for over 300 ms/],
  ['tool', 'error', /pose of the tool/],
  ['tilt', 'error', /tilted by 12 deg/],
  ['stop', 'warn', /"resume"/],
] as const)('a motion that %s holds is no OK in /diagnostics, and says why', (hold, level, words) => {
  expect(of(hold).level).toBe(level)
  expect(of(hold).message).toMatch(words)
})

test(
  'a hold that belongs to every episode is OK, and so is a node that is not active; an over-force ' + 'is not',
  () => {
    for (const hold of ['none', 'no_chunk', 'tare', 'command']) expect(of(hold).level).toBe('ok')
    expect(of('camera', 'ok', 'inactive')).toEqual({ level: 'ok', message: 'inactive' })
    expect(of('none', 'over_force')).toMatchObject({ level: 'warn' })
  },
)
