import { describe, expect, it } from 'vitest'
import { Controller } from '../../control/controller.js'
import { JointLimiter } from '../../control/joints/joint-limiter.js'
import { SetPointMotion } from '../../control/set-point-motion.js'
import type { Watched } from '../../control/guard/watchdog.js'
import { saidIn } from '../../control/speech/said.js'
import type { ActionGroup } from '../../policy/action/action-kind.js'
import { VERSION_1_GROUPS } from '../../policy/action/action-kinds.js'
import { ChunkLayout } from '../../policy/action/chunk-layout.js'
import { GRIPPER, GripperSpy, jointActuator, LIMITS, MS } from './controller-rig.js'

const SIDES = ['left', 'right'] as const
type Side = (typeof SIDES)[number]

const groupOf = (side: Side): ActionGroup => ({
  name: side,
  kind: 'joint_position',
  joints: [`${side}_1`, `${side}_2`],
})
const GROUPS: readonly ActionGroup[] = [
  ...SIDES.map(groupOf),
  { name: 'gripper', kind: 'gripper', channels: ['opening'] },
]

/** Two arms of two joints and a gripper, driven by one policy. The arms are always where they were sent. */
class TwoArms {
  now = 1000 * MS
  readonly gripper = new GripperSpy()
  readonly at: Record<Side, Float64Array> = { left: Float64Array.of(0, 0), right: Float64Array.of(0, 0) }
  readonly sent: Record<Side, number> = { left: 0, right: 0 }
  readonly refusals: string[] = []
  failing: Side | undefined
  readonly controller: Controller

  constructor(watched: readonly Watched[] = ['policy', 'gripper']) {
    const limits = { continuous: false, position: [-1, 1] as const, velocity: 2, acceleration: undefined }
    this.controller = new Controller({
      limits: LIMITS,
      actuators: [...SIDES.map(side => jointActuator(side, groupOf(side).joints ?? [])), GRIPPER],
      arm: false,
      motions: new Map(
        SIDES.map(side => [
          side,
          new SetPointMotion({
            limiter: new JointLimiter([limits, limits]),
            send: (positions: Float64Array) => {
              if (this.failing === side) throw new Error(`${side} cannot be sent`)
              this.sent[side]++
              this.at[side].set(positions)
            },
          }),
        ]),
      ),
      watched,
      tare: 20 * MS,
      execution: 'receding_horizon',
      awaitCommand: false,
      frame: 'base_link',
      gripper: this.gripper,
      send: () => expect.unreachable('there is no arm that takes poses'),
      onTilt: () => undefined,
      onNotice: undefined,
      onRefused: text => this.refusals.push(text),
    })
    this.controller.beginEpisode(this.now)
  }

  chunk(row: readonly number[] = [0.5, 0.5, -0.5, -0.5, 0.5], groups = GROUPS): void {
    const data = Float32Array.from({ length: 30 * row.length }, (_, i) => row[i % row.length])
    this.controller.take({ stamp: this.now, rate: 30, data, origin: new Float64Array(0), groups }, this.now)
  }

  /** 10 ms in which the arms are measured, and the policy speaks. */
  step(silent: readonly (Side | 'policy')[] = [], row?: readonly number[]): void {
    this.now += 10 * MS
    for (const side of SIDES)
      if (!silent.includes(side)) this.controller.hearState(side, this.at[side], this.now, this.now)
    this.controller.watchdog.heard('gripper', this.now)
    if (!silent.includes('policy')) this.chunk(row)
    this.controller.step(this.now)
  }

  steps(count: number, ...rest: Parameters<TwoArms['step']>): void {
    for (let n = 0; n < count; n++) this.step(...rest)
  }
}

describe('two arms with one policy', () => {
  it('follow their own groups, and the opening becomes a width within the limits', () => {
    const rig = new TwoArms()
    rig.steps(100)
    expect(rig.controller.hold).toBe('none')
    expect([...rig.at.left, ...rig.at.right].map(value => Math.round(value * 1e6) / 1e6)).toEqual([
      0.5, 0.5, -0.5, -0.5,
    ])
    expect(rig.gripper.moves.at(-1)).toMatchObject({ width: 0.0425, effort: LIMITS.effort[0] })
  })

  it('never leave the limits of their joints', () => {
    const rig = new TwoArms()
    rig.steps(100, [], [9, -9, 9, -9, 2])
    expect([...rig.at.left, ...rig.at.right]).toEqual([1, -1, 1, -1])
    expect(rig.gripper.moves.at(-1)?.width).toBe(LIMITS.width[1])
  })

  it('both hold where the positions of one are not known, or the policy is silent', () => {
    const rig = new TwoArms()
    rig.steps(5, ['right'])
    expect(rig.controller.hold).toBe('tool')
    expect(rig.sent).toEqual({ left: 0, right: 0 })
    rig.steps(5)
    const before = [...rig.at.left]
    rig.steps(20, ['right'])
    expect(rig.controller.hold).toBe('tool')
    const at = [...rig.at.left]
    rig.steps(10, ['right'])
    expect([...rig.at.left]).toEqual(at)
    expect(before[0]).toBeGreaterThan(0)
    rig.steps(40, ['policy'])
    expect(rig.controller.hold).toBe('policy')
  })

  it('rest at a stop until "resume", also where one of them cannot be sent', async () => {
    const rig = new TwoArms()
    rig.steps(10)
    rig.failing = 'left'
    const sent = rig.sent.right
    await expect(
      rig.controller.hear(saidIn({ text: 'stop', speaker: 'somebody' }), rig.now, { active: true }),
    ).rejects.toThrow('left cannot be sent')
    expect(rig.sent.right).toBe(sent + 1)
    expect(rig.gripper.told.at(-1)).toBe('stop')
    rig.failing = undefined
    const at = [...rig.at.left, ...rig.at.right]
    rig.steps(50)
    expect([...rig.at.left, ...rig.at.right]).toEqual(at)
    rig.controller.resume(rig.now)
    rig.steps(10)
    expect(rig.at.left[0]).toBeGreaterThan(at[0])
  })

  it.each<[string, readonly ActionGroup[]]>([
    ['a group that no actuator takes', [...GROUPS.slice(0, 2), { name: 'lift', kind: 'scalar', unit: 'm' }]],
    ['a group of another kind', [GROUPS[0], { ...GROUPS[1], kind: 'joint_velocity' }, GROUPS[2]]],
    ['joints in another order', [{ ...GROUPS[0], joints: ['left_2', 'left_1'] }, ...GROUPS.slice(1)]],
    ['too few joints', [{ ...GROUPS[0], joints: ['left_1'] }]],
    ['a pose for joints', [{ name: 'left', kind: 'pose', counts: 'offset', rotation: 'yaw', frame: 'tool' }]],
    ['a joint without an end that has ends', [{ ...GROUPS[0], continuous: ['left_1'] }, ...GROUPS.slice(1)]],
    ['the groups of contract version 1', VERSION_1_GROUPS],
    ['a group twice', [GROUPS[0], GROUPS[0]]],
  ])('refuse a chunk with %s, and nothing moves', (_what, groups) => {
    const rig = new TwoArms()
    rig.step(['policy'])
    rig.chunk(Array(new ChunkLayout(groups).columns.length).fill(0.5), groups)
    rig.controller.step(rig.now)
    rig.chunk(Array(new ChunkLayout(groups).columns.length).fill(0.5), groups)
    expect(rig.controller.refused.unusable).toBe(2)
    expect(rig.refusals).toHaveLength(1)
    expect(rig.refusals[0]).toMatch(/^chunks are not carried out: [^\n]+$/)
    expect(rig.sent).toEqual({ left: 0, right: 0 })
  })

  it('do not take the pose of a chunk without groups for joints, also where one is called arm', () => {
    const sent: number[][] = []
    const rig = new TwoArms()
    const controller = new Controller({
      limits: LIMITS,
      actuators: [jointActuator('arm', ['a', 'b']), GRIPPER],
      arm: false,
      motions: new Map([
        [
          'arm',
          new SetPointMotion({
            limiter: new JointLimiter(
              Array(2).fill({ continuous: false, position: [-1, 1], velocity: 2, acceleration: undefined }),
            ),
            send: (positions: Float64Array) => sent.push([...positions]),
          }),
        ],
      ]),
      watched: ['policy', 'gripper'],
      tare: 0,
      execution: 'receding_horizon',
      awaitCommand: false,
      frame: 'base_link',
      gripper: rig.gripper,
      send: () => undefined,
      onTilt: () => undefined,
      onNotice: undefined,
    })
    controller.beginEpisode(0)
    controller.hearState('arm', Float64Array.of(0.5, 0.5), 1, 1)
    const origin = Float64Array.of(0, 0, 0, 0, 0, 0, 1)
    controller.take({ stamp: 1, rate: 30, data: new Float32Array(60), origin }, 1)
    controller.step(10 * MS)
    expect(controller.refused.unusable).toBe(1)
    expect(sent).toEqual([])
    expect(rig.gripper.moves).toEqual([])
  })

  it('go back to where they were measured at an over-force, and hold until it ends', () => {
    const rig = new TwoArms(['policy', 'gripper', 'wrench'])
    const wrench = (force: number): void => {
      rig.controller.watchdog.heard('wrench', rig.now)
      if (rig.controller.hearWrench(Float64Array.of(0, 0, force, 0, 0, 0), rig.now, rig.now))
        rig.controller.freeze(rig.now)
    }
    const beat = (force: number): void => {
      for (let ms = 1; ms <= 10; ms++) wrench(force)
      rig.step()
    }
    for (let n = 0; n < 10; n++) beat(0)
    expect(rig.controller.hold).toBe('none')
    const at = rig.at.left[0]
    expect(at).toBeGreaterThan(0)
    beat(40)
    expect(rig.controller.overForce).toBe(true)
    for (let n = 0; n < 20; n++) beat(40)
    expect(rig.at.left[0]).toBeLessThanOrEqual(at + 0.02 + 1e-9)
    for (let n = 0; n < 30; n++) beat(0)
    expect(rig.at.left[0]).toBeGreaterThan(at + 0.02)
  })
})
