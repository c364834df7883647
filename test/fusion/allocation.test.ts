import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { Aligner } from '../../fusion/aligner.js'
import type { Compensation } from '../../fusion/compensation/compensation.js'
import { grey, MS, rgb, robot, tool, wrench } from './robots.js'

setFlagsFromString('--expose_gc')
const collect = runInNewContext('gc') as () => void

/** Bytes in use on the heap and in array buffers. */
function alive(): number {
  collect()
  collect()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

test('one million wrench samples, with a tick every 33 ms, do not grow the memory', () => {
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

test('fast ticks every 10 ms do not grow the memory either', () => {
  let observations = 0
  const fast = { period: 10 * MS, streams: ['wrench'], emit: () => void observations++ }
  const aligner = new Aligner(robot([rgb, wrench]), () => {}, { fast })
  const values = new Float64Array(6)
  const frame = grey(1)
  let now = 0
  const push = (samples: number): void => {
    for (let i = 0; i < samples; i++) {
      now += MS
      aligner.pushVector(1, now, now, values)
      if (i % 33 === 0) aligner.pushFrame(0, now - 5 * MS, now, frame)
    }
  }
  push(50_000)
  const before = alive()
  push(200_000)
  const grown = alive() - before
  expect(observations).toBeGreaterThan(24_000)
  expect(grown).toBeLessThan(256 * 1024)
})

test('a wrench sample allocates no object, only a few boxed numbers', () => {
  const aligner = new Aligner(robot([rgb, wrench]), () => {})
  const values = new Float64Array(6)
  let now = 0
  const push = (samples: number): void => {
    for (let i = 0; i < samples; i++) aligner.pushVector(1, (now += MS), now, values)
  }
  push(300_000)
  // Other work of the process and code that is not compiled yet only add to a round, so the least round is that of the
  // path itself.
  const rounds = Array.from({ length: 10 }, () => {
    collect()
    const before = process.memoryUsage().heapUsed
    push(20_000)
    return (process.memoryUsage().heapUsed - before) / 20_000
  })
  expect(Math.min(...rounds)).toBeLessThan(64)
})

test('a compensated wrench allocates no object either', () => {
  const compensate: Compensation = {
    orientation: 'tool',
    mass: 1,
    centre: [0, 0, 0.1],
    forceBias: [0, 0, 0],
    torqueBias: [0, 0, 0],
    mount: { xyz: [0, 0, 0], rpy: [0, 0, 0] },
    gravity: [0, 0, -9.81],
    maxAge: 50 * MS,
  }
  const aligner = new Aligner(robot([rgb, { ...wrench, compensate }, tool]), () => {})
  const values = new Float64Array(6)
  const pose = Float64Array.of(0, 0, 0, 0.6, 0, 0, 0.8)
  // Stamps this small are not boxed, so that what is left would be objects.
  const STEP = 1000
  let now = 0
  const push = (samples: number): void => {
    for (let i = 0; i < samples; i++) {
      aligner.pushVector(1, (now += STEP), now, values)
      if (i % 8 === 0) aligner.pushVector(2, now - STEP, now, pose)
    }
  }
  push(300_000)
  const rounds = Array.from({ length: 10 }, () => {
    collect()
    const before = process.memoryUsage().heapUsed
    push(20_000)
    return (process.memoryUsage().heapUsed - before) / 20_000
  })
  expect(Math.min(...rounds)).toBeLessThan(32)
})
