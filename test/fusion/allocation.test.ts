import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { Aligner } from '../../fusion/aligner.js'
import { grey, MS, rgb, robot, wrench } from './robots.js'

setFlagsFromString('--expose_gc')
const collect = runInNewContext('gc') as () => void

/** Bytes alive on the heap and in array buffers. */
function alive(): number {
  collect()
  collect()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

test('one million wrench samples, with a tick every 33 ms, leave nothing behind', () => {
  let observations = 0
  const aligner = new Aligner(robot([rgb, wrench]), () => {
    observations++
  })
  const values = new Float64Array(6)
  const frame = grey(1)
  let now = 0
  const push = (samples: number): void => {
    for (let i = 0; i < samples; i++) {
      now += MS
      values[2] = 192 + (i % 7) * 0.01
      aligner.pushVector(1, now, now, values)
      if (i % 33 === 0) aligner.pushFrame(0, now - 5 * MS, now, frame)
    }
  }
  push(100_000)
  const before = alive()
  push(1_000_000)
  const grown = alive() - before
  expect(observations).toBeGreaterThan(33_000)
  expect(grown).toBeLessThan(256 * 1024)
})

test('a wrench sample makes no object: its garbage is a few boxed numbers at most', () => {
  const aligner = new Aligner(robot([rgb, wrench]), () => {})
  const values = new Float64Array(6)
  let now = 0
  const push = (samples: number): void => {
    for (let i = 0; i < samples; i++) aligner.pushVector(1, (now += MS), now, values)
  }
  push(300_000)
  // What else the process does, and code that is not compiled yet, only adds to a round: the least of them is the
  // path's own.
  const rounds = Array.from({ length: 10 }, () => {
    collect()
    const before = process.memoryUsage().heapUsed
    push(20_000)
    return (process.memoryUsage().heapUsed - before) / 20_000
  })
  expect(Math.min(...rounds)).toBeLessThan(64)
})
