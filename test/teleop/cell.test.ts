import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { startInTerminal, temporaryFolder, type Started } from '../e2e/prehend.js'
import { recorded } from '../e2e/recorded.js'

const folder = temporaryFolder()
let started: Started | undefined
afterEach(() => {
  started?.child.kill('SIGKILL')
})

const UP = '\u001b[A'
const LEFT = '\u001b[D'

it('the keyboard moves the arm of the embedded cell and its fingers, within its guards', async () => {
  const out = join(folder, 'cell.mcap')
  const run = (started = startInTerminal(['teleop', '--source', 'sim', '--record', out, '--json']))
  const type = (text: string): unknown => run.child.stdin?.write(`type ${JSON.stringify(text)}\n`)
  await run.said(/following the person/)
  type('b')
  await run.said(/episode 0 has begun/)
  // An episode tares the wrist anew.
  await run.said(/following the person[^]*following the person/)
  type(UP.repeat(12) + LEFT.repeat(3))
  type('['.repeat(15))
  await new Promise(resolve => setTimeout(resolve, 1500))
  type('wq')
  const { stdout, stderr } = await run.end
  expect(JSON.parse(stdout), stderr).toEqual({ exit: 0, signal: null })
  const { poses, targets, widths, counts } = recorded(out)
  const step = 0.35 / 30
  const [[, x, y], [, lastX, lastY]] = [targets[0], targets.at(-1)!]
  expect(lastX - x).toBeCloseTo(12 * step, 2)
  expect(lastY - y).toBeCloseTo(3 * step, 2)
  expect(Math.hypot(poses.at(-1)![1] - lastX, poses.at(-1)![2] - lastY)).toBeLessThan(0.01)
  expect(widths[0][1] - widths.at(-1)![1]).toBeGreaterThan(0.03)
  expect(counts['/episode/result']).toBe(1)
})
