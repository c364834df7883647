import { join } from 'node:path'
import { readRobot } from '../app/robot/load-robot.js'
import { Aligner } from '../fusion/aligner.js'
import { result, type BenchResult } from './result.js'

const MS = 1_000_000
/** ns between two pictures of 16 x 16. */
const FRAME_PERIOD = 33_333_333
const SIZE = 16

/** The robot file of the benchmarks of alignment: colour, depth and a wrench with its pyramid. */
export const threeStreams = (root: string): string => join(root, 'bench/three-streams.yaml')

/**
 * Wrench samples a second through the aligner with a tick each 33 ms, beside the windows computed anew from their
 * definition at each tick.
 */
export function benchAligner(root: string): BenchResult[] {
  const samples = 300_000
  return [
    result(
      'aligner: wrench with ticks and pyramid',
      byAligner(threeStreams(root), samples),
      'samples/s',
      'windows from their definition at each tick',
      byDefinition(samples),
    ),
  ]
}

/** Samples a second of a steady recording (wrench at 1 kHz, pictures at 30 Hz) through the aligner. */
function byAligner(robotFile: string, samples: number): number {
  let observations = 0
  const aligner = new Aligner(readRobot(robotFile), () => observations++)
  const [rgb, depth, wrench] = ['rgb', 'depth', 'wrench'].map(name => aligner.index(name)) as [number, number, number]
  const size = { width: SIZE, height: SIZE, isBigendian: false }
  const colour = { ...size, encoding: 'rgb8', step: SIZE * 3, data: new Uint8Array(SIZE * SIZE * 3) }
  const depths = [800, 805].map(mm => ({
    ...size,
    encoding: '16UC1',
    step: SIZE * 2,
    data: new Uint8Array(new Uint16Array(SIZE * SIZE).fill(mm).buffer),
  }))
  const sample = new Float64Array(6)
  let next = MS
  const started = performance.now()
  for (let i = 1; i <= samples; i++) {
    const stamp = i * MS
    while (stamp >= next) {
      aligner.pushFrame(rgb, next, stamp, colour)
      aligner.pushFrame(depth, next, stamp, depths[observations % 2]!)
      next += FRAME_PERIOD
    }
    sample[0] = i % 17
    sample[2] = 192 + (i % 13) * 0.01
    aligner.pushVector(wrench, stamp, stamp, sample)
  }
  aligner.finish()
  return samples / ((performance.now() - started) / 1000)
}

const WINDOWS = [8, 16, 32, 64, 128, 256]

/**
 * Samples a second without the aligner: at each tick it filters the samples of each window, and computes mean,
 * deviation, peak and slope.
 */
function byDefinition(samples: number): number {
  const started = performance.now()
  const history: { t: number; v: number[] }[] = []
  let sink = 0
  for (let t = 1; t <= samples; t++) {
    history.push({ t, v: [t % 17, 0, 192 + (t % 13) * 0.01, 0, 0, 0] })
    if (history.length > 300) history.shift()
    if (t % 33 !== 0) continue
    for (const window of WINDOWS) {
      const inside = history.filter(s => s.t > t - window)
      for (let axis = 0; axis < 6; axis++) {
        const values = inside.map(s => s.v[axis]!)
        const mean = values.reduce((a, b) => a + b, 0) / values.length
        const deviation = Math.sqrt(values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length)
        const middle = inside.reduce((a, s) => a + s.t, 0) / inside.length
        const slope =
          inside.reduce((a, s, i) => a + (s.t - middle) * (values[i]! - mean), 0) /
          inside.reduce((a, s) => a + (s.t - middle) ** 2, 0)
        sink += mean + deviation + slope + Math.max(...values.map(Math.abs))
      }
    }
  }
  if (!Number.isFinite(sink)) throw new Error('the definition gave no number')
  return samples / ((performance.now() - started) / 1000)
}
