import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { TopicRecorder } from '../../app/recording/topic-recorder.js'
import { topicsOf } from '../../app/recording/topic-source.js'
import { topicChoice } from '../../app/recording/topic-choice.js'
import { readRobot } from '../../app/robot/load-robot.js'
import { openBag } from '../../middleware/bag/bag.js'
import { BagWriter } from '../../middleware/bag/bag-writer.js'
import { LocalBus } from '../../middleware/local/local-bus.js'
import { SystemClock } from '../../middleware/local/system-clock.js'
import type { TypeName } from '../../middleware/messages.js'
import { partOf } from '../../middleware/output-path.js'
import { command, commandJson } from '../e2e/command.js'

const folder = mkdtempSync(join(tmpdir(), 'prehend-record-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('what a recording takes', () => {
  const robot = readRobot('cell')

  it('is the streams of the robot file, and beside them arms, chunks and episodes', () => {
    const { takes, expected, needed } = topicChoice({ robot })
    expect(expected).toEqual(robot.streams.map(({ topic }) => topic))
    expect(expected.filter(topic => !needed.includes(topic))).toEqual(['/voice/events'])
    expect(takes({ topic: '/wrist/wrench', type: 'geometry_msgs/msg/WrenchStamped' })).toBe(true)
    expect(takes({ topic: '/wrist/wrench', type: 'std_msgs/msg/String' })).toBe(false)
    expect(takes({ topic: '/tool_target', type: 'geometry_msgs/msg/PoseStamped' })).toBe(true)
    expect(takes({ topic: '/episode', type: 'std_msgs/msg/String' })).toBe(true)
    expect(takes({ topic: '/rosout', type: 'rcl_interfaces/msg/Log' })).toBe(false)
  })

  it('is named topics, relative ones below the namespace of the robot file', () => {
    const { takes, expected } = topicChoice({ robot: readRobot('cell', '/left'), topics: ['wrist/wrench', '/tf'] })
    expect(expected).toEqual(['/left/wrist/wrench', '/tf'])
    expect(takes({ topic: '/tf', type: 'any/msg/Type' })).toBe(true)
    expect(takes({ topic: '/wrist/wrench', type: 'geometry_msgs/msg/WrenchStamped' })).toBe(false)
  })
})

it('says which chosen topics could not be subscribed to', async () => {
  const clock = new SystemClock(process.hrtime.bigint())
  const bus = new LocalBus(clock, { onError: () => undefined })
  const publisher = bus.advertise('/strange', 'other_msgs/msg/Strange' as TypeName)
  const writer = new BagWriter(join(folder, 'strange.mcap'), {})
  const notices: string[] = []
  const source = { ...topicsOf(bus), epochSec: undefined, lacks: [], begin: async () => {}, close: async () => {} }
  const recorder = new TopicRecorder(source, topicChoice({ robot: undefined, all: true }), writer, text => {
    notices.push(text)
  })
  recorder.close()
  publisher.dispose()
  await writer.discard()
  clock.close()
  expect([...recorder.refused]).toEqual(['/strange'])
  expect(notices).toEqual(['/strange: other_msgs/msg/Strange is not a type that travels here'])
})

describe('prehend record of the embedded cell', () => {
  it('writes its sensors with the robot file, and ends at its size', async () => {
    const out = join(folder, 'cell.mcap')
    const result = await commandJson(['record', out, '--source', 'sim', '--at-most', '2MB'])
    expect(result).toMatchObject({ ended: 'its size', missing: ['/voice/events', '/gripper/joint_states'] })
    const bag = await openBag(out)
    try {
      expect(bag.metadata['sha256']).toBe(readRobot('cell').sha256)
      expect(bag.topics.map(({ name }) => name).toSorted()).toEqual([
        '/camera/color/image_raw',
        '/camera/depth/image_raw',
        '/tool_pose',
        '/wrist/wrench',
      ])
      expect(bag.messageCount).toBe(result['messages'])
    } finally {
      await bag.close()
    }
  })

  it.each([
    ['/wrist/wrench,/nobody', '/nobody'],
    ['/wrist/wrench,/gripper/joint_states', '/gripper/joint_states'],
  ])('ends with 1 where nothing came on one of the topics %s', async (topics, missing) => {
    const out = join(folder, `${missing.slice(1, 5)}.mcap`)
    const { status, stdout } = await command(['record', out, '--source', 'sim', '--topics', topics, '--for', '200 ms'])
    expect([status, stdout.trimEnd().split('\n').at(-1)]).toEqual([1, `nothing came on ${missing}`])
    expect(existsSync(out)).toBe(true)
  })

  it('refuses what is there already, and leaves it as it is', async () => {
    const out = join(folder, 'there.mcap')
    writeFileSync(out, 'mine')
    const { status, stderr } = await command(['record', out, '--source', 'sim', '--for', '1 s'])
    expect([status, stderr]).toEqual([
      2,
      `prehend: ${out}: is there already; name another, or replace it with --overwrite\n`,
    ])
    expect(readFileSync(out, 'utf8')).toBe('mine')
  })
})

describe('bad use of prehend record', () => {
  it.each([
    [['--source', 'moon', '--all'], '--source moon: is not known; expected ros2, bus, sim'],
    [[], 'what is to be recorded is not said: give --robot, --topics or --all'],
    [['--topics', '/a', '--all'], '--topics and --all: name topics, or take all of them'],
    [['--robot', 'nobody'], "'nobody': no such robot"],
    [['--all', '--at-most', '3 apples'], 'expected a size of at least 1MB, such as 500MB or 2GB'],
    [['--all', '--for', '10'], "got '10' (no unit), wanted a time"],
  ])('%j ends with 2 in one line', async (args, text) => {
    const out = join(folder, 'bad.mcap')
    const { status, stderr } = await command(['record', out, ...args])
    expect(status, stderr).toBe(2)
    expect(stderr.trimEnd().split('\n')).toHaveLength(1)
    expect(stderr).toContain(text)
    expect([existsSync(out), existsSync(partOf(out))]).toEqual([false, false])
  })
})

describe('a disk that is full', () => {
  it('ends the recording, with what was written before', async () => {
    // A file-system of its own needs rights that a test may not have; a limit of the file's size does not.
    const out = join(folder, 'limited.mcap')
    const script = `ulimit -f 1000; exec "${process.execPath}" bin/prehend record "${out}" --source sim --for '20 s' --json`
    const run = (): string => execFileSync('bash', ['-c', script], { stdio: 'pipe', encoding: 'utf8' })
    const failed = ((): { status: number; stderr: string } => {
      try {
        run()
      } catch (error) {
        return error as { status: number; stderr: string }
      }
      throw new Error('did not fail')
    })()
    expect(failed.status, failed.stderr).toBe(1)
    expect(failed.stderr).toMatch(
      /cannot be written: .*; the 0\.\d MB before that are kept in .*part\.mcap; the recording ends/,
    )
    const bag = await openBag(partOf(out))
    try {
      expect(bag.messageCount).toBeGreaterThan(100)
    } finally {
      await bag.close()
    }
  })
})
