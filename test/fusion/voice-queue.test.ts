import fc from 'fast-check'
import { expect, test } from 'vitest'
import { VoiceQueue } from '../../fusion/voice-queue.js'

test('the last K events at or before a tick, oldest first, with their ages, whatever the order of arrival', () => {
  const event = fc.record({ stamp: fc.integer({ min: 0, max: 50 }), text: fc.constantFrom('a', 'b', 'c') })
  const upTo = (max: number): fc.Arbitrary<number> => fc.integer({ min: 1, max })
  fc.assert(
    fc.property(fc.array(event, { maxLength: 30 }), upTo(5), upTo(60), (events, count, tick) => {
      const queue = new VoiceQueue(count)
      const kept: typeof events = []
      for (const e of events) {
        const again = kept.some(k => k.stamp === e.stamp && k.text === e.text)
        expect(queue.push(e.stamp, e.text, 0.5)).toBe(!again)
        if (!again) kept.push(e)
      }
      const want = kept
        .map((e, i) => ({ ...e, i }))
        .filter(e => e.stamp <= tick)
        .sort((a, b) => a.stamp - b.stamp || a.i - b.i)
        .slice(-count)
      const got = () => queue.at(tick).events.map(({ stamp, text, ageS }) => [stamp, text, ageS])
      expect(got()).toEqual(want.map(e => [e.stamp, e.text, (tick - e.stamp) / 1e9]))
      expect(got()).toEqual(want.map(e => [e.stamp, e.text, (tick - e.stamp) / 1e9]))
    }),
  )
})
