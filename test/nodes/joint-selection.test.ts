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
/** Every joint is where its name says: j3 at 3. */
const arm = (order: readonly string[]): JointState =>
  state(
    order,
    order.map(name => Number(name.slice(1))),
  )
const finger = state(['finger_joint'], [0.04])
const taken = (selection: JointSelection, message: JointState): number[] | JointFault =>
  selection.take(message) ?? [...selection.values]

describe('joint values go by name', () => {
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

  it('each array of its own', () => {
    const selection = new JointSelection(WHERE, ['velocity.b', 'effort.a', 'position.b'])
    expect(taken(selection, state(['a', 'b'], [1, 2], [3, 4], [5, 6]))).toEqual([4, 5, 2])
    expect(taken(selection, state(['b', 'a'], [2, 1], [4, 3], [6, 5]))).toEqual([4, 5, 2])
    expect(taken(selection, state(['a', 'b'], [1, 2]))).toBe('bad_joints')
  })
})

describe('two publishers on one topic', () => {
  it("selected: each stream takes its own joints, and the other's messages are somebody else's", () => {
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
  ])('not selected, %s: which are meant cannot be told, and nobody guesses', (_what, [one, other]) => {
    const selection = new JointSelection(WHERE, [])
    const fates = [one, other, one, other, one, other].map(message => taken(selection, message))
    expect(fates.map(fate => (typeof fate === 'string' ? fate : 'values'))).toEqual([
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
    const fates = [arm(ARM), arm(ARM.slice(0, 3)), arm(ARM), arm(ARM)].map(message => taken(selection, message))
    expect(fates).toEqual([[1, 2, 3, 4, 5, 6], 'other_joints', [1, 2, 3, 4, 5, 6], [1, 2, 3, 4, 5, 6]])
    expect(selection.unclear).toBeUndefined()
  })

  it(
    'odd messages that come seldom, or of ever other joints, are no publisher; one of 10 Hz beside ' +
      'one of 500 Hz is',
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

  it('the other one is told by the set of its joints, whatever their order', () => {
    const selection = new JointSelection(WHERE, [])
    const fates = [arm(ARM), arm(['j1', 'j2']), arm(ARM), arm(['j2', 'j1'])].map(
      message => typeof selection.take(message),
    )
    expect(fates).toEqual(['undefined', 'string', 'undefined', 'string'])
    expect(selection.unclear?.code).toBe('JOINTS_UNCLEAR')
  })
})

describe('a JointState that is none', () => {
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
      const fates = [bad, good, bad, good, bad, good].map(message => taken(selection, message))
      expect(fates.filter((_fate, i) => i % 2 === 1)).toEqual([
        [1, 2],
        [1, 2],
        [1, 2],
      ])
      for (const fate of fates.filter((_fate, i) => i % 2 === 0)) expect(['bad_joints', 'other_joints']).toContain(fate)
      expect(selection.unclear).toBeUndefined()
    }
  })

  it('a name twice that nobody asked for does no harm', () => {
    expect(taken(new JointSelection(WHERE, ['position.b']), state(['a', 'b', 'a'], [1, 2, 3]))).toEqual([2])
  })
})
