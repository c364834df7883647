import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { FusionError } from '../../fusion/errors.js'
import { Epoch } from '../../fusion/stamp.js'

describe('stamps', () => {
  test('keep every nanosecond over 104 days, both ways', () => {
    const days = 104 * 86_400
    const upTo = (max: number): fc.Arbitrary<number> => fc.integer({ min: 0, max })
    fc.assert(
      fc.property(upTo(4_000_000_000), upTo(days - 1), upTo(999_999_999), (zero, sec, nanosec) => {
        const epoch = new Epoch(zero)
        const stamp = epoch.stamp(zero + sec, nanosec)
        expect(BigInt(stamp)).toBe(BigInt(sec) * 1_000_000_000n + BigInt(nanosec))
        expect(epoch.time(stamp)).toEqual({ sec: zero + sec, nanosec })
        expect(epoch.format(stamp)).toBe(`${zero + sec}.${String(nanosec).padStart(9, '0')}`)
        expect(epoch.parse(epoch.format(stamp))).toBe(stamp)
        expect(epoch.stampOfNanoseconds(epoch.nanoseconds(stamp))).toBe(stamp)
      }),
    )
  })

  test('before the epoch have a nanosec of 0 to 999999999', () => {
    expect(new Epoch(10).time(-1)).toEqual({ sec: 9, nanosec: 999_999_999 })
    expect(new Epoch(10).stamp(9, 999_999_999)).toBe(-1)
  })

  test('that are out of range or unreadable are refused with what to do', () => {
    expect(() => new Epoch(0).stamp(1_700_000_000, 0)).toThrow(FusionError)
    expect(() => new Epoch(0).stamp(1_700_000_000, 0)).toThrow(/104 days/)
    for (const text of ['', '1.', '1.0000000001', '-1.0', 'x'])
      expect(() => new Epoch(0).parse(text)).toThrow(/expected "sec.nanosec"/)
  })
})
