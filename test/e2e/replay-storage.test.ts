import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { prehendJson, python, temporaryFolder } from './prehend.js'

const folder = temporaryFolder()
const made = join(folder, 'made')

function replayed(bag: string, rate: string): { result: Record<string, unknown>; lines: string } {
  const out = join(folder, 'lines.jsonl')
  const result = prehendJson(['replay', bag, '--rate', rate, '--no-policy', '--observations', out, '--overwrite'])
  return { result, lines: readFileSync(out, 'utf8') }
}

describe('one recording is one sha256 and the same lines', () => {
  let first: ReturnType<typeof replayed>

  beforeAll(() => {
    python('make_bag.py', made, '--depth', '16UC1')
    first = replayed(made, 'max')
    expect(first.lines).not.toBe('')
  })

  function expectSame(bag: string, rate = 'max'): void {
    const { result, lines } = replayed(bag, rate)
    const told = ({
      durationS,
      topics,
      observations,
      incomplete,
      dropped,
      sha256,
    }: Record<string, unknown>): object => ({
      durationS,
      topics: Object.fromEntries(Object.entries(topics as object).sort()),
      observations,
      incomplete,
      dropped,
      sha256,
    })
    expect(told(result)).toEqual(told(first.result))
    expect(lines).toBe(first.lines)
  }

  test('as a directory and as its .mcap', () => expectSame(join(made, 'made.mcap')))

  test('as fast as the machine can and at twice real time', () => expectSame(made, '2'))

  test('as a .db3 that rosbags converted it to, alone and in its directory', () => {
    const db3 = join(folder, 'as_db3')
    python('from rosbags.convert.__main__ import main; main()', '--src', made, '--dst', db3, '--dst-storage', 'sqlite3')
    expectSame(db3)
    expectSame(join(db3, 'as_db3.db3'))
  })

  test('with zstd chunks by rosbags', () => {
    const packed = join(folder, 'packed')
    python('make_bag.py', packed, '--depth', '16UC1', '--compress', 'zstd')
    expectSame(packed)
  })

  test.each(['lz4', 'zstd', 'none'])('with small %s chunks by the mcap package', compression => {
    const packed = join(folder, `${compression}.mcap`)
    python('rewrite_mcap.py', join(made, 'made.mcap'), packed, '--compression', compression.toUpperCase())
    expectSame(packed)
  })

  test('without a summary, as writers leave it that could not end', () => {
    const plain = join(folder, 'plain.mcap')
    python('rewrite_mcap.py', join(made, 'made.mcap'), plain, '--no-index')
    expectSame(plain)
  })

  test.each(['only', 'too'])('with the pictures as PNG and compressedDepth (%s), recognised by their names', how => {
    const packed = join(folder, `compressed-${how}`)
    python('make_bag.py', packed, '--depth', '16UC1', '--compressed', how)
    const { result, lines } = replayed(packed, 'max')
    expect(lines).toBe(first.lines)
    for (const field of ['observations', 'incomplete', 'dropped', 'sha256'])
      expect(result[field], field).toEqual(first.result[field])
    expect(result.robot).toHaveProperty('name', 'recognised')
  })

  test('and a robot file may name the compressed topics: check and info know them too', () => {
    const packed = join(folder, 'compressed-only')
    const file = join(folder, 'compressed.yaml')
    writeFileSync(
      file,
      `robot: compressed
tick: { from: rgb }
streams:
  rgb:    { topic: /camera/color/image_raw/compressed, type: sensor_msgs/msg/CompressedImage }
  depth:  { topic: /camera/depth/image_raw/compressedDepth, type: sensor_msgs/msg/CompressedImage }
  wrench: { topic: /wrist/wrench, type: geometry_msgs/msg/WrenchStamped }
  tool:   { topic: /tool_pose, type: geometry_msgs/msg/PoseStamped }
  voice:  { topic: /voice/text, type: std_msgs/msg/String }
`,
    )
    const { bag } = prehendJson(['check', file, packed], [0, 1]) as {
      bag: { streams: Record<string, { modality: string; count: number; findings: { kind: string }[] }> }
    }
    const { topics } = prehendJson(['info', packed]) as {
      topics: Record<string, { count: number; largestGapMs: number }>
    }
    const rgb = topics['/camera/color/image_raw/compressed']
    expect(rgb.largestGapMs).toBeGreaterThan(60)
    expect(bag.streams['rgb'].count).toBe(rgb.count)
    expect(prehendJson(['replay', packed, '--robot', file, '--rate', 'max', '--no-policy']).sha256).toBe(
      first.result.sha256,
    )
  })

  test('and a copy written by replay --out gives it again', () => {
    const copy = join(folder, 'copy.mcap')
    prehendJson(['replay', made, '--rate', 'max', '--no-policy', '--out', copy])
    const again = prehendJson(['replay', copy, '--rate', 'max', '--no-policy'])
    expect(again.sha256).toBe(first.result.sha256)
  })
})
