import { expect, test } from 'vitest'
import { withoutText } from '../../app/evaluation/without.js'

test.each([
  [0, 'force'],
  [2e9, 'force@2s'],
  [20e9, 'force@20s'],
  [1_500_000_000, 'force@1.5s'],
  [100, 'force@0.0000001s'],
  [1, 'force@0.000000001s'],
])('what is taken away from %s ns on is written as --without reads it', (from, text) => {
  expect(withoutText([{ modality: 'force', from }])).toBe(text)
  expect(
    withoutText([
      { modality: 'rgb', from: 0 },
      { modality: 'force', from },
    ]),
  ).toBe(`rgb,${text}`)
})
