import { describe, expect, it } from 'vitest'
import { Controller } from '../../control/controller.js'
import type { Watched } from '../../control/guard/watchdog.js'
import { JointLimiter } from '../../control/joints/joint-limiter.js'
import { SetPointMotion } from '../../control/set-point-motion.js'
import { saidIn } from '../../control/speech/said.js'
import type { Commander } from '../../control/state/commanders.js'
import { GripperSpy, jointActuator, LIMITS, MS } from './controller-rig.js'

const GROUPS = [{ name: 'arm', kind: 'joint_position', joints: ['j'] }]
/** rad/s */
const FASTEST = 2

/** An arm of one joint that is always where it was sent, a policy and a person. */
class Rig {
  now = 1000 * MS
  at = 0
  /** rad between two set-points of 10 ms. */
  fastest = 0
  readonly silent = new Set<Watched>()
  readonly refusals: string[] = []
  /** What each of the two wants. */
  readonly goal: Record<Commander, number> = { policy: 0.9, person: -0.9 }
  readonly controller: Controller

  constructor(commander?: Commander) {
    const limits = { continuous: false, position: [-1, 1] as const, velocity: FASTEST, acceleration: undefined }
    this.controller = new Controller({
      limits: LIMITS,
      actuators: [jointActuator('arm', ['j'])],
      arm: false,
      motions: new Map([
        [
          'arm',
          new SetPointMotion({
            limiter: new JointLimiter([limits]),
            send: ([position]) => {
              this.fastest = Math.max(this.fastest, Math.abs(position - this.at))
              this.at = position
            },
          }),
        ],
      ]),
      watched: ['wrench', 'camera', 'policy', 'person'],
      tare: 20 * MS,
      execution: 'temporal_ensembling',
      commander,
      awaitCommand: false,
      frame: 'base_link',
      gripper: new GripperSpy(),
      send: () => expect.unreachable('there is no arm that takes poses'),
      onTilt: () => undefined,
      onNotice: undefined,
      onRefused: text => this.refusals.push(text),
    })
    this.controller.beginEpisode(this.now)
  }

  chunk(by: Commander, rows = 1): void {
    const data = new Float32Array(rows).fill(this.goal[by])
    const chunk = { stamp: this.now, rate: 50, data, origin: new Float64Array(0), groups: GROUPS }
    this.controller.take(chunk, this.now, by)
  }

  run(ms: number): this {
    const { controller, silent } = this
    for (let i = 1; i <= ms; i++) {
      this.now += MS
      if (!silent.has('wrench')) controller.hearWrench(new Float64Array(6), this.now, this.now)
      if (i % 33 === 0 && !silent.has('camera')) controller.watchdog.heard('camera', this.now)
      if (i % 33 === 0 && !silent.has('policy')) this.chunk('policy', 30)
      if (i % 20 === 0 && !silent.has('person')) this.chunk('person')
      if (i % 5 === 0) controller.hearState('arm', Float64Array.of(this.at), this.now, this.now)
      if (i % 10 === 0) controller.step(this.now)
    }
    return this
  }
}

describe('a takeover', () => {
  it('follows one of the two at a time, within the limits of velocity and without a jump', () => {
    const rig = new Rig().run(1000)
    expect([rig.at, rig.controller.followed]).toEqual([expect.closeTo(0.9, 6), 'policy'])
    rig.controller.command('person', rig.now)
    expect(rig.controller.followed).toBe('nobody')
    rig.run(1500)
    expect([rig.at, rig.controller.followed]).toEqual([expect.closeTo(-0.9, 6), 'person'])
    rig.controller.command('policy', rig.now)
    rig.run(1500)
    expect([rig.at, rig.controller.followed]).toEqual([expect.closeTo(0.9, 6), 'policy'])
    expect(rig.fastest).toBeLessThanOrEqual(FASTEST / 100 + 1e-9)
    expect(rig.controller.refused).toEqual({ stale: 0, unusable: 0 })
  })

  it('holds where the person falls silent, and never gives the arm back by itself', () => {
    const rig = new Rig('person').run(200)
    rig.silent.add('person')
    rig.run(250)
    expect(rig.controller.hold).toBe('person')
    const stood = rig.at
    rig.run(2000)
    expect([rig.at, rig.controller.hold, rig.controller.commander]).toEqual([stood, 'person', 'person'])
    rig.silent.delete('person')
    rig.run(100)
    expect(rig.controller.followed).toBe('person')
    expect(rig.controller.watchdog.trips).toMatchObject({ person: 1, policy: 0 })
  })

  it('needs neither policy nor camera while the person commands, and both again afterwards', () => {
    const rig = new Rig('person')
    rig.silent.add('policy').add('camera')
    rig.run(1000)
    expect(rig.controller.followed).toBe('person')
    rig.controller.command('policy', rig.now)
    rig.run(400)
    expect(rig.controller.hold).toBe('camera')
    expect(rig.controller.watchdog.trips).toMatchObject({ person: 0 })
  })

  it('is held by the wrist sensor as the policy is', () => {
    const rig = new Rig('person').run(200)
    rig.silent.add('wrench')
    rig.run(100)
    expect(rig.controller.hold).toBe('wrench')
  })

  it('moves nothing after a stop, whoever takes over, before a resume', () => {
    const rig = new Rig().run(200)
    const say = (text: string): void =>
      void rig.controller.hear(saidIn({ text, speaker: 'somebody' }), rig.now, { active: true })
    say('stop')
    const stood = rig.at
    rig.controller.command('person', rig.now)
    rig.run(500)
    expect([rig.at, rig.controller.hold]).toEqual([stood, 'stop'])
    say('resume')
    rig.run(1500)
    expect(rig.at).toBeCloseTo(-0.9, 6)
  })

  it('outlives an episode', () => {
    const rig = new Rig().run(200)
    rig.controller.command('person', rig.now)
    rig.controller.beginEpisode(rig.now)
    rig.run(1500)
    expect([rig.at, rig.controller.followed]).toEqual([expect.closeTo(-0.9, 6), 'person'])
  })

  it('does not count a chunk from before it', () => {
    const rig = new Rig().run(200)
    const { stamp } = { stamp: rig.now }
    rig.now += 5 * MS
    rig.controller.command('person', rig.now)
    const chunk = { stamp, rate: 50, data: Float32Array.of(0.5), origin: new Float64Array(0), groups: GROUPS }
    rig.controller.take(chunk, rig.now, 'person')
    expect(rig.controller.refused.stale).toBe(1)
    expect(rig.refusals).toEqual([])
  })

  it('tells once that the stamps of the person are of another clock', () => {
    const rig = new Rig('person')
    for (let i = 0; i < 3; i++) {
      rig.now += 20 * MS
      const stamp = rig.now + 500 * MS
      const chunk = { stamp, rate: 50, data: Float32Array.of(0.5), origin: new Float64Array(0), groups: GROUPS }
      rig.controller.take(chunk, rig.now, 'person')
    }
    expect(rig.controller.refused.stale).toBe(3)
    expect(rig.refusals).toEqual([expect.stringContaining('do both machines have one clock')])
  })
})
