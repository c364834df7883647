import { measureAligner } from './fusion/workload.js'
import { result, type BenchResult } from './result.js'

/**
 * Wrench samples a second through the aligner with a tick each 33 ms, beside the windows computed anew from their
 * definition at each tick.
 */
export function benchAligner(): BenchResult[] {
  const samples = 300_000
  const { samplesPerSecond } = measureAligner({ samples, framePeriod: 33_333_333, width: 16, height: 16 })
  return [
    result(
      'aligner: wrench with ticks and pyramid',
      samplesPerSecond,
      'samples/s',
      'windows from their definition at each tick',
      byDefinition(samples),
    ),
  ]
}

const WINDOWS = [8, 16, 32, 64, 128, 256]

/**
 * Samples a second of the plain way: at each tick filter the samples of each window, then mean, deviation, peak and
 * slope.
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
