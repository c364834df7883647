import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { ChunkExecutor } from '../../control/chunk/chunk-executor.js'

/** The set-points of 2000 samples, bit by bit, as they were before chunks had groups. */
test.each([
  ['temporal_ensembling', '86098ad5d7348f26496179d6fe2529b27bbbfeafd80a3b15b682a30ca214fa88'],
  ['receding_horizon', 'b9060b703e46dfaec9ff1f7e2703719fa666564d4d51543eb20b34010904b6ac'],
])('%s gives chunks of contract version 1 the same bits as ever', (mode, digest) => {
  let state = 1
  const unit = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
  const hash = createHash('sha256')
  const executor = new ChunkExecutor(mode)
  for (let n = 0; n < 200; n++) {
    const q = Array.from({ length: 4 }, () => unit() - 0.5)
    const length = Math.hypot(...q)
    const origin = Float64Array.of(unit(), unit(), unit(), ...q.map(value => value / length))
    const data = Float32Array.from({ length: 6 * (1 + Math.floor(unit() * 20)) }, () => unit() - 0.5)
    const stamp = n * 33e6
    executor.push({ stamp, rate: 30, data, origin })
    for (let k = 0; k < 10; k++) {
      executor.sample(stamp + (unit() * 1.2 - 0.1) * 1e9)
      const { groups, exhausted } = executor.setPoint
      hash.update(Float64Array.of(...groups.flatMap(values => [...values]), exhausted ? 1 : 0))
    }
  }
  expect(hash.digest('hex')).toBe(digest)
})
