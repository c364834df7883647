import fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import type { Hold } from '../../control/state/holds.js'
import { STOPS, type Stopper } from '../../control/state/stop-authority.js'
import { ControllerRig, MS } from './controller-rig.js'

let rig: ControllerRig
beforeEach(() => {
  rig = new ControllerRig()
})

const stopBy: Readonly<Record<Stopper, (rig: ControllerRig) => void>> = {
  somebody: rig => rig.say('stop'),
  script: rig => rig.say('stop', 'script'),
  caller: rig => rig.stop('caller'),
  goal: rig => rig.stop('goal'),
}
const STOPPERS = Object.keys(STOPS) as Stopper[]

describe('the controller', () => {
  it('tares, waits for a chunk, then moves arm and fingers', () => {
    expect(rig.controller.hold).toBe('no_chunk')
    const noPolicy = new Set(['policy'])
    rig.step(noPolicy)
    expect(rig.controller.hold).toBe('tare')
    rig.beats(2, noPolicy)
    expect(rig.controller.hold).toBe('no_chunk')
    expect(rig.sent).toEqual([])
    rig.beats(5)
    expect(rig.controller.hold).toBe('none')
    expect(rig.tool[0]).toBeGreaterThan(0.005)
    expect(rig.gripper.moves.at(-1)).toEqual({ width: expect.closeTo(0.01), speed: 0.1, effort: 40 })
  })

  it('is not moved by a goal after a spoken stop while it was not active, also where a goal had stopped before', () => {
    rig.beats(20)
    rig.stop('goal')
    rig.goal()
    rig.beats(5)
    expect(rig.controller.hold).toBe('none')
    rig.deactivate()
    rig.say('stop')
    rig.activate()
    rig.goal()
    rig.beats(20)
    expect(rig.controller.hold).toBe('stop')
    rig.say('resume')
    rig.beats(20)
    expect(rig.controller.hold).toBe('none')
  })

  it.each(['stop', 'halt'] as const)('stops the fingers where the set-point of a %s cannot be sent', async what => {
    let fails = false
    rig = new ControllerRig({
      send: () => {
        if (fails) throw new Error('nothing is sent')
      },
    })
    rig.beats(20)
    fails = true
    const { told } = rig.gripper
    const from = told.length
    const { controller, now } = rig
    await expect(what === 'stop' ? controller.stop('caller', now) : controller.halt(now)).rejects.toThrow(
      'nothing is sent',
    )
    expect(told.slice(from)).toEqual(['drop', 'stop'])
    if (what === 'stop') expect(controller.hold).toBe('stop')
  })

  it.each<[Hold, (rig: ControllerRig) => void]>([
    ['wrench', rig => rig.beats(8, new Set(['wrench']))],
    ['camera', rig => rig.beats(30, new Set(['camera']))],
    ['policy', rig => rig.beats(35, new Set(['policy']))],
    ['gripper', rig => rig.beats(25, new Set(['gripper']))],
    ['tool', rig => rig.beats(15, new Set(['tool']))],
    [
      'gripper',
      rig => {
        rig.gripper.status = { activated: false, width: 0.05, object: 'none' }
        rig.beats(2)
      },
    ],
    [
      'tilt',
      rig => {
        rig.tool.set([Math.cos(0.2), 0, 0, Math.sin(0.2)], 3)
        rig.step()
      },
    ],
    [
      'tare',
      rig => {
        rig.episode()
        rig.step()
      },
    ],
  ])('holds by %s, and sends no step and no move', (hold, cause) => {
    rig.beats(20)
    expect(rig.controller.hold).toBe('none')
    cause(rig)
    expect(rig.controller.hold).toBe(hold)
    const [places, moves] = [new Set<string>(), rig.gripper.moves.length]
    const from = rig.sent.length
    // A chunk would end the silence of the policy.
    if (hold !== 'policy') rig.chunk(-0.2)
    rig.controller.step((rig.now += MS))
    for (const { place } of rig.sent.slice(from)) places.add(place.join())
    expect(places.size).toBeLessThanOrEqual(1)
    expect(rig.gripper.moves.length).toBe(moves)
    expect(rig.tilts.length).toBe(hold === 'tilt' ? 1 : 0)
  })

  it('with await_command waits for a command in each episode', () => {
    rig = new ControllerRig({ awaitCommand: true })
    for (let episode = 0; episode < 2; episode++) {
      rig.beats(10)
      expect(rig.controller.hold).toBe('command')
      rig.say('...')
      rig.say('resume')
      rig.beats(3)
      expect(rig.controller.hold).toBe('command')
      rig.say('pick the red cylinder')
      rig.beats(3)
      expect(rig.controller.hold).toBe('none')
      rig.episode()
    }
  })

  it('activates a gripper that lost its activation at a resume or an episode, but not while there is a stop', () => {
    const activations = (): number => rig.gripper.told.filter(told => told === 'activate').length
    rig.beats(5)
    rig.gripper.status = { activated: false, width: 0.05, object: 'none' }
    rig.beats(5)
    expect(activations()).toBe(0)
    rig.say('resume')
    expect(activations()).toBe(1)
    rig.episode()
    expect(activations()).toBe(2)
    rig.say('stop')
    rig.episode()
    expect(activations()).toBe(2)
    rig.say('resume')
    expect(activations()).toBe(3)
  })

  it('stops in a fixed order: drop waiting moves, then the arm, then the fingers', () => {
    rig.beats(20)
    const [sent, told] = [rig.sent.length, rig.gripper.told.length]
    rig.say('stop')
    expect(rig.sent.length).toBe(sent + 1)
    expect(rig.gripper.told.slice(told)).toEqual(['drop', 'stop'])
    rig.say('resume')
    expect(rig.gripper.told.slice(told)).toEqual(['drop', 'stop', 'drop', 'forgive'])
    expect(rig.controller.stops).toBe(1)
  })

  it('ignores the "resume" of a goal, which is for the other nodes', () => {
    rig.beats(20)
    rig.say('stop')
    rig.say('resume', 'goal')
    expect(rig.controller).toMatchObject({ hold: 'stop', heardAs: 'stop' })
    rig.say('resume')
    expect(rig.controller).toMatchObject({ hold: 'no_chunk', heardAs: 'resume' })
    rig.say('?')
    expect(rig.controller.heardAs).toBe('command')
  })

  it('lets the next goal end a stop that only a goal made', () => {
    rig.beats(20)
    rig.stop('goal')
    rig.goal()
    expect(rig.controller.hold).toBe('no_chunk')
    for (const [first, second] of [
      ['goal', 'somebody'],
      ['caller', 'goal'],
      ['goal', 'script'],
    ] as const) {
      stopBy[first](rig)
      stopBy[second](rig)
      rig.goal()
      expect(rig.controller.hold).toBe('stop')
      rig.say('resume')
    }
  })
})

/** An event, and whether it can end a stop. */
interface Happening {
  readonly name: string
  readonly ends?: 'resume' | 'episode' | 'goal'
  readonly act: (rig: ControllerRig) => void
}
const HAPPENINGS: readonly Happening[] = [
  { name: 'step', act: rig => rig.step() },
  { name: 'beats', act: rig => rig.beats(12) },
  { name: 'silent wrench', act: rig => rig.beats(8, new Set(['wrench'])) },
  { name: 'silent tool', act: rig => rig.beats(15, new Set(['tool'])) },
  { name: 'silent policy', act: rig => rig.beats(40, new Set(['policy'])) },
  { name: 'chunk', act: rig => rig.chunk(-0.2) },
  { name: 'old chunk', act: rig => rig.chunk(-0.2, 200 * MS) },
  { name: 'stop', act: stopBy.somebody },
  { name: 'scripted stop', act: stopBy.script },
  { name: 'called stop', act: stopBy.caller },
  { name: "a goal's stop", act: stopBy.goal },
  { name: 'command', act: rig => rig.say('pick the red cylinder') },
  { name: 'scripted command', act: rig => rig.say('no, the blue one', 'script') },
  { name: 'a negated stop', act: rig => rig.say('do not stop') },
  { name: 'nearly a resume', act: rig => rig.say('can you resume') },
  { name: "a goal's resume for the others", act: rig => rig.say('resume', 'goal') },
  {
    name: 'gripper lost',
    act: rig => {
      rig.gripper.status = { activated: false, width: 0.05, object: 'none' }
    },
  },
  {
    name: 'gripper back',
    act: rig => {
      rig.gripper.status = { activated: true, width: 0.05, object: 'moving' }
    },
  },
  { name: 'deactivation', act: rig => rig.deactivate() },
  { name: 'activation', ends: 'episode', act: rig => rig.activate() },
  { name: 'episode', ends: 'episode', act: rig => rig.episode() },
  { name: 'next goal', ends: 'goal', act: rig => rig.goal() },
  { name: 'resume', ends: 'resume', act: rig => rig.say('resume') },
]
const endedBy = (by: Stopper, { ends }: Happening): boolean =>
  ends === 'resume' || (ends === 'episode' && !STOPS[by].outlivesEpisodes) || (ends === 'goal' && STOPS[by].endedByGoal)
const sequence = (happenings: readonly Happening[]) =>
  fc.array(
    fc
      .constantFrom(...happenings)
      .map(({ name, act }) => ({ act, toString: () => name, [fc.toStringMethod]: () => name })),
    { maxLength: 40 },
  )

describe('between a stop and its end', () => {
  it.each(STOPPERS)('no sequence of events leads to motion: a stop by %s', by => {
    fc.assert(
      fc.property(
        sequence(HAPPENINGS),
        sequence(HAPPENINGS.filter(happening => !endedBy(by, happening))),
        (before, after) => {
          const rig = new ControllerRig()
          const { controller, gripper } = rig
          rig.beats(20)
          for (const { act } of before) act(rig)
          rig.activate()
          rig.pose()
          stopBy[by](rig)
          const [sent, told] = [rig.sent.length, gripper.told.length]
          const places = new Set<string>()
          for (const { act } of after) {
            act(rig)
            expect(controller.hold).toBe('stop')
            expect(controller.gripHold(0.05, rig.now, 'active')).toBe('stop')
          }
          rig.beats(3)
          for (const { place } of rig.sent.slice(sent)) places.add(place.join())
          expect(places.size).toBeLessThanOrEqual(1)
          expect(gripper.told.slice(told)).not.toContain('move')
          expect(gripper.told.slice(told)).not.toContain('activate')
        },
      ),
      { numRuns: 150 },
    )
  })

  it.each(STOPPERS)('a resume lets the motion continue: a stop by %s', by => {
    rig.beats(20)
    stopBy[by](rig)
    rig.beats(20)
    expect(rig.controller.hold).toBe('stop')
    rig.say('resume')
    rig.beats(3)
    expect(rig.controller.hold).toBe('none')
  })
})
