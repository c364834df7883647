import { statSync } from 'node:fs'
import { Tensor } from 'onnxruntime-node'
import { elements } from '../policy/contract/shape.js'
import { contractOf } from '../policy/runtime/read-model.js'
import { openSession } from '../policy/runtime/onnx-session.js'
import { Random } from '../sim/embedded/random.js'
import { result, type BenchResult } from './result.js'

const RUNS = 400

/**
 * A policy's INT8 file beside its FP32 file: the time of one inference on one thread in the same process, and the
 * files' sizes. The time is measured twice: in rows of 20, with warm caches, and by turns, where each finds the caches
 * full of the other's data. A robot's policy runs between two pictures, so it is nearer to the second.
 */
export async function benchPrecision(...files: readonly [int8: string, fp32: string]): Promise<BenchResult[]> {
  const { inputs } = await contractOf(files[1])
  const random = new Random(1, 'precision')
  const feeds = Object.fromEntries(
    Object.entries(inputs).map(([name, { dtype, shape }]) => [
      name,
      dtype === 'int64'
        ? new Tensor(
            'int64',
            BigInt64Array.from({ length: elements(shape) }, () => BigInt(random.index(100))),
            shape,
          )
        : new Tensor(
            'float32',
            Float32Array.from({ length: elements(shape) }, () => random.unit()),
            shape,
          ),
    ]),
  )
  const sessions = await Promise.all(files.map(file => openSession(file, 1)))
  const p50 = async (row: number): Promise<number[]> => {
    const times = sessions.map((): number[] => [])
    // The first row warms up and is not counted.
    for (let i = -row; i < RUNS; i += row) {
      for (const [which, session] of sessions.entries()) {
        for (let k = 0; k < row; k++) {
          const began = performance.now()
          await session.run(feeds)
          if (i >= 0) times[which]!.push(performance.now() - began)
        }
      }
    }
    return times.map(all => all.sort((a, b) => a - b)[all.length >> 1]!)
  }
  const [warm, cold] = [await p50(20), await p50(1)]
  await Promise.all(sessions.map(session => session.release()))
  const [small = NaN, large = NaN] = files.map(file => statSync(file).size / 1e6)
  return [
    result('policy: an INT8 inference on one thread, p50', warm[0]!, 'ms', 'FP32', warm[1]!),
    result('policy: the same by turns with FP32, p50', cold[0]!, 'ms', 'FP32', cold[1]!),
    result('policy: the INT8 file', small, 'MB', 'FP32', large),
  ]
}
