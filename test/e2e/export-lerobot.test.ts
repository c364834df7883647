import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import type { ObservationLine } from '../../fusion/observation-line.js'
import { BagWriter } from '../../middleware/bag/bag-writer.js'
import { openBag } from '../../middleware/bag/bag.js'
import { linesOf } from './observation-lines.js'
import { command, commandJson } from './command.js'
import { python, temporaryFolder } from './prehend.js'

interface Row {
  readonly [key: string]: unknown
  readonly stamp: string
  readonly rgbSha256: string | null
  readonly depthSha256: string
}

interface LeRobot {
  readonly info: {
    readonly [key: string]: unknown
    readonly features: Record<string, { dtype: string; shape: number[] }>
  }
  readonly columns: string[]
  readonly tasks: Record<string, number>
  readonly episodes: Record<string, unknown>[]
  readonly wrenches: { readonly lost: number; readonly counted: number; readonly apart: number }
  readonly actionApart: number
  readonly statsApart: Record<string, number>
  readonly rows: Row[]
  readonly means: number[][]
  readonly video: { readonly times: number[]; readonly means: number[][] }
}

const folder = temporaryFolder()
const recording = join(folder, 'demo.mcap')
const read = (set: string): LeRobot => JSON.parse(python('read_lerobot.py', set, recording)) as LeRobot
const f32 = (values: readonly number[]): number[] => [...Float32Array.from(values)]

/**
 * The recording without the expert's topics and without every fifth of the policy's chunks; how many chunks that were.
 */
async function withoutAnswers(from: string, to: string): Promise<number> {
  const bag = await openBag(from)
  const writer = new BagWriter(to, { epochSec: bag.epochSec, metadata: bag.metadata })
  let chunks = 0
  for await (const batch of bag.batches()) {
    for (const message of batch) {
      if (message.topic.startsWith('/expert/') || (message.topic === '/policy/action_chunk' && ++chunks % 5 === 0))
        continue
      writer.writeRaw(message)
    }
  }
  await writer.close()
  await bag.close()
  return Math.floor(chunks / 5)
}

describe('export --format lerobot', () => {
  const [still, film] = [join(folder, 'still'), join(folder, 'film')]
  let lines: ObservationLine[]
  let set: LeRobot

  beforeAll(async () => {
    await commandJson(
      [
        'run',
        '--lockstep',
        '--policy',
        'expert',
        '--demonstrate',
        '--episodes',
        '2',
        '--seed',
        '11',
        '--record',
        recording,
      ],
      [0, 1],
    )
    const observations = join(folder, 'lines.jsonl')
    await commandJson(['replay', recording, '--rate', 'max', '--no-policy', '--observations', observations])
    lines = linesOf(observations)
    const exported = await commandJson([
      'export',
      recording,
      '--format',
      'lerobot',
      '--out',
      still,
      '--pictures',
      'png',
    ])
    expect(exported).toMatchObject({ recordings: 1, episodes: 2, remarks: [] })
    set = read(still)
    expect(exported.observations).toBe(set.rows.length)
  }, 240_000)

  test('has the observations of the replay, pixel by pixel and number by number', () => {
    const byStamp = new Map(lines.map(line => [line.stamp, line]))
    expect(set.rows.length).toBeGreaterThan(0.9 * lines.length)
    const text = new Map(Object.entries(set.tasks).map(([task, index]) => [index, task]))
    for (const row of set.rows) {
      const line = byStamp.get(row.stamp)!
      expect(line, row.stamp).toBeDefined()
      expect([row.rgbSha256, row.depthSha256]).toEqual([line.rgbSha256, line.depthSha256])
      expect(row['observation.force_pyramid']).toEqual(line.forcePyramid.map(f32))
      const said = [...line.voice].reverse()
      const column = (what: string): number[] => row[`observation.voice_${what}`] as number[]
      expect(column('task').map(index => text.get(index))).toEqual([
        ...said.map(event => event.text),
        ...Array.from({ length: 4 - said.length }, () => undefined),
      ])
      expect(column('age').slice(0, said.length)).toEqual(f32(said.map(event => event.ageS)))
      expect(column('confidence').slice(0, said.length)).toEqual(f32(said.map(event => event.confidence)))
      expect(text.get(row.task_index as number)).toBe(said[0]?.text ?? '')
    }
    expect(new Set(set.rows.map(row => row.task_index)).size).toBeGreaterThan(1)
  })

  test('has every wrench sample between two frames, once, tared, with its stamp', () => {
    expect(set.wrenches.lost).toBe(0)
    expect(set.wrenches.counted).toBeGreaterThan(30 * set.rows.length)
    expect(set.wrenches.apart).toBeLessThan(1e-5)
  })

  test("has the expert's first row as a pose in the base frame, and statistics that numpy agrees with", () => {
    expect(set.actionApart).toBeLessThan(2e-6)
    for (const [key, apart] of Object.entries(set.statsApart)) expect(apart, key).toBeLessThan(1e-3)
  })

  test('is laid out as LeRobotDataset v3.0', () => {
    const { info, episodes, rows } = set
    expect(info).toMatchObject({
      codebase_version: 'v3.0',
      fps: 30,
      robot_type: 'cell',
      total_episodes: 2,
      total_frames: rows.length,
      splits: { train: '0:2' },
      video_path: null,
    })
    expect(Object.keys(info.features).sort()).toEqual([...set.columns].sort())
    expect(info.features).toMatchObject({
      'observation.images.rgb': { dtype: 'image', shape: [128, 128, 3] },
      'observation.images.depth': { dtype: 'image', shape: [128, 128, 1] },
      'observation.state': { shape: [8] },
      'observation.wrench': { shape: [80, 6] },
      'observation.force_pyramid': { shape: [6, 24] },
      action: { shape: [9] },
    })
    expect(rows.map(row => row.index)).toEqual(rows.map((_, i) => i))
    episodes.forEach((episode, number) => {
      const mine = rows.filter(row => row.episode_index === number)
      expect(episode).toMatchObject({
        episode_index: number,
        length: mine.length,
        dataset_from_index: mine[0].index,
        recorded_index: number,
        recording: 'demo.mcap',
      })
      expect(mine.map(row => row.timestamp)).toEqual(f32(mine.map((_, i) => i / 30)))
      expect(mine.map(row => row['next.done'])).toEqual(mine.map((_, i) => i === mine.length - 1))
      expect(mine.at(-1)?.['next.success']).toBe(episode.success)
    })
    expect(episodes[0].success).toBe(true)
  })

  test('with video has the same rows, and a frame for each at its time', async () => {
    const ffmpeg = python('import imageio_ffmpeg; print(imageio_ffmpeg.get_ffmpeg_exe())').trim()
    await commandJson(['export', recording, '--format', 'lerobot', '--out', film, '--ffmpeg', ffmpeg])
    const filmed = read(film)
    expect(filmed.info.features['observation.images.rgb'].dtype).toBe('video')
    const plain = (row: Row): object => ({ ...row, rgbSha256: null })
    expect(filmed.rows.map(plain)).toEqual(set.rows.map(plain))
    const { times, means } = filmed.video
    expect(times.length).toBe(set.rows.length)
    filmed.episodes.forEach(episode => {
      const from = episode['videos/observation.images.rgb/from_timestamp'] as number
      const rows = filmed.rows.filter(row => row.episode_index === episode.episode_index)
      rows.forEach((row, i) => expect(Math.abs(times[row.index as number] - from - i / 30)).toBeLessThan(1e-4))
    })
    const apart = means.flatMap((mean, i) => mean.map((value, c) => Math.abs(value - set.means[i][c])))
    expect(Math.max(...apart)).toBeLessThan(4)
  }, 120_000)

  test("takes the policy's answers where there are no expert's; samples before an observation without an " +
    "answer are the next row's", async () => {
    const thinned = join(folder, 'thinned.mcap')
    const removed = await withoutAnswers(recording, thinned)
    expect(removed).toBeGreaterThan(10)
    const out = join(folder, 'thin')
    const { observations, leftOut } = await commandJson([
      'export',
      thinned,
      '--format',
      'lerobot',
      '--out',
      out,
      '--pictures',
      'png',
    ])
    expect([observations, leftOut]).toEqual([set.rows.length - removed, removed])
    const thin = read(out)
    expect(thin.wrenches).toMatchObject({ lost: 0, counted: expect.any(Number) as number })
    expect(thin.wrenches.counted).toBeGreaterThan(set.wrenches.counted - 200)
    expect(thin.actionApart).toBeLessThan(2e-6)
    expect(Math.max(...thin.rows.map(row => row['observation.wrench_count'] as number))).toBeGreaterThan(60)
  }, 120_000)

  test('has the frame rate of its ticks where the camera starts late', async () => {
    const late = join(folder, 'late.mcap')
    const bag = await openBag(recording)
    const writer = new BagWriter(late, { epochSec: bag.epochSec, metadata: bag.metadata })
    for await (const batch of bag.batches()) {
      for (const message of batch) {
        if (!message.topic.startsWith('/camera/') || message.receive - bag.start > 2.5e9) writer.writeRaw(message)
      }
    }
    await writer.close()
    await bag.close()
    const out = join(folder, 'late')
    await commandJson(['export', late, '--format', 'lerobot', '--out', out, '--pictures', 'png'])
    const { info, rows } = read(out)
    expect(info.fps).toBe(30)
    const frames = rows.filter(({ episode_index: episode }) => episode === 0).map(({ timestamp }) => timestamp)
    expect(frames).toEqual(f32(frames.map((_, i) => i / 30)))
  }, 120_000)

  test('says which samples found no room, and resizes', async () => {
    const small = join(folder, 'small')
    const { remarks } = (await commandJson([
      'export',
      recording,
      '--format',
      'lerobot',
      '--out',
      small,
      '--pictures',
      'png',
      '--samples',
      '10',
      '--size',
      '40x30',
    ])) as { remarks: string[] }
    expect(remarks).toEqual([
      expect.stringMatching(/rows had more samples .* newest 10 are kept, --samples 3\d keeps all/),
    ])
    expect(
      python(
        'import json, sys; print(json.load(open(sys.argv[1] + ' +
          '"/meta/info.json"))["features"]["observation.images.rgb"]["shape"])',
        small,
      ).trim(),
    ).toBe('[30, 40, 3]')
  })

  test('refuses in one line, and leaves nothing', async () => {
    const out = join(folder, 'never')
    const refusal = async (...args: string[]): Promise<string> => {
      const { status, stderr } = await command(['export', '--out', out, '--format', 'lerobot', ...args])
      expect(status).toBe(2)
      expect(stderr.trim().split('\n')).toHaveLength(1)
      expect([existsSync(out), existsSync(`${out}.part`)]).toEqual([false, false])
      return stderr
    }
    expect(await refusal(recording, '--ffmpeg', join(folder, 'no-ffmpeg'))).toMatch(
      /cannot be started: install ffmpeg .* --pictures png/,
    )
    writeFileSync(join(folder, 'bad.mcap'), 'no')
    expect(await refusal(join(folder, 'bad.mcap'), '--pictures', 'png')).toMatch(/bad\.mcap/)
    python('make_bag.py', join(folder, 'made'))
    expect(await refusal(join(folder, 'made'), '--pictures', 'png')).toMatch(/has no answers to learn from/)
    expect(await refusal(recording, '--out', still)).toMatch(/is there already/)
  })
})
