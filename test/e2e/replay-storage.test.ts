import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { commandJson } from './command.js'
import { python, temporaryFolder } from './prehend.js'

const folder = temporaryFolder()
const made = join(folder, 'made')

async function replayed(bag: string, rate: string): Promise<{ result: Record<string, unknown>; lines: string }> {
  const out = join(folder, 'lines.jsonl')
  const result = await commandJson(['replay', bag, '--rate', rate, '--no-policy', '--observations', out, '--overwrite'])
  return { result, lines: readFileSync(out, 'utf8') }
}

describe('one recording is one sha256 and the same lines', () => {
  let first: Awaited<ReturnType<typeof replayed>>

  beforeAll(async () => {
    python('make_bag.py', made, '--depth', '16UC1')
    first = await replayed(made, 'max')
    expect(first.lines).not.toBe('')
  })

  async function expectSame(bag: string, rate = 'max'): Promise<void> {
    const { result, lines } = await replayed(bag, rate)
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

  test('as a directory and as its .mcap', async () => await expectSame(join(made, 'made.mcap')))

  test('as fast as the machine can and at twice real time', async () => await expectSame(made, '2'))

  test('as a .db3 that rosbags converted it to, alone and in its directory', async () => {
    const db3 = join(folder, 'as_db3')
    python('from rosbags.convert.__main__ import main; main()', '--src', made, '--dst', db3, '--dst-storage', 'sqlite3')
    await expectSame(db3)
    await expectSame(join(db3, 'as_db3.db3'))
  })

  test('with zstd chunks by rosbags', async () => {
    const packed = join(folder, 'packed')
    python('make_bag.py', packed, '--depth', '16UC1', '--compress', 'zstd')
    await expectSame(packed)
  })

  test.each(['lz4', 'zstd', 'none'])('with small %s chunks by the mcap package', async compression => {
    const packed = join(folder, `${compression}.mcap`)
    python('rewrite_mcap.py', join(made, 'made.mcap'), packed, '--compression', compression.toUpperCase())
    await expectSame(packed)
  })

  test('without a summary, as writers leave it that could not end', async () => {
    const plain = join(folder, 'plain.mcap')
    python('rewrite_mcap.py', join(made, 'made.mcap'), plain, '--no-index')
    await expectSame(plain)
  })

  test.each(['only', 'too'])(
    'with the pictures as PNG and compressedDepth (%s), recognised by their names',
    async how => {
      const packed = join(folder, `compressed-${how}`)
      python('make_bag.py', packed, '--depth', '16UC1', '--compressed', how)
      const { result, lines } = await replayed(packed, 'max')
      expect(lines).toBe(first.lines)
      for (const field of ['observations', 'incomplete', 'dropped', 'sha256'])
        expect(result[field], field).toEqual(first.result[field])
      expect(result.robot).toHaveProperty('name', 'recognised')
    },
  )

  test('and a robot file may name the compressed topics: check and info know them too', async () => {
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
    const { bag } = (await commandJson(['check', file, packed], [0, 1])) as {
      bag: { streams: Record<string, { modality: string; count: number; findings: { kind: string }[] }> }
    }
    const { topics } = (await commandJson(['info', packed])) as {
      topics: Record<string, { count: number; largestGapMs: number }>
    }
    const rgb = topics['/camera/color/image_raw/compressed']
    expect(rgb.largestGapMs).toBeGreaterThan(60)
    expect(bag.streams['rgb'].count).toBe(rgb.count)
    expect((await commandJson(['replay', packed, '--robot', file, '--rate', 'max', '--no-policy'])).sha256).toBe(
      first.result.sha256,
    )
  })

  test('and a copy written by replay --out gives it again', async () => {
    const copy = join(folder, 'copy.mcap')
    await commandJson(['replay', made, '--rate', 'max', '--no-policy', '--out', copy])
    const again = await commandJson(['replay', copy, '--rate', 'max', '--no-policy'])
    expect(again.sha256).toBe(first.result.sha256)
  })
})
