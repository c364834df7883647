import { expect, test } from 'vitest'
import { closeInOrder, recordingClosing, type Closing } from '../../app/session/closing.js'

async function closed(closings: readonly Closing[]): Promise<string[]> {
  const told: string[] = []
  await closeInOrder(closings, error => told.push((error as Error).message))
  return told
}

/** A recording whose disk takes a byte every 10 ms until it has `bytes`. */
class SlowRecording {
  written = 0
  ended = 'open'
  readonly #bytes: number

  constructor(bytes: number) {
    this.#bytes = bytes
  }

  async close(): Promise<void> {
    while (this.written < this.#bytes) {
      await new Promise(resolve => setTimeout(resolve, 10))
      this.written++
    }
    this.ended = 'whole'
  }

  discard(): Promise<void> {
    this.ended = 'gone'
    return Promise.resolve()
  }
}

test('each waits for the one before it', async () => {
  const order: string[] = []
  const slow = async (): Promise<void> => {
    await new Promise(resolve => setTimeout(resolve, 20))
    order.push('first')
  }
  expect(
    await closed([
      { name: 'first', close: slow },
      { name: 'second', close: () => order.push('second') },
    ]),
  ).toEqual([])
  expect(order).toEqual(['first', 'second'])
})

test('a closing that fails or never ends is reported by its name, and the others are closed', async () => {
  let last = false
  const told = await closed([
    {
      name: 'thrower',
      close: () => {
        throw new Error('thrower: will not')
      },
    },
    { name: 'rejecter', close: () => Promise.reject(new Error('rejecter: will not')) },
    { name: 'sleeper', close: () => new Promise(() => undefined), limit: 20 },
    {
      name: 'last',
      close: () => {
        last = true
      },
    },
  ])
  expect(told).toEqual([
    'thrower: will not',
    'rejecter: will not',
    'sleeper: did not close within 0.02 s; it is left as it is',
  ])
  expect(last).toBe(true)
})

test('a recording may take longer as long as bytes reach the disk', async () => {
  const recording = new SlowRecording(30)
  const [closing] = recordingClosing(recording, () => true)
  expect(await closed([{ ...closing, limit: 100 } as Closing])).toEqual([])
  expect([recording.written, recording.ended]).toEqual([30, 'whole'])
})

test('a recording without content leaves nothing', async () => {
  const recording = new SlowRecording(3)
  expect(await closed(recordingClosing(recording, () => false))).toEqual([])
  expect([recording.written, recording.ended]).toEqual([0, 'gone'])
})
