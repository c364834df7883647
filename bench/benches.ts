import { UsageError } from '../app/output/output.js'
import { packageRoot } from '../app/package-root.js'
import { modelFile } from '../app/policies/model-path.js'
import { MissingPackageError, requirePeers } from '../peers/peers.js'
import { ONNX_PACKAGES } from '../policy/runtime/onnx-graph.js'
import { benchAligner } from './alignment-rate.js'
import { benchCamera } from './rendering-time.js'
import { benchGazebo } from './gazebo.js'
import { benchLockstep, benchRealtime } from './loop-rates.js'
import { benchReplay } from './replay-speed.js'
import { result, type BenchResult } from './result.js'
import { benchRos2 } from './ros2.js'
import { benchServoBus } from './servo-bus.js'

const BENCHES: Readonly<Record<string, (root: string) => BenchResult[] | Promise<BenchResult[]>>> = {
  aligner: benchAligner,
  camera: async () => [
    result('camera: 128x128 frame, p50', (await benchCamera()).p50, 'ms', 'one camera period', 1000 / 30),
  ],
  replay: benchReplay,
  lockstep: benchLockstep,
  realtime: benchRealtime,
  precision: async () => {
    const files = [modelFile(undefined, 'int8'), modelFile(undefined, 'fp32')] as const
    requirePeers('bench precision', ...ONNX_PACKAGES)
    // It imports onnxruntime-node as it is loaded.
    return (await import('./precision.js')).benchPrecision(...files)
  },
  'servo-bus': benchServoBus,
  ros2: benchRos2,
  gazebo: benchGazebo,
}

export const BENCH_NAMES = Object.keys(BENCHES)

/**
 * Runs the benchmarks of these names, or all of them. One that this machine cannot run is left out, with a line of
 * progress; where it was asked for by name its UsageError or MissingPackageError is thrown.
 */
export async function runBenches(names: readonly string[], progress: (line: string) => void): Promise<BenchResult[]> {
  const results: BenchResult[] = []
  for (const [name, bench] of Object.entries(BENCHES)) {
    if (names.length > 0 && !names.includes(name)) continue
    progress(`${name} ...`)
    try {
      results.push(...(await bench(packageRoot)))
    } catch (error) {
      if (names.length > 0 || !(error instanceof UsageError || error instanceof MissingPackageError)) throw error
      progress(`${name}: left out: ${error.message}`)
    }
  }
  return results
}
