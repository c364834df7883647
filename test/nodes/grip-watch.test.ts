import { describe, expect, it } from 'vitest'
import type { GripperStatus } from '../../drivers/gripper.js'
import { GripWatch } from '../../nodes/grip-watch.js'

const answer = (
  stamp: number,
  width: number,
  requestedWidth: number,
  object: GripperStatus['object'] = 'moving',
): GripperStatus => ({ stamp, width, requestedWidth, object, current: 0, activated: true, fault: 0, faultText: '' })

/** The watch after `answers` to a command `sent` that was written at 100 ns. */
function watched(asked: number, sent: number, answers: readonly GripperStatus[]): object {
  const watch = new GripWatch(asked, sent)
  for (const status of answers) watch.update(status, 100)
  const { width, reached, stalled, ended } = watch
  return { width, reached, stalled, ended }
}

describe('a motion of the fingers', () => {
  it('ends when the gripper says twice that they are there', () => {
    const there = [answer(110, 0.04, 0.04), answer(120, 0.0203, 0.02, 'none')]
    expect(watched(0.02, 0.02, there)).toMatchObject({ ended: false, reached: true })
    expect(watched(0.02, 0.02, [...there, answer(130, 0.0203, 0.02, 'none')])).toEqual({
      width: 0.0203,
      ended: true,
      reached: true,
      stalled: false,
    })
  })

  it(
    'is not ended by answers from before the command, by answers to another command, or by one ' +
      'answer that is read twice',
    () => {
      const early = [answer(80, 0.02, 0.02, 'none'), answer(90, 0.02, 0.02, 'none')]
      const other = [answer(110, 0.05, 0.05, 'none'), answer(120, 0.05, 0.05, 'none')]
      const once = answer(110, 0.02, 0.02, 'none')
      for (const answers of [early, other, [once, once, once]])
        expect(watched(0.02, 0.02, answers)).toMatchObject({ ended: false, stalled: false })
    },
  )

  it('is not ended by one answer that is still of the motion before', () => {
    expect(
      watched(0.02, 0.02, [answer(110, 0.06, 0.02, 'none'), answer(120, 0.06, 0.02), answer(130, 0.04, 0.02)]),
    ).toMatchObject({ ended: false, reached: false })
  })

  it('ends at a contact in both directions, and goes on where the contact was lost', () => {
    expect(watched(0, 0, [answer(110, 0.03, 0, 'closing'), answer(120, 0.03, 0, 'closing')])).toMatchObject({
      ended: true,
      stalled: true,
      reached: false,
    })
    expect(
      watched(0.085, 0.085, [answer(110, 0.03, 0.085, 'opening'), answer(120, 0.03, 0.085, 'opening')]),
    ).toMatchObject({ ended: true, stalled: true })
    expect(watched(0, 0, [answer(110, 0.03, 0, 'closing'), answer(120, 0.02, 0), answer(130, 0.01, 0)])).toMatchObject({
      ended: false,
      stalled: false,
    })
  })

  it('at a limit has not reached a width beyond the limit', () => {
    expect(watched(0.2, 0.085, [answer(110, 0.085, 0.085, 'none'), answer(120, 0.085, 0.085, 'none')])).toMatchObject({
      ended: true,
      reached: false,
      stalled: false,
    })
  })
})
