import { expect, test } from 'vitest'
import { PIECE, RestingPoses } from '../../../app/calibration/resting-poses.js'

const wrenches = { stamps: Float64Array.of(0), values: Float64Array.of(1, 2, 3, 0, 0, 0) }
const nothing = { stamps: new Float64Array(0), values: new Float64Array(0) }
const poseAt = (x: number) => ({ stamps: Float64Array.of(0), values: Float64Array.of(x, 0, 0, 0, 0, 0, 1) })
const START = 50 * PIECE

/** What ends a rest of ten pieces: the arguments of the next call, or the end of the recording. */
const ENDS: [string, (resting: RestingPoses) => void][] = [
  ['the end of the recording', resting => resting.end()],
  ['a motion', resting => resting.add(START + 11 * PIECE, poseAt(1), wrenches)],
  ['a piece without poses', resting => resting.add(START + 11 * PIECE, nothing, wrenches)],
  ['a piece without wrenches', resting => resting.add(START + 11 * PIECE, poseAt(0), nothing)],
  ['a gap', resting => resting.add(START + 30 * PIECE, poseAt(0), wrenches)],
]

test.each(ENDS)('a rest that ends with %s has the times of its own pieces', (_what, end) => {
  const resting = new RestingPoses({ least: 5 * PIECE })
  for (let i = 1; i <= 10; i++) resting.add(START + i * PIECE, poseAt(0), wrenches)
  end(resting)
  // Of the ten, two at the beginning and one at the end are left out.
  expect(resting.found.map(({ from, until }) => [from / PIECE, until / PIECE])).toEqual([[2, 9]])
  expect(resting.leftOut).toEqual({ short: 0, unsteady: 0 })
})
