import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Aligner } from '../../fusion/aligner.js'
import { ClockModel } from '../../fusion/clock-model.js'
import type { Observation, VectorValue } from '../../fusion/observation.js'
import { bracket, MS, random, robot, stream } from './robots.js'

describe('the clock model', () => {
  test('finds offset and drift to well under a millisecond despite jitter, and never stamps after the arrival', () => {
    fc.assert(
      fc.property(
        fc.integer(),
        fc.double({ min: -200e-6, max: 200e-6, noNaN: true }),
        fc.integer({ min: -1e6, max: 1e6 }),
        (seed, drift, offsetMs) => {
          const rand = random(seed)
          const model = new ClockModel()
          const fastest = 2 * MS
          let worst = 0
          let faults = 0
          for (let i = 0; i < 6000; i++) {
            const time = 1e12 + i * 10 * MS
            const source = Math.round(time * (1 - drift) - offsetMs * MS)
            const receive = time + fastest + Math.round(-Math.log(1 - rand()) * 3 * MS)
            const corrected = model.correct(source, receive)
            if (!Number.isInteger(corrected) || corrected > receive) faults++
            // The smallest delay is part of the offset, since the two cannot be told apart.
            if (i > 2000) worst = Math.max(worst, Math.abs(corrected - time - fastest))
          }
          expect(faults).toBe(0)
          expect(worst).toBeLessThan(0.5 * MS)
          expect(Math.abs(model.drift - drift / (1 - drift))).toBeLessThan(10e-6)
        },
      ),
      { numRuns: 15 },
    )
  })

  test('keeps ascending stamps ascending, and begins anew when the source restarts', () => {
    const rand = random(3)
    const model = new ClockModel()
    let last = -Infinity
    for (let i = 0; i < 3000; i++) {
      const corrected = model.correct(i * 5 * MS, 5e9 + i * 5 * MS + Math.round(rand() * 4 * MS))
      expect(corrected).toBeGreaterThan(last)
      last = corrected
    }
    expect(model.correct(0, 90e9)).toBe(90e9)
  })

  test('corrects the stamps of a source with another clock to the time line of the others', () => {
    const joint = 'sensor_msgs/msg/JointState'
    const spec = robot(
      [
        stream('ours', 'proprioception', joint, { strategy: 'hold' }, { select: ['position.a'] }),
        stream('theirs', 'proprioception', joint, bracket('interpolate'), {
          select: ['position.a'],
          clock: 'estimate',
        }),
      ],
      { tick: { from: 'ours' } },
    )
    const all: Observation[] = []
    const aligner = new Aligner(spec, o => all.push(o))
    for (let ms = 1000; ms < 8000; ms += 5) {
      aligner.pushVector(1, (ms + 500_000) * MS, ms * MS, [ms])
      if (ms % 50 === 0) aligner.pushVector(0, ms * MS - 2 * MS, ms * MS, [0])
    }
    aligner.finish()
    expect(aligner.counters.dropped.future).toBe(0)
    for (const o of all.slice(1)) expect((o.values.get('theirs') as VectorValue).data[0]).toBeCloseTo(o.stamp / MS, 3)
  })
})
