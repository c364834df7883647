import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { parse, stringify } from 'yaml'
import { BagWriter } from '../../../middleware/bag/bag-writer.js'
import { parseRobot } from '../../../robots/robot-file.js'
import { command, commandJson } from '../../e2e/command.js'
import { temporaryFolder } from '../../e2e/prehend.js'
import { MOUNT, MS, recordRests, TILTED } from './payload-arm.js'

const folder = temporaryFolder()
const at = (name: string): string => join(folder, name)
const recording = at('rests.mcap')
const robotFile = at('arm.yaml')
const DEGREES = 180 / Math.PI

/** A robot file for the arm. `mount`: what its wrench says of it. */
const robotText = (compensate?: object): string =>
  stringify({
    robot: 'arm',
    tick: { rate: '30 Hz' },
    streams: {
      wrist: { topic: '/wrist/wrench', type: 'geometry_msgs/msg/WrenchStamped', ...(compensate && { compensate }) },
      tool: { topic: '/tool_pose', type: 'geometry_msgs/msg/PoseStamped' },
    },
    frames: {
      ft: {
        parent: 'flange',
        xyz: MOUNT.xyz.map(value => `${value * 1000} mm`),
        rpy: MOUNT.rpy.map(value => `${value * DEGREES} deg`),
      },
    },
  })

beforeAll(async () => {
  await recordRests(recording, { seed: 11 })
  writeFileSync(robotFile, robotText({ orientation: 'tool', mass: 0, mount: 'ft' }))
})

describe('prehend calibrate', () => {
  test('says with --json what was found, on one line, and writes the piece of the robot file', async () => {
    const out = at('piece.yaml')
    const result = await commandJson(['calibrate', recording, '--robot', robotFile, '--out', out])
    expect(result).toMatchObject({
      recording,
      wrench: { stream: 'wrist', topic: '/wrist/wrench' },
      orientation: { stream: 'tool', topic: '/tool_pose' },
      leftOut: { unsteady: 0 },
      mount: { xyz: MOUNT.xyz, found: false },
      out,
      doubts: [],
      damage: null,
    })
    expect(result.poses).toHaveLength(TILTED.length)
    expect((result.mass as { value: number }).value).toBeCloseTo(1.25, 2)
    expect(readFileSync(out, 'utf8')).toBe(result.compensate)
  })

  test('the piece fits into the robot file, which itself stays as it is', async () => {
    const before = readFileSync(robotFile, 'utf8')
    const { compensate } = await commandJson(['calibrate', recording, '--robot', robotFile])
    expect(readFileSync(robotFile, 'utf8')).toBe(before)
    const piece = parse(compensate as string) as { compensate: object }
    const wrench = parseRobot(robotText(piece.compensate), 'arm.yaml').streams.find(({ name }) => name === 'wrist')!
    expect(wrench.compensate?.mass).toBeCloseTo(1.25, 2)
    wrench.compensate?.mount.rpy.forEach((value, i) => expect(value).toBeCloseTo(MOUNT.rpy[i]!, 5))
  })

  test('without a robot file it takes the only wrench and the only pose, and finds the mount where it is asked to', async () => {
    const { status, stdout, stderr } = await command(['calibrate', recording, '--find-mount'])
    expect([status, stderr]).toEqual([0, ''])
    expect(stdout).toContain('/wrist/wrench, by the orientation of /tool_pose: at rest in 8 poses')
    expect(stdout).toMatch(/mass +1\.2[45]\d* kg +0\.000\d+/)
    expect(stdout).toMatch(/compensate:\n {2}orientation: tool_pose\n {2}mass: 1\.2[45]\d* kg # ± 0\.\d+ g\n/)
  })

  test('an output that is there is not replaced, unless that is asked for', async () => {
    const out = at('there.yaml')
    writeFileSync(out, 'mine')
    const refused = await command(['calibrate', recording, '--find-mount', '--out', out])
    expect(refused.status).toBe(2)
    expect(readFileSync(out, 'utf8')).toBe('mine')
    expect((await command(['calibrate', recording, '--find-mount', '--out', out, '--overwrite'])).status).toBe(0)
    expect(readFileSync(out, 'utf8')).toContain('compensate:')
    expect((await command(['calibrate', recording, '--out', recording, '--overwrite'])).status).toBe(2)
  })
})

/** The one line on stderr of a refused command, which prints nothing and writes nothing. */
async function refusal(args: readonly string[]): Promise<string> {
  const out = at('nothing.yaml')
  const { status, stdout, stderr } = await command(['calibrate', ...args, '--out', out])
  expect([status, stdout, existsSync(out)]).toEqual([2, '', false])
  expect(stderr.trimEnd()).not.toContain('\n')
  return stderr
}

describe('bad input is refused in one line with exit code 2', () => {
  test('a tool that only turns about the vertical, and one that hardly tilts', async () => {
    const yawed = at('yawed.mcap')
    await recordRests(yawed, { seed: 12, orientations: [0, 1, 2, 3, 4].map(i => [0.5 * i, 0, 0]) })
    const line = await refusal([yawed])
    expect(line).toMatch(
      /the 5 resting poses have too few different orientations \((singular|condition number \d+, at most 30)\): /,
    )
    const hardly = at('hardly.mcap')
    await recordRests(hardly, { seed: 12, orientations: [0, 1, 2, 3, 4].map(i => [0, 0.02 * i, 0.1 * (i % 3)]) })
    expect(await refusal([hardly])).toMatch(
      /orientations \(condition number \d+, at most 30\): gravity spreads by \d degrees/,
    )
    expect(line).toContain('gravity comes from the same side of the tool in all of them; also record the tool tilted')
  })

  test('too few rests, and rests in which the wrench drifts', async () => {
    const few = at('few.mcap')
    await recordRests(few, { seed: 13, orientations: TILTED.slice(0, 3) })
    expect(await refusal([few])).toContain(
      'the tool rests in 3 poses (0 more are too short, in 0 the wrench is not steady)',
    )
    expect(await refusal([recording, '--rest', '5 s'])).toMatch(/rests in 0 poses \(\d+ more are too short/)
    const drifting = at('drifting.mcap')
    const spoil = (wrench: Float64Array, now: number): void => void (wrench[0]! += 2 * Math.sin(now / 4e8))
    await recordRests(drifting, { seed: 14, spoil })
    expect(await refusal([drifting])).toMatch(
      /the tool rests in \d poses \(\d more are too short, in [5-8] the wrench is not/,
    )
  })

  test('no pose, no wrench, no messages at all, several of one kind, a name that is not there', async () => {
    const lone = at('lone.mcap')
    await recordRests(lone, { seed: 15, orientations: TILTED.slice(0, 1), poses: false })
    expect(await refusal([lone])).toContain(
      "has no stream of type geometry_msgs/msg/PoseStamped, which the tool's pose is",
    )
    expect(await refusal([lone, '--robot', robotFile])).toContain(
      'has no /tool_pose of geometry_msgs/msg/PoseStamped (stream tool); it has /wrist/wrench',
    )
    const other = at('other.mcap')
    const writer = new BagWriter(other, { epochSec: 1 })
    writer.write('/chatter', 'std_msgs/msg/String', { data: 'x' }, MS)
    await writer.close()
    expect(await refusal([other])).toContain('it has /chatter: record the wrist')
    const two = at('two.mcap')
    const pair = new BagWriter(two, { epochSec: 1 })
    const wrench = { stamp: MS, frameId: 'ft', wrench: new Float64Array(6) }
    for (const topic of ['/left/wrench', '/right/wrench'])
      pair.write(topic, 'geometry_msgs/msg/WrenchStamped', wrench, MS)
    await pair.close()
    expect(await refusal([two])).toContain(
      'has 2 streams of type geometry_msgs/msg/WrenchStamped (left_wrench, right_wrench): name one, --wrench left_wrench',
    )
    expect(await refusal([two, '--wrench', '/left/wrench'])).toContain(
      'has no stream of type geometry_msgs/msg/PoseStamped',
    )
    expect(await refusal([two, '--wrench', 'lft_wrench'])).toContain("no such stream, did you mean 'left_wrench'?")
    expect(await refusal([at('none.mcap')])).toContain('none.mcap')
  })

  test('topics that would share a name, or give none, are chosen by topic', async () => {
    const path = at('alike.mcap')
    const writer = new BagWriter(path, { epochSec: 1 })
    const wrench = { stamp: MS, frameId: 'ft', wrench: new Float64Array(6) }
    const topics = ['/a/b', '/a_b', '/_c', '/d']
    for (const topic of topics) writer.write(topic, 'geometry_msgs/msg/WrenchStamped', wrench, MS)
    await writer.close()
    expect(await refusal([path])).toContain(
      'has 4 streams of type geometry_msgs/msg/WrenchStamped (d, /a/b, /a_b, /_c): name one, --wrench d',
    )
    for (const topic of topics)
      expect(await refusal([path, '--wrench', topic])).toContain('has no stream of type geometry_msgs/msg/PoseStamped')
  })
})

describe('a result in doubt is printed, with a line that says why and exit code 1', () => {
  const doubt = async (args: readonly string[]): Promise<string> => {
    const { status, stdout, stderr } = await command(['calibrate', ...args])
    expect(status).toBe(1)
    expect(stdout).toContain('compensate:')
    return stderr
  }

  test('the sensor is turned against the tool, and nothing says so', async () => {
    expect(await doubt([recording])).toMatch(
      /N are left of the pose at rest at [\d.]+ s, and 3 N count as contact: the sensor is turned against the tool otherwise than the mount says: say --find-mount$/m,
    )
  })

  test('a pose in which the tool was touched', async () => {
    const touched = at('touched.mcap')
    const spoil = (wrench: Float64Array, now: number): void =>
      void (wrench[1]! += now > 8100 * MS && now < 10_800 * MS ? 9 : 0)
    await recordRests(touched, { seed: 16, spoil })
    expect(await doubt([touched, '--robot', robotFile])).toMatch(
      /at rest at (9|10)\.\d s, .*: it was touched, a cable pulls/,
    )
  })

  test.each([['--robot', robotFile], ['--find-mount']])('a sensor with the opposite sign (%s)', async (...flags) => {
    const opposite = at('opposite.mcap')
    const spoil = (wrench: Float64Array): void => wrench.forEach((value, i) => void (wrench[i] = -value))
    if (!existsSync(opposite)) await recordRests(opposite, { seed: 17, spoil })
    expect(await doubt([opposite, ...flags])).toContain('turn the signs of all six values in its driver')
  })
})
