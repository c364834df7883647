import { expect, test } from 'vitest'
import { Pace } from '../../middleware/bag/pace.js'

const MS = 1e6

async function timed(wait: () => Promise<void>): Promise<number> {
  const began = performance.now()
  await wait()
  return performance.now() - began
}

test('a message is due as long after the first as it was received, over the rate', async () => {
  const pace = new Pace({ rate: 10 })
  expect(await timed(() => pace.reach(5e9))).toBeLessThan(1000)
  const waited = await timed(() => pace.reach(5e9 + 1000 * MS))
  expect(waited).toBeGreaterThan(70)
})

test('with a start given, the first message is due as long after that', async () => {
  const pace = new Pace({ rate: 10, start: 4e9 })
  expect(await timed(() => pace.reach(5e9))).toBeGreaterThan(70)
})

test('a gap longer than the longest is left out, a shorter one is waited for', async () => {
  const pace = new Pace({ rate: 1, longestGap: 3600e9 })
  await pace.reach(0)
  expect(await timed(() => pace.reach(3601e9))).toBeLessThan(1000)
  expect(await timed(() => pace.reach(3601e9 + 100 * MS))).toBeGreaterThan(70)
})

test('an abort ends the wait, before and while it lasts', async () => {
  const pace = new Pace({ rate: 1 })
  await pace.reach(0)
  const ending = new AbortController()
  setTimeout(() => ending.abort(), 20)
  expect(await timed(() => pace.reach(60e9, ending.signal))).toBeLessThan(1000)
  expect(await timed(() => pace.reach(60e9, ending.signal))).toBeLessThan(1000)
})
