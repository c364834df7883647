import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { Aligner } from '../../fusion/aligner.js'
import { ObservationDigest, observationLine, type ObservationLine } from '../../fusion/observation-line.js'
import { Epoch } from '../../fusion/stamp.js'
import { flat, grey, MS, robot } from './robots.js'

const spec = robot()
const epoch = new Epoch(1_700_000_000)

function play({ red = 1, force = 1.5, said = 'pick', without = '' } = {}): {
  lines: ObservationLine[]
  sha256: string
} {
  const lines: ObservationLine[] = []
  const digest = new ObservationDigest()
  const aligner = new Aligner(spec, o => lines.push(observationLine(spec, o, epoch, digest.add(o))))
  for (let ms = 1000; ms < 1200; ms++) {
    const at = ms * MS + 7
    if (ms === 1000) aligner.pushEvent(3, at, at, said, 0.9)
    if (without !== 'wrench') aligner.pushVector(2, at, at, [force, 0, 0, 0, 0, 0])
    if (ms % 10 === 0) aligner.pushVector(4, at, at, [0, 0, 0, 0, 0, 0, 1])
    if (ms % 30 === 0) {
      aligner.pushFrame(0, at, at, grey(red))
      if (without !== 'depth') aligner.pushFrame(1, at, at, flat(1000))
    }
  }
  aligner.finish()
  return { lines, sha256: digest.digest() }
}

describe('a line of --observations', () => {
  test('has the documented fields and the hashes of the pixels', () => {
    const line = play().lines.at(-1) as ObservationLine
    expect(JSON.parse(JSON.stringify(line))).toMatchObject({
      stamp: '1700000001.170000007',
      mask: { rgb: 1, depth: 1, force: 1, voice: 1, proprioception: 1 },
      wrenchMean: [1.5, 0, 0, 0, 0, 0],
      wrenchCount: 34,
      voice: [{ text: 'pick', ageS: 0.17, confidence: 0.9 }],
      rgbSha256: createHash('sha256').update(Buffer.alloc(12, 1)).digest('hex'),
      depthSha256: createHash('sha256')
        .update(Buffer.from([0xe8, 3, 0xe8, 3, 0xe8, 3, 0xe8, 3]))
        .digest('hex'),
    })
    expect(line.forcePyramid.map(row => row.length)).toEqual([24, 24, 24, 24, 24, 24])
    expect(line.forcePyramid[0]?.slice(0, 4)).toEqual([1.5, 0, 1.5, 0])
  })

  test('has null, or zeros of the same shape, for missing streams', () => {
    expect(play({ without: 'depth' }).lines.at(-1)).toMatchObject({ depthSha256: null, mask: { depth: 0 } })
    const line = play({ without: 'wrench' }).lines.at(-1) as ObservationLine
    expect([line.mask.force, line.wrenchMean, line.wrenchCount]).toEqual([0, [0, 0, 0, 0, 0, 0], 0])
    expect(line.forcePyramid).toEqual(Array.from({ length: 6 }, () => new Array<number>(24).fill(0)))
  })
})

test('the sha256 of all observations repeats, and changes with a pixel, a force, a word and a missing stream', () => {
  const sums = [
    play(),
    play({ red: 2 }),
    play({ force: 1.5000000000000002 }),
    play({ said: 'stop' }),
    play({ without: 'depth' }),
  ]
  expect(play().sha256).toBe(sums[0]?.sha256)
  expect(new Set(sums.map(({ sha256 }) => sha256)).size).toBe(5)
})
