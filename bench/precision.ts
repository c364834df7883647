import { statSync } from 'node:fs'
import { InferenceSession, Tensor } from 'onnxruntime-node'
import { contractOf } from '../fusion/policy/onnx-policy.js'
import { Random } from '../sim/cell/random.js'
import { result, type BenchResult } from './result.js'

const WARM_UP = 30
const RUNS = 400

/** A policy's INT8 file beside its FP32 file: one inference on one thread, by turns in the same process, and the files' sizes. */
export async function benchPrecision(...files: readonly [int8: string, fp32: string]): Promise<BenchResult[]> {
  const { inputs } = await contractOf(files[1])
  const random = new Random(1, 'precision')
  const feeds = Object.fromEntries(Object.entries(inputs).map(([name, { dtype, shape }]) => {
    const length = shape.reduce((product, size) => product * size, 1)
    return [name, dtype === 'int64'
      ? new Tensor('int64', BigInt64Array.from({ length }, () => BigInt(random.index(100))), shape)
      : new Tensor('float32', Float32Array.from({ length }, () => random.unit()), shape)]
  }))
  const sessions = await Promise.all(files.map(file => InferenceSession.create(file, { intraOpNumThreads: 1, interOpNumThreads: 1, graphOptimizationLevel: 'all', logSeverityLevel: 3 })))
  const times = sessions.map(() => new Float64Array(RUNS))
  for (let i = -WARM_UP; i < RUNS; i++) {
    for (const [which, session] of sessions.entries()) {
      const began = performance.now()
      await session.run(feeds)
      if (i >= 0) times[which][i] = performance.now() - began
    }
  }
  await Promise.all(sessions.map(session => session.release()))
  const [int8, fp32] = times.map(all => all.sort()[RUNS >> 1])
  const [small, large] = files.map(file => statSync(file).size / 1e6)
  return [result('policy: an INT8 inference on one thread, p50', int8, 'ms', 'FP32', fp32), result('policy: the INT8 file', small, 'MB', 'FP32', large)]
}
