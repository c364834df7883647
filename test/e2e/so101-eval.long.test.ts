import { expect, test } from 'vitest'
import { prehend } from './prehend.js'

test('the expert wins 95 of 100 episodes of the SO-101 cell through the whole loop, unseen objects', () => {
  const words = ['eval', '--robot', 'so101', '--policy', 'expert', '--episodes', '100', '--json']
  const { status, stdout, stderr } = prehend([...words, '--objects', 'unseen', '--seed', '402', '--jobs', '2'], {
    timeout: 1_800_000,
  })
  expect(status, stderr).toBe(0)
  const result = JSON.parse(stdout) as { episodes: number; successes: number }
  expect(result.episodes).toBe(100)
  expect(result.successes).toBeGreaterThanOrEqual(95)
}, 1_900_000)
