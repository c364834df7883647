import { expect, test } from 'vitest'
import { ManualBus } from '../../testing/manual-bus.js'

const MS = 1_000_000

test('time moves only when it is told to, and timers run at their own stamps', async () => {
  const bus = new ManualBus(5 * MS)
  const at: number[] = []
  bus.clock.every(2 * MS, () => at.push(bus.clock.now() / MS))
  await bus.advance(0)
  expect(at).toEqual([])
  await bus.advance(5 * MS)
  expect(at).toEqual([7, 9])
  expect(bus.clock.now()).toBe(10 * MS)
  await expect(bus.advance(-1)).rejects.toThrow(RangeError)
})

test('time does not pass work before it is finished', async () => {
  const bus = new ManualBus()
  const order: string[] = []
  bus.clock.at(MS, () => {
    const answer = new Promise<void>(resolve => setImmediate(resolve)).then(() => order.push('answered'))
    bus.work(answer, 2 * MS)
  })
  bus.clock.at(3 * MS, () => order.push('later'))
  await bus.advance(4 * MS)
  expect(order).toEqual(['answered', 'later'])
})
