import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Observation } from '../../fusion/observation.js'
import { FeatureSupply, type Encoded, type FeatureSupplyOptions } from '../../nodes/feature-supply.js'

const MS = 1_000_000

interface Named extends Encoded {
  readonly of: number
}

const at = (stamp: number, emitted = stamp, episode = 0): Observation => ({
  index: stamp,
  episode,
  stamp: stamp * MS,
  emitted: emitted * MS,
  values: new Map(),
  quality: new Map(),
  mask: { rgb: 1, depth: 1, force: 1, voice: 1, proprioception: 1 },
})

/** A supply whose encoder answers when it is told to. */
class Rig {
  readonly errors: unknown[] = []
  readonly observed: number[] = []
  readonly encoded: number[] = []
  readonly supply: FeatureSupply<Named>
  readonly #asked: { resolve(features: Named): void; reject(error: Error): void }[] = []

  constructor(options: Partial<FeatureSupplyOptions<Named>> = {}) {
    this.supply = new FeatureSupply({
      latency: 0,
      onError: error => this.errors.push(error),
      head: {
        ticks: { period: 10 * MS, streams: ['wrench'] },
        maxAge: 100 * MS,
        encoder: {
          encode: ({ stamp }) => {
            this.encoded.push(stamp / MS)
            return new Promise((resolve, reject) => {
              this.#asked.push({ resolve: () => resolve({ of: stamp / MS, inferenceMs: 30 }), reject })
            })
          },
          observe: ({ stamp }) => {
            this.observed.push(stamp / MS)
            return Promise.resolve()
          },
        },
      },
      ...options,
    })
  }

  /** The encoder answers to the oldest observation. */
  async answer(error?: Error): Promise<void> {
    const asked = this.#asked.shift()
    if (error) asked?.reject(error)
    else asked?.resolve({ of: NaN, inferenceMs: NaN })
    await new Promise(resolve => setImmediate(resolve))
  }

  async given(stamp: number, emitted?: number, episode?: number): Promise<number | undefined> {
    return (await this.supply.at(at(stamp, emitted, episode)))?.of
  }
}

describe('live', () => {
  test('a tick gets the newest features that the encoder has answered, however late it is', async () => {
    const rig = new Rig()
    void rig.supply.take(at(0))
    expect(await rig.given(5)).toBeUndefined()
    await rig.answer()
    expect(await rig.given(10)).toBe(0)
    void rig.supply.take(at(33))
    // It is at work on 33 for longer than a tick: 66 is not for it.
    void rig.supply.take(at(66))
    expect(await rig.given(70)).toBe(0)
    await rig.answer()
    expect(await rig.given(80)).toBe(33)
    void rig.supply.take(at(99))
    await rig.answer()
    expect(await rig.given(100)).toBe(99)
    expect([rig.encoded, rig.observed, rig.supply.skipped, rig.supply.unfed]).toEqual([[0, 33, 99], [66], 1, 1])
    expect(rig.supply.inferenceMs).toEqual([30, 30, 30])
  })

  test('features that are too old, or of the episode before, are none', async () => {
    const rig = new Rig()
    void rig.supply.take(at(0))
    await rig.answer()
    expect(await rig.given(100)).toBe(0)
    expect(await rig.given(101)).toBeUndefined()
    expect(await rig.given(50, 50, 1)).toBeUndefined()
    expect(rig.supply.unfed).toBe(2)
  })

  test('an encoder that fails is told of, and gets the next observation', async () => {
    const rig = new Rig()
    void rig.supply.take(at(0))
    await rig.answer()
    void rig.supply.take(at(33))
    await rig.answer(new Error('broken'))
    expect(await rig.given(40)).toBe(0)
    void rig.supply.take(at(66))
    await rig.answer()
    expect(await rig.given(70)).toBe(66)
    expect(rig.errors).toEqual([new Error('broken')])
  })
})

describe('with a fixed latency', () => {
  test('the time between the emissions decides, not the encoder', async () => {
    const rig = new Rig({ latency: 12 * MS })
    const done = rig.supply.take(at(0, 5))
    expect(rig.supply.at(at(10, 16))).toBeUndefined()
    const waited = rig.given(11, 17)
    await rig.answer()
    expect(await waited).toBe(0)
    await done
    // 17 ms is when it is free again.
    void rig.supply.take(at(8, 16))
    void rig.supply.take(at(9, 17))
    await rig.answer()
    expect(await rig.given(28, 28)).toBe(0)
    expect(await rig.given(29, 29)).toBe(9)
    expect([rig.encoded, rig.observed]).toEqual([[0, 9], [8]])
  })

  test('a recorded run is repeated, also where the encoder would not have been free or its features too old', async () => {
    const recorded = new Map([
      [50 * MS, 10 * MS],
      [300 * MS, 0],
      [60 * MS, 20 * MS],
    ])
    const rig = new Rig({ latency: 12 * MS, recorded })
    for (const stamp of [0, 10, 11, 20]) void rig.supply.take(at(stamp))
    for (let i = 0; i < 4; i++) await rig.answer()
    // It is free again at 12 ms. 10 is encoded because the recording wants it, and only for that.
    expect(rig.encoded).toEqual([0, 10, 20])
    expect(rig.observed).toEqual([11])
    expect(await rig.given(50)).toBe(10)
    expect(await rig.given(300)).toBe(0)
    expect(await rig.given(60)).toBe(20)
    expect(rig.supply.asRecorded).toBe(3)
    // Of these ticks nothing is recorded.
    expect(await rig.given(25)).toBe(0)
    expect(await rig.given(70)).toBe(20)
    expect(rig.supply.asRecorded).toBe(3)
  })

  test('it is the definition: the newest of the episode that found the encoder free, emitted at least 12 ms before', () => {
    const step = fc.record({
      main: fc.boolean(),
      by: fc.integer({ min: 0, max: 30 }),
      lag: fc.integer({ min: 0, max: 9 }),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.integer({ min: 0, max: 60 }), (steps, turn) => {
        const rig = new Rig({ latency: 12 * MS })
        const free: { stamp: number; emitted: number; episode: number }[] = []
        let now = 0
        steps.forEach(({ main, by, lag }, i) => {
          now += by
          const [stamp, episode] = [now - lag, i >= turn ? 1 : 0]
          if (main) {
            void rig.supply.take(at(stamp, now, episode))
            if (now >= (free.at(-1)?.emitted ?? -Infinity) + 12) free.push({ stamp, emitted: now, episode })
          } else {
            const want = free.filter(each => each.episode === episode && each.emitted + 12 <= now).at(-1)
            const fits = want !== undefined && stamp - want.stamp <= 100
            expect(rig.supply.at(at(stamp, now, episode)) !== undefined).toBe(fits)
          }
        })
        expect(rig.encoded).toEqual(free.map(({ stamp }) => stamp))
      }),
    )
  })
})
