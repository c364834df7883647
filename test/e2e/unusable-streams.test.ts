import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { BagWriter } from '../../middleware/bag/bag-writer.js'
import type { Image } from '../../middleware/messages.js'
import { prehend, prehendJson, temporaryFolder } from './prehend.js'

const folder = temporaryFolder()
const IMAGE = 'sensor_msgs/msg/Image'
const [strange, mixed, far] = ['strange', 'mixed', 'far'].map(name => join(folder, `${name}.mcap`))
const robot = join(folder, 'robot.yaml')
const why = 'stream rgb (/camera/color/image_raw): cannot be used: 8 x 6 yuv411, step 12, 72 bytes: this encoding is not known; publish one of sensor_msgs, such as rgb8 or 16UC1'

/** `row`: bytes; 0: 24, and the step is left out. */
const picture = (stamp: number, encoding: string, row: number): Image =>
  ({ stamp, frameId: 'camera', width: 8, height: 6, encoding, isBigendian: false, step: row, data: new Uint8Array(6 * (row || 24)).fill(91) })

async function write(path: string, of: readonly (readonly [topic: string, encoding: string, row: number])[]): Promise<void> {
  const writer = new BagWriter(path)
  for (let i = 0; i < 20; i++) {
    const stamp = 1e9 + i * 33_333_333
    for (const [topic, encoding, row] of of) writer.write(topic, IMAGE, picture(stamp, encoding, row), stamp + 1e6)
  }
  await writer.close()
}

beforeAll(async () => {
  await write(strange, [['/camera/color/image_raw', 'yuv411', 12]])
  await write(mixed, [['/camera/color/image_raw', 'yuv411', 12], ['/camera/depth/image_raw', '16UC1', 16]])
  await write(far, [['/camera/color/image_raw', 'RGB8', 0], ['/camera/depth/image_raw', 'mono16', 16]])
  writeFileSync(robot, `robot: made
tick: { from: depth }
streams:
  rgb: { topic: /camera/color/image_raw, type: ${IMAGE} }
  depth: { topic: /camera/depth/image_raw, type: ${IMAGE} }
`)
})

test('a replay that could use nothing of a stream says which, why and what to do, and does not exit 0', () => {
  for (const [bag, observations, ...flags] of [[strange, 0], [mixed, 20, '--robot', robot]] as const) {
    const { status, stdout, stderr } = prehend(['replay', bag, '--rate', 'max', '--no-policy', '--json', ...flags])
    expect(status, stderr).toBe(1)
    expect(stderr.split('\n').filter(line => line === why), stderr).toHaveLength(1)
    expect(stderr).toMatch(/^prehend: .*: stream rgb: \/camera\/color\/image_raw: none of its 20 messages could be used \(bad_encoding 20\)/m)
    expect(JSON.parse(stdout)).toMatchObject({ observations, dropped: { bad_encoding: 20 }, notices: [why] })
  }
})

test('check says of pictures what replay does with them', () => {
  const { bag, fits } = prehendJson(['check', robot, mixed], [1]) as { bag: { notices: string[]; findings: { stream: string; kind: string; lacking: boolean }[] }; fits: boolean }
  expect(fits).toBe(false)
  expect(bag.notices).toEqual([why])
  expect(bag.findings).toContainEqual(expect.objectContaining({ stream: 'rgb', kind: 'lost', lacking: true }))
})

test('check doubts a depth beyond belief, and replay takes what drivers leave out', () => {
  // 0x5b5b: 23.4 m.
  const { bag, fits } = prehendJson(['check', robot, far], [0]) as { bag: { findings: { kind: string; text: string }[] }; fits: boolean }
  expect(fits).toBe(true)
  expect(bag.findings.filter(({ kind }) => kind === 'depth').map(({ text }) => text)).toEqual([
    'the median depth is 23.4 m: is a unit of /camera/depth/image_raw 1 mm? If not, say depth_unit, such as 0.1 mm',
  ])
  expect(prehendJson(['replay', far, '--rate', 'max', '--no-policy'])).toMatchObject({ observations: 20, dropped: {}, notices: [] })
})
