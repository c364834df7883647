import { setTimeout as pause } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { withTimeLimit } from '../../ros2/time-limit.js'

/** Works in steps, as a wait for the graph does, until its signal ends it. Each step collects what nothing holds. */
async function collectUntil(signal: AbortSignal): Promise<string> {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  while (!signal.aborted) {
    collect()
    await pause(5, undefined, { signal }).catch(() => undefined)
  }
  return 'ended'
}

test('a limit ends the work, whatever the garbage collector takes meanwhile', async () => {
  expect(await withTimeLimit(new AbortController().signal, 60, collectUntil)).toBe('ended')
})

test('an abort ends the work before its limit, also one from before the call', async () => {
  const ended = new AbortController()
  const work = withTimeLimit(ended.signal, 2 ** 31 - 1, collectUntil)
  ended.abort()
  expect(await work).toBe('ended')
  expect(await withTimeLimit(ended.signal, 2 ** 31 - 1, collectUntil)).toBe('ended')
})

test('passes a result and a failure on, and leaves no timer', async () => {
  const { signal } = new AbortController()
  const timers = (): number => process.getActiveResourcesInfo().filter(name => name === 'Timeout').length
  const before = timers()
  expect(await withTimeLimit(signal, 2 ** 31 - 1, () => Promise.resolve(7))).toBe(7)
  await expect(withTimeLimit(signal, 2 ** 31 - 1, () => Promise.reject(new Error('no')))).rejects.toThrow('no')
  expect(timers()).toBe(before)
})
