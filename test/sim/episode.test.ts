import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { drawEpisode } from '../../sim/embedded/episode.js'
import { neededForce } from '../../sim/objects/draw-object.js'
import { understand } from '../../sim/embedded/instruction.js'
import { extentOf, surfaceOf } from '../../sim/objects/geometry.js'
import { GRASP_WIDTH } from '../../sim/objects/grasp.js'
import { loadObjects } from '../../sim/objects/object-file.js'

const sets = { seen: loadObjects('seen'), unseen: loadObjects('unseen') }
const draws = fc.record({
  seed: fc.integer({ min: 0, max: 1e9 }),
  index: fc.nat(1000),
  set: fc.constantFrom('seen' as const, 'unseen' as const),
})

describe('an episode', () => {
  test('is the same for the same seed and index', () => {
    fc.assert(
      fc.property(draws, ({ seed, index, set }) => {
        expect(drawEpisode(sets[set], seed, index)).toEqual(drawEpisode(sets[set], seed, index))
      }),
      { numRuns: 50 },
    )
  })

  test('has 2 to 5 distinct objects that stand apart on the table', () => {
    fc.assert(
      fc.property(draws, ({ seed, index, set }) => {
        const { placed, setup } = drawEpisode(sets[set], seed, index)
        expect(placed.length).toBeGreaterThanOrEqual(2)
        expect(placed.length).toBeLessThanOrEqual(5)
        expect(new Set(setup.objects).size).toBe(placed.length)
        for (const [i, a] of placed.entries()) {
          expect(Math.abs(a.pose[0])).toBeLessThanOrEqual(0.16)
          expect(Math.abs(a.pose[1])).toBeLessThanOrEqual(0.13)
          for (const b of placed.slice(i + 1)) {
            const [ra, rb] = [a, b].map(({ object }) => extentOf(surfaceOf(object.parts)).radius)
            expect(Math.hypot(a.pose[0] - b.pose[0], a.pose[1] - b.pose[1])).toBeGreaterThanOrEqual(
              Math.max(0.095, ra + rb + 0.04),
            )
          }
        }
      }),
      { numRuns: 100 },
    )
  })

  test('can be won: the named object fits the gripper and a force lifts it without crushing', () => {
    fc.assert(
      fc.property(draws, ({ seed, index, set }) => {
        const { placed } = drawEpisode(sets[set], seed, index)
        for (const { object, grasps } of placed) {
          expect(grasps.length).toBeGreaterThan(0)
          for (const { width, z } of grasps) {
            expect(width).toBeLessThanOrEqual(GRASP_WIDTH.max)
            expect(z).toBeGreaterThanOrEqual(0.015)
            expect(z).toBeLessThanOrEqual(0.04)
          }
          expect(neededForce(object.mass, object.friction)).toBeLessThan(0.6 * object.crush)
        }
      }),
      { numRuns: 100 },
    )
  })

  test('names one object, and its correction one other or stop, without ambiguity', () => {
    fc.assert(
      fc.property(draws, ({ seed, index, set }) => {
        const { setup, placed, first } = drawEpisode(sets[set], seed, index)
        const objects = placed.map(({ object }) => object)
        expect(understand(setup.command, objects)).toMatchObject({ kind: 'target', name: first })
        if (setup.correction === undefined) {
          expect(setup.target).toBe(first)
          return
        }
        expect(setup.correction.at).toBeGreaterThanOrEqual(0.8e9)
        expect(setup.correction.at).toBeLessThanOrEqual(2e9)
        const meant = understand(setup.correction.text, objects)
        if (setup.target === undefined) expect(meant).toEqual({ kind: 'stop' })
        else {
          expect(setup.target).not.toBe(first)
          expect(meant).toMatchObject({ kind: 'target', name: setup.target })
        }
      }),
      { numRuns: 200 },
    )
  })

  test('has a correction in about a fifth of the draws, and all objects and manners come up', () => {
    const episodes = Array.from({ length: 600 }, (_, index) => drawEpisode(sets.seen, 77, index))
    const corrected = episodes.filter(({ setup }) => setup.correction !== undefined).length
    expect(corrected).toBeGreaterThan(80)
    expect(corrected).toBeLessThan(160)
    expect(episodes.some(({ setup }) => setup.correction?.text === 'stop')).toBe(true)
    expect(new Set(episodes.map(({ first }) => first)).size).toBe(sets.seen.length)
    expect(episodes.some(({ setup }) => setup.command.startsWith('gently'))).toBe(true)
  })
})

test('what will be said names an object that then lies on the table and is meant', () => {
  fc.assert(
    fc.property(draws, fc.nat(100), ({ seed, index, set }, pick) => {
      const { name } = sets[set][pick % sets[set].length]
      const { setup, first } = drawEpisode(sets[set], seed, index, { say: `pick the ${name}` })
      expect(setup.objects).toContain(name)
      expect([first, setup.target, setup.correction]).toEqual([name, name, undefined])
    }),
    { numRuns: 50 },
  )
})

test('with a count has so many objects on the table, and where it would have had so many is the very same', () => {
  fc.assert(
    fc.property(draws, fc.integer({ min: 1, max: 5 }), ({ seed, index, set }, count) => {
      expect(drawEpisode(sets[set], seed, index, { count }).placed).toHaveLength(count)
      const plain = drawEpisode(sets[set], seed, index)
      expect(drawEpisode(sets[set], seed, index, { count: plain.placed.length })).toEqual(plain)
    }),
    { numRuns: 100 },
  )
})

test('whose voice goes has the corrections that came before, and is the same otherwise', () => {
  const far = { min: 0, max: 2.5e9 }
  fc.assert(
    fc.property(draws, fc.integer(far), ({ seed, index, set }, voiceUntil) => {
      const plain = drawEpisode(sets[set], seed, index)
      const { correction, target, ...rest } = plain.setup
      const kept = correction !== undefined && correction.at < voiceUntil
      expect(drawEpisode(sets[set], seed, index, { voiceUntil })).toEqual({
        ...plain,
        setup: { ...rest, correction: kept ? correction : undefined, target: kept ? target : plain.first },
      })
    }),
    { numRuns: 200 },
  )
})

describe('with other phrases', () => {
  const phrases = ['could you fetch the {name}', 'softly hand me the {name}, will you']

  test('says them, gently where care is asked for, and is the same otherwise', () => {
    fc.assert(
      fc.property(draws, ({ seed, index, set }) => {
        const plain = drawEpisode(sets[set], seed, index)
        const { setup, ...rest } = drawEpisode(sets[set], seed, index, { phrases })
        const command = phrases[plain.gentle ? 1 : 0].replace('{name}', plain.first)
        expect({ setup, ...rest }).toEqual({ ...plain, setup: { ...plain.setup, command } })
        expect(
          understand(
            setup.command,
            plain.placed.map(({ object }) => object),
          ),
        ).toEqual({ kind: 'target', name: plain.first, gentle: plain.gentle })
      }),
      { numRuns: 100 },
    )
  })

  test('none of which is gentle, never ask for care', () => {
    for (let index = 0; index < 50; index++)
      expect(drawEpisode(sets.unseen, 3, index, { phrases: phrases.slice(0, 1) }).gentle).toBe(false)
  })
})
