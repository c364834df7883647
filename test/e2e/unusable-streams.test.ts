import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'libsql'
import { beforeAll, expect, test } from 'vitest'
import { BagWriter } from '../../middleware/bag/bag-writer.js'
import type { Image } from '../../middleware/messages.js'
import { command, commandJson } from './command.js'
import { python, temporaryFolder } from './prehend.js'

const folder = temporaryFolder()
const IMAGE = 'sensor_msgs/msg/Image'
const [strange, mixed, far] = ['strange', 'mixed', 'far'].map(name => join(folder, `${name}.mcap`))
const robot = join(folder, 'robot.yaml')
const why =
  'stream rgb (/camera/color/image_raw): cannot be used: 8 x 6 yuv411, step 12, 72 bytes: this ' +
  'encoding is not known; publish one of sensor_msgs, such as rgb8 or 16UC1'

/** `row`: bytes; 0: 24, and the step is left out. */
const picture = (stamp: number, encoding: string, row: number): Image => ({
  stamp,
  frameId: 'camera',
  width: 8,
  height: 6,
  encoding,
  isBigendian: false,
  step: row,
  data: new Uint8Array(6 * (row || 24)).fill(91),
})

async function write(
  path: string,
  of: readonly (readonly [topic: string, encoding: string, row: number])[],
): Promise<void> {
  const writer = new BagWriter(path)
  for (let i = 0; i < 20; i++) {
    const stamp = 1e9 + i * 33_333_333
    for (const [topic, encoding, row] of of) writer.write(topic, IMAGE, picture(stamp, encoding, row), stamp + 1e6)
  }
  await writer.close()
}

beforeAll(async () => {
  await write(strange, [['/camera/color/image_raw', 'yuv411', 12]])
  await write(mixed, [
    ['/camera/color/image_raw', 'yuv411', 12],
    ['/camera/depth/image_raw', '16UC1', 16],
  ])
  await write(far, [
    ['/camera/color/image_raw', 'RGB8', 0],
    ['/camera/depth/image_raw', 'mono16', 16],
  ])
  pair('robot', 'from: depth')
})

test('a replay that could use nothing of a stream says which, why and what to do, and does not exit 0', async () => {
  for (const [bag, observations, ...flags] of [
    [strange, 0],
    [mixed, 20, '--robot', robot],
  ] as const) {
    const { status, stdout, stderr } = await command([
      'replay',
      bag,
      '--rate',
      'max',
      '--no-policy',
      '--json',
      ...flags,
    ])
    expect(status, stderr).toBe(1)
    expect(
      stderr.split('\n').filter(line => line === why),
      stderr,
    ).toHaveLength(1)
    expect(stderr).toMatch(
      /^prehend: .*: stream rgb: \/camera\/color\/image_raw: none of its 20 messages could be used \(bad_encoding 20\)/m,
    )
    expect(JSON.parse(stdout)).toMatchObject({ observations, dropped: { bad_encoding: 20 }, notices: [why] })
  }
})

test('check says of pictures what replay does with them', async () => {
  const { bag, fits } = (await commandJson(['check', robot, mixed], [1])) as {
    bag: { notices: string[]; findings: { stream: string; kind: string; lacking: boolean }[] }
    fits: boolean
  }
  expect(fits).toBe(false)
  expect(bag.notices).toEqual([why])
  expect(bag.findings).toContainEqual(expect.objectContaining({ stream: 'rgb', kind: 'lost', lacking: true }))
})

test('check doubts a depth beyond belief, and replay takes what drivers leave out', async () => {
  // 0x5b5b: 23.4 m.
  const { bag, fits } = (await commandJson(['check', robot, far], [0])) as {
    bag: { findings: { kind: string; text: string }[] }
    fits: boolean
  }
  expect(fits).toBe(true)
  expect(bag.findings.filter(({ kind }) => kind === 'depth').map(({ text }) => text)).toEqual([
    'the median depth is 23.4 m: is a unit of /camera/depth/image_raw 1 mm? If not, say depth_unit, such as 0.1 mm',
  ])
  expect(await commandJson(['replay', far, '--rate', 'max', '--no-policy'])).toMatchObject({
    observations: 20,
    dropped: {},
    notices: [],
  })
})

/** A robot file of a colour and a depth camera. */
function pair(name: string, tick: string): string {
  const file = join(folder, `${name}.yaml`)
  writeFileSync(
    file,
    `robot: made
tick: { ${tick} }
streams:
  rgb: { topic: /camera/color/image_raw, type: ${IMAGE} }
  depth: { topic: /camera/depth/image_raw, type: ${IMAGE} }
`,
  )
  return file
}

test('no observation is never a success: replay and check name the stream that ticks and why there is none', async () => {
  // When the QoS of a publisher does not match the recorder's, rosbag2 records the topic's name and no message.
  const silent = join(folder, 'silent')
  python('make_bag.py', silent, '--storage', 'sqlite3')
  const database = new Database(join(silent, readdirSync(silent).find(name => name.endsWith('.db3')) ?? ''))
  database.exec(`DELETE FROM messages WHERE topic_id = (SELECT id FROM topics WHERE name = '/camera/color/image_raw')`)
  database.close()
  for (const [name, tick] of [
    ['from', 'from: rgb'],
    ['rate', 'rate: 30 Hz'],
  ]) {
    const file = pair(name, tick)
    const told =
      /stream rgb: \/camera\/color\/image_raw: there are no observations: .* none: its publisher was silent, or .*QoS/m
    const { status, stdout, stderr } = await command([
      'replay',
      silent,
      '--robot',
      file,
      '--rate',
      'max',
      '--no-policy',
      '--json',
    ])
    expect([status, (JSON.parse(stdout) as { observations: number }).observations]).toEqual([1, 0])
    expect(stderr).toMatch(told)
    const { bag } = (await commandJson(['check', file, silent], [1])) as {
      bag: { findings: { stream: string; kind: string; text: string }[] }
    }
    expect(
      bag.findings
        .filter(({ stream, kind }) => stream === 'rgb' && kind === 'lost')
        .map(({ text }) => `stream rgb: ${text}`),
    ).toEqual([expect.stringMatching(told)])
  }
})

test('a fixed rate ticks from its first stream, and a recording without that is refused', async () => {
  const file = pair('rate-alone', 'rate: 30 Hz')
  const bag = join(folder, 'depth-alone')
  python('make_bag.py', bag, '--without', 'rgb')
  expect(await command(['replay', bag, '--robot', file, '--rate', 'max', '--no-policy'])).toMatchObject({
    status: 2,
    stderr: expect.stringMatching(
      /depth-alone: robot made ticks at a fixed rate from the first message of \/camera\/color\/image_raw \(stream rgb\), which the recording does not have/,
    ) as string,
  })
  expect((await command(['check', file, bag])).status).toBe(1)
})
