import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { JointState } from '../../middleware/messages.js'
import { JointSelection, type JointFault } from '../../nodes/intake/joint-selection.js'

const WHERE = 'stream joints (/joint_states)'
const ARM = ['j1', 'j2', 'j3', 'j4', 'j5', 'j6']
const arrays = (
  position: readonly number[],
  velocity: readonly number[] = [],
  effort: readonly number[] = [],
): Pick<JointState, 'position' | 'velocity' | 'effort'> => ({
  position: Float64Array.from(position),
  velocity: Float64Array.from(velocity),
  effort: Float64Array.from(effort),
})
const state = (
  name: readonly string[],
  position: readonly number[],
  velocity?: readonly number[],
  effort?: readonly number[],
): JointState => ({ stamp: 1, frameId: '', name, ...arrays(position, velocity, effort) })
/** A message in which the position of each joint is the number in its name: j3 is at 3. */
const arm = (order: readonly string[]): JointState =>
  state(
    order,
    order.map(name => Number(name.slice(1))),
  )
const finger = state(['finger_joint'], [0.04])
const taken = (selection: JointSelection, message: JointState): number[] | JointFault =>
  selection.take(message) ?? [...selection.values]

describe('joint values are read by name', () => {
  it('whatever the order in each message, selected or not', () => {
    fc.assert(
      fc.property(fc.array(fc.shuffledSubarray(ARM, { minLength: 6 }), { minLength: 1, maxLength: 40 }), orders => {
        const all = new JointSelection(WHERE, [])
        const some = new JointSelection(WHERE, ['position.j5', 'position.j2'])
        const [first] = orders
        for (const order of orders) {
          expect(taken(all, arm(order))).toEqual(first.map(name => Number(name.slice(1))))
          expect(taken(some, arm(order))).toEqual([5, 2])
        }
      }),
    )
  })

  it('a driver that restarts with another order changes nothing: 1, 2, 3 stay 1, 2, 3', () => {
    const selection = new JointSelection(WHERE, [])
    expect(taken(selection, arm(ARM))).toEqual([1, 2, 3, 4, 5, 6])
    expect(taken(selection, arm(['j3', 'j2', 'j1', 'j4', 'j5', 'j6']))).toEqual([1, 2, 3, 4, 5, 6])
  })

  it('from each array separately', () => {
    const selection = new JointSelection(WHERE, ['velocity.b', 'effort.a', 'position.b'])
    expect(taken(selection, state(['a', 'b'], [1, 2], [3, 4], [5, 6]))).toEqual([4, 5, 2])
    expect(taken(selection, state(['b', 'a'], [2, 1], [4, 3], [6, 5]))).toEqual([4, 5, 2])
    expect(taken(selection, state(['a', 'b'], [1, 2]))).toBe('bad_joints')
  })
})

describe('two publishers on one topic', () => {
  it("with a selection each stream takes its own joints and counts the other's messages", () => {
    const [joints, fingers] = [
      new JointSelection(
        WHERE,
        ARM.map(name => `position.${name}`),
      ),
      new JointSelection(WHERE, ['position.finger_joint']),
    ]
    for (let i = 0; i < 50; i++) {
      expect([taken(joints, finger), taken(fingers, finger)]).toEqual(['other_joints', [0.04]])
      expect([taken(joints, arm(ARM)), taken(fingers, arm(ARM))]).toEqual([[1, 2, 3, 4, 5, 6], 'other_joints'])
    }
    expect([joints.unclear, fingers.unclear]).toEqual([undefined, undefined])
  })

  it.each([
    ['the gripper first', [finger, arm(ARM)]],
    ['the arm first', [arm(ARM), finger]],
  ])('without a selection, %s: it is not clear which joints are meant, and none are used', (_what, [one, other]) => {
    const selection = new JointSelection(WHERE, [])
    const results = [one, other, one, other, one, other].map(message => taken(selection, message))
    expect(results.map(result => (typeof result === 'string' ? result : 'values'))).toEqual([
      'values',
      'other_joints',
      'values',
      'other_joints',
      'other_joints',
      'other_joints',
    ])
    const [first, second] = [one, other].map(({ name }) => name.join(', '))
    expect(selection.unclear?.message).toBe(
      `${WHERE}: its messages name different joints, ${first} and ${second}: ` +
        'say in the robot file (--robot FILE) which are meant: select: [position.j1, …]; for both make two streams',
    )
    expect(selection.unclear?.exit).toBe(2)
  })

  it('one odd message costs one sample', () => {
    const selection = new JointSelection(WHERE, [])
    const results = [arm(ARM), arm(ARM.slice(0, 3)), arm(ARM), arm(ARM)].map(message => taken(selection, message))
    expect(results).toEqual([[1, 2, 3, 4, 5, 6], 'other_joints', [1, 2, 3, 4, 5, 6], [1, 2, 3, 4, 5, 6]])
    expect(selection.unclear).toBeUndefined()
  })

  it(
    'odd messages that come seldom, or of ever other joints, are no second publisher; messages at 10 ' +
      'Hz beside 500 Hz are',
    () => {
      const selection = new JointSelection(WHERE, [])
      const take = (order: readonly string[], ms: number): JointFault | undefined =>
        selection.take({ ...arm(order), stamp: (1000 + ms) * 1e6 })
      for (let i = 0; i < 1000; i++) {
        expect(take(ARM, i * 100)).toBeUndefined()
        if (i % 20 === 7) expect(take(ARM.slice(0, 3), i * 100)).toBe('other_joints')
        if (i % 20 === 9) expect(take(ARM.slice(0, 4), i * 100)).toBe('other_joints')
      }
      expect(selection.unclear).toBeUndefined()
      for (let ms = 200_000; ms < 200_200; ms += 2) {
        take(ARM, ms)
        if (ms % 100 === 0) take(['j9'], ms)
      }
      expect(selection.unclear?.code).toBe('JOINTS_UNCLEAR')
    },
  )

  it('the second publisher is recognised by the set of its joints, whatever their order', () => {
    const selection = new JointSelection(WHERE, [])
    const results = [arm(ARM), arm(['j1', 'j2']), arm(ARM), arm(['j2', 'j1'])].map(
      message => typeof selection.take(message),
    )
    expect(results).toEqual(['undefined', 'string', 'undefined', 'string'])
    expect(selection.unclear?.code).toBe('JOINTS_UNCLEAR')
  })
})

describe('an invalid JointState', () => {
  it.each([
    ['no names', state([], [1, 2])],
    ['more names than positions', state(['a', 'b'], [1])],
    ['fewer names than positions', state(['a'], [1, 2])],
    ['no positions', state(['a', 'b'], [], [1, 2])],
    ['a name twice', state(['a', 'b', 'a'], [1, 2, 3])],
  ])('%s: dropped as bad_joints, before and after a good one', (_what, bad) => {
    for (const select of [[], ['position.a', 'position.b']]) {
      const selection = new JointSelection(WHERE, select)
      const good = state(['a', 'b'], [1, 2])
      const results = [bad, good, bad, good, bad, good].map(message => taken(selection, message))
      expect(results.filter((_result, i) => i % 2 === 1)).toEqual([
        [1, 2],
        [1, 2],
        [1, 2],
      ])
      for (const result of results.filter((_result, i) => i % 2 === 0))
        expect(['bad_joints', 'other_joints']).toContain(result)
      expect(selection.unclear).toBeUndefined()
    }
  })

  it('is not one where a joint that is not wanted is named twice', () => {
    expect(taken(new JointSelection(WHERE, ['position.b']), state(['a', 'b', 'a'], [1, 2, 3]))).toEqual([2])
  })
})
