import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { HOME } from '../../sim/embedded/mjcf.js'
import { describeRos } from './environment.js'
import { domain, endWithTests, startNode, startPeer, until, type RunningNode, type Talk } from './processes.js'

interface Pose {
  readonly header: { stamp: { sec: number; nanosec: number } }
  readonly pose: { position: { x: number; y: number; z: number } }
}

const POSE = 'geometry_msgs/msg/PoseStamped'
const VOICE = 'prehend_interfaces/msg/VoiceEvent'
const TEXT = 'std_msgs/msg/String'
/** The limit of the robot file, m/s. */
const SPEED = 0.35

describeRos('the cell, fusion and control in three processes', () => {
  const env = domain(6)
  const folder = mkdtempSync(join(tmpdir(), 'prehend-stop-'))
  const link = join(folder, 'gripper')
  let peer: Talk
  let nodes: RunningNode[]
  beforeAll(async () => {
    peer = await startPeer(env)
    const cell = startNode('cell', ['-p', 'autostart:=true', '-p', `gripper_link:=${link}`, '-p', 'seed:=5'], env)
    await cell.said(/the gripper's serial port: /)
    const fusion = startNode('fusion', ['-p', 'autostart:=true'], env)
    const control = startNode('control', ['-p', 'autostart:=true', '-p', `port:=${link}`], env)
    nodes = [cell, fusion, control]
    await peer.ask('listen', { topic: '/tool_pose', type: POSE, reliable: false })
    await peer.ask('listen', { topic: '/tool_target', type: POSE, reliable: false })
    await peer.ask('listen', { topic: '/voice/events', type: VOICE })
    await peer.ask('listen', { topic: '/episode', type: TEXT })
    await peer.ask('listen', { topic: '/episode/result', type: TEXT })
    // Cell, fusion, control and the peer itself. The cell does not subscribe to its own announcements.
    await peer.ask('advertise', { topic: '/voice/events', type: VOICE, match: 4 })
    await peer.ask('advertise', { topic: '/episode', type: TEXT, match: 3 })
  })
  endWithTests()
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  const poses = (topic: string, last: number) => peer.ask<Pose[]>('take', { topic, last })
  const time = ({ header: { stamp } }: Pose): number => stamp.sec + stamp.nanosec / 1e9
  const apart = (a: Pose, b: Pose): number =>
    Math.hypot(
      a.pose.position.x - b.pose.position.x,
      a.pose.position.y - b.pose.position.y,
      a.pose.position.z - b.pose.position.z,
    )
  /** m that the tool moved in its last `count` poses. */
  const moved = async (count = 100): Promise<number> => {
    const seen = await poses('/tool_pose', count)
    return seen.length < 2 ? 0 : Math.max(...seen.map(pose => apart(pose, seen[0])))
  }
  const texts = async (topic: string): Promise<string[]> =>
    (await peer.ask<{ data: string }[]>('take', { topic, last: 100 })).map(({ data }) => data)
  /** Begins an episode and forgets all poses from before. No episode ends by itself in the seconds that follow. */
  const begun = async (): Promise<void> => {
    await peer.ask('clear', { topic: '/episode' })
    await until(
      () => texts('/episode'),
      seen => seen.length > 0,
    )
    await peer.ask('clear', { topic: '/tool_pose' })
  }
  const said = async (): Promise<string[]> =>
    (await peer.ask<{ text: string }[]>('take', { topic: '/voice/events', last: 100 })).map(({ text }) => text)
  const say = (text: string) =>
    peer.ask('publish', {
      topic: '/voice/events',
      type: VOICE,
      messages: [{ header: { stamp: { $now: 0 } }, text, confidence: 1 }],
    })
  /**
   * Expects that nothing moves from 0.1 s after now, for `seconds`. Now is the time of the clock that stamps the poses,
   * not the stamp of the last pose that has arrived.
   */
  const stands = async (seconds: number): Promise<void> => {
    const now = Date.now() / 1000
    const after = await until(
      () => poses('/tool_pose', 2000),
      seen => seen.length > 0 && time(seen.at(-1) as Pose) > now + seconds,
    )
    const rest = after.filter(pose => time(pose) > now + 0.1)
    expect(rest.length).toBeGreaterThan(50)
    expect(Math.max(...rest.map(pose => apart(pose, rest[0])))).toBeLessThan(0.001)
  }
  const stop = () =>
    peer.ask<{ stopped: boolean; message: string }>('call', {
      service: '/control/stop',
      type: 'prehend_interfaces/srv/Stop',
      request: { reason: 'a test' },
    })
  const speedOf = async (scale: number): Promise<void> => {
    const request = { parameters: [{ name: 'speed_scale', value: { type: 3, double_value: scale } }] }
    const { results } = await peer.ask<{ results: { successful: boolean }[] }>('call', {
      service: '/control/set_parameters',
      type: 'rcl_interfaces/srv/SetParameters',
      request,
    })
    expect(results[0].successful).toBe(true)
  }
  /** The speeds of the set-points, m/s. The step between two is 10 ms, or longer where the timer was late. */
  const speeds = (seen: readonly Pose[]): number[] =>
    seen.slice(1).map((pose, i) => apart(pose, seen[i]) / Math.max(0.01, time(pose) - time(seen[i])))

  test('grasping begins, and its set-points keep to the speed scale', async () => {
    await until(
      () => moved(),
      distance => distance > 0.01,
      40_000,
    )
    await begun()
    await speedOf(0.2)
    const now = Date.now() / 1000
    const since = async (): Promise<Pose[]> => (await poses('/tool_target', 2000)).filter(pose => time(pose) > now)
    const slow = await until(since, seen => seen.length >= 60)
    expect(Math.max(...speeds(slow).slice(2))).toBeLessThan(0.2 * SPEED + 1e-6)
    expect(Math.max(...speeds(slow))).toBeGreaterThan(0)
    await speedOf(1)
  })

  test('an episode begins at rest: no set-point of the one before moves the tool during the tare', async () => {
    const away = ({
      pose: {
        position: { x, y, z },
      },
    }: Pose): number => Math.hypot(x - HOME[0], y - HOME[1], z - HOME[2])
    /** The first pose after an episode has placed the tool. */
    const placed = (seen: readonly Pose[]): number =>
      seen.findIndex((pose, i) => i > 0 && away(pose) < 0.001 && away(seen[i - 1]) > 0.01)
    const soFar = (): Promise<Pose[]> => poses('/tool_pose', 500)
    // A busy machine loses poses. An episode with too few of them is not judged.
    let checked = 0
    for (let episode = 0; checked < 3 && episode < 10; episode++) {
      await peer.ask('clear', { topic: '/tool_pose' })
      const seen = await until(
        soFar,
        all => placed(all) > 0 && time(all.at(-1) as Pose) > time(all[placed(all)]) + 0.18,
        40_000,
      )
      const start = placed(seen)
      const tare = seen.slice(start).filter(pose => time(pose) <= time(seen[start]) + 0.18)
      if (tare.length < 3 || time(tare.at(-1) as Pose) < time(tare[0]) + 0.1) continue
      checked++
      // Before this was guarded the tool moved 11 cm. A set-point from before the control node received the
      // announcement moves the tool until the next one: some mm, on a busy machine 2 cm.
      expect(Math.max(...tare.map(away))).toBeLessThan(0.05)
    }
    expect(checked).toBe(3)
  }, 150_000)

  test('/control/stop ends all motion and reports it; nothing moves until "resume"', async () => {
    await begun()
    await until(
      () => moved(),
      distance => distance > 0.005,
    )
    expect(await stop()).toEqual({ stopped: true, message: '' })
    await stands(0.8)
    await until(
      () => said(),
      texts => texts.includes('stop'),
    )
    await say('resume')
    await until(
      () => moved(),
      distance => distance > 0.005,
    )
  })

  test.each<[string, () => Promise<unknown>]>([
    ['the service', () => stop()],
    ['a word', () => say('no, stop!')],
  ])(
    'a stop by %s lasts until "resume": the running episode counts as stopped, none follows, and one ' +
      'that somebody else announces moves nothing',
    async (_by, halt) => {
      await begun()
      await until(
        () => moved(),
        distance => distance > 0.005,
      )
      await peer.ask('clear', { topic: '/episode/result' })
      await halt()
      const result = await until(
        () => texts('/episode/result'),
        seen => seen.length > 0,
      )
      expect(JSON.parse(result[0])).toMatchObject({ success: false, reason: 'stopped' })
      await peer.ask('clear', { topic: '/episode' })
      await peer.ask('publish', { topic: '/episode', type: TEXT, messages: [{ data: '{"index": 99}' }] })
      // Longer than a tare and a watchdog, after which the arm would move, and longer than the cell needs to place an
      // episode.
      await stands(3)
      expect(await texts('/episode')).toEqual(['{"index": 99}'])
      await say('resume')
      await until(
        () => texts('/episode'),
        seen => seen.length > 1,
      )
      await until(
        () => moved(),
        distance => distance > 0.005,
      )
    },
  )

  test('a stop that the gripper does not acknowledge is answered with the reason', async () => {
    const [cell] = nodes
    // The cell has ended, and its pseudo-terminal is gone.
    expect((await cell.signal()).status).toBe(0)
    const { stopped, message } = await stop()
    expect(stopped).toBe(false)
    expect(message).not.toBe('')
  })

  test('all end with exit code 0', async () => {
    for (const node of nodes) {
      const { status, log } = await node.signal()
      expect(status, log).toBe(0)
    }
  })
})
