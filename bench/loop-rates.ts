import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { requirePeers } from '../peers/peers.js'
import { ONNX_PACKAGES } from '../policy/runtime/onnx-graph.js'
import { CELL_PACKAGES } from '../sim/cell-packages.js'
import { result, type BenchResult } from './result.js'

const run = promisify(execFile)

interface RunResult {
  readonly episodes: number
  readonly latencyMs: { readonly p50: number; readonly p99: number }
  readonly ratesHz: { readonly rgb: number; readonly wrench: number }
  readonly simulatedS?: number
}

/**
 * The loop in lockstep, with rendering and inference: simulated seconds a second of wall time. Its peer is real time.
 */
export async function benchLockstep(root: string): Promise<BenchResult[]> {
  requirePeers('bench lockstep', ...CELL_PACKAGES.sim, ...ONNX_PACKAGES)
  const started = performance.now()
  const { stdout } = await run(
    join(root, 'bin/prehend'),
    ['run', '--lockstep', '--episodes', '8', '--seed', '3', '--json'],
    { maxBuffer: 1 << 26 },
  )
  const wall = (performance.now() - started) / 1000
  const { simulatedS = 0 } = JSON.parse(stdout) as RunResult
  return [result('lockstep', simulatedS / wall, 'simulated s/s', 'real time', 1)]
}

/**
 * The loop in real time for about a minute: its rates, and its latency from reference stamp to last serial byte. The
 * peers are the sensors' own rates.
 */
export async function benchRealtime(root: string): Promise<BenchResult[]> {
  requirePeers('bench realtime', ...CELL_PACKAGES.sim, ...ONNX_PACKAGES)
  const { stdout } = await run(join(root, 'bin/prehend'), ['run', '--episodes', '11', '--seed', '3', '--json'], {
    maxBuffer: 1 << 26,
  })
  const { ratesHz, latencyMs } = JSON.parse(stdout) as RunResult
  return [
    result('real time: rgb-d', ratesHz.rgb, 'Hz', 'the camera', 30),
    result('real time: wrench', ratesHz.wrench, 'Hz', 'the sensor', 1000),
    result('real time: latency p50', latencyMs.p50, 'ms', 'one camera period', 1000 / 30),
    result('real time: latency p99', latencyMs.p99, 'ms', 'one camera period', 1000 / 30),
  ]
}
