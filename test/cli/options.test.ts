import { describe, expect, it } from 'vitest'
import { amount, duration, integer, rate, span } from '../../cli/options.js'

describe('a number on the command line', () => {
  it.each<[string, (text: string) => unknown, readonly string[], RegExp]>([
    ['a rate', rate, ['0', '-1', '1e308', '1e400', 'Infinity', 'NaN', 'fast', ''], /from 0\.001 to 1000, or max/],
    ['an amount', amount(0.1), ['-0.01', '1e308', '1e400', 'Infinity', 'NaN', '', 'x'], /from 0 to 0\.1/],
    ['a time', duration, ['-1 s', '1e400 s', '1e308 s', '2 hours'], /must be from 0 s to 1 hour/],
    ['a time above 0', span, ['0 s', '-1 s', '1e400 s', '1e308 s', '1 us'], /must be from 1 ms to 1 hour/],
    ['a whole number', integer(1, 256), ['0', '257', '1e400', 'Infinity', 'NaN', '1.5', ''], /from 1 to 256/],
  ])('%s is finite and plausible, or refused with what is allowed', (_what, read, texts, message) => {
    for (const text of texts) expect(() => read(text)).toThrow(message)
  })

  it('is taken unchanged where it is allowed', () => {
    expect([
      rate('max'),
      rate('0.5'),
      amount(0.1)('0.02'),
      duration('500 ms'),
      span('200 ms'),
      integer(1, 256)('4'),
    ]).toEqual(['max', 0.5, 0.02, 0.5, 0.2, 4])
  })
})
