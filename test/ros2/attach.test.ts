import { readFileSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { prehend, startPrehend } from '../e2e/prehend.js'
import { readRobot } from '../../app/robot/load-robot.js'
import { Scratch } from '../policy/onnx-models.js'
import { steadyModel } from '../policy/steady-model.js'
import { Files, motorArm, near, until } from '../teleop/arms.js'
import { describeRos } from './environment.js'
import {
  domain,
  endWithTests,
  startNode,
  startPeer,
  until as untilAnswered,
  type RunningNode,
  type Talk,
} from './processes.js'

const START = [0.2, -0.2, 0.5]
const PLAN = [-0.4, 0.3, 0.2]
const CHUNK = {
  header: { stamp: { $now: 0 } },
  rate: 30,
  data: Array.from({ length: 60 }, () => PLAN).flat(),
  grasp_success: { $nan: 1 },
  version: 3,
  groups: [{ name: 'arm', kind: 'joint_position', joints: ['pan', 'lift', 'jaw'] }],
}
/** A gamepad that pushes the stick of the first joint, or nothing. */
const pad = (pan: number): object => ({ axes: [pan, 0, 0, 0, 0], buttons: Array.from({ length: 11 }, () => 0) })
/** Longer than any of the tests takes. */
const LONG = 6000

describeRos('a person and a control node that runs already, with a policy and a gamepad by rclpy', () => {
  const env = domain(-1)
  const files = new Files()
  const scratch = new Scratch()
  const { joints, arm } = motorArm(START)
  const at = (): number[] => joints.map(joint => joint.position())
  let robot: string
  let control: RunningNode
  let peer: Talk
  let gamepad: Talk
  endWithTests()

  beforeAll(async () => {
    robot = files.follower(arm.host.path)
    // A busy machine is not tested here.
    writeFileSync(robot, readFileSync(robot, 'utf8').replace('person: 400 ms', 'person: 1 s, policy: 3 s'))
    control = startNode('control', ['-p', 'autostart:=true', '-p', `robot:=${robot}`], env)
    ;[peer, gamepad] = await Promise.all([startPeer(env), startPeer(env)])
    await control.said(/control is active/)
  })
  afterAll(async () => {
    await Promise.all([peer.ask('enough'), gamepad.ask('enough')])
    await Promise.all([peer.end(), gamepad.end(), control.signal()])
    await arm.host.close()
    files.remove()
    scratch.remove()
  })

  /** Pushes the stick from now on. */
  const push = async (pan: number): Promise<void> => {
    await gamepad.ask('enough')
    void gamepad
      .ask('publish', {
        topic: '/joy',
        type: 'sensor_msgs/msg/Joy',
        messages: Array(LONG).fill(pad(pan)),
        period: 0.02,
      })
      .catch(() => undefined)
  }

  /** Resolves when the control node says that it follows `whom`. */
  const followed = async (whom: string): Promise<void> => {
    const topic = '/control/commander'
    await peer.ask('listen', { topic, type: 'std_msgs/msg/String' })
    await peer.ask('clear', { topic })
    await untilAnswered(
      () => peer.ask<{ data: string }[]>('take', { topic, count: 1, last: 1 }),
      ([newest]) => newest.data === whom,
    )
  }

  test.each([
    ['teleop', ['--by', 'gamepad'], 'end it first, or take over through it with --attach; nothing was moved'],
    ['run', [], 'end it first; nothing was moved'],
  ])('%s is refused beside it, in one line', (command, by, remedy) => {
    const policy = (): string => steadyModel(scratch, readRobot(robot), { from: ['joints'], wants: { arm: PLAN } })
    const args = command === 'run' ? ['--policy', policy()] : by
    const { status, stderr } = prehend([command, '--source', 'ros2', '--robot', robot, ...args], { env })
    expect([status, stderr.trimEnd().split('\n').at(-1)]).toEqual([
      2,
      `prehend: robot follower: another control node commands it already (/control/commander); ${remedy}`,
    ])
  })

  test('teleop --attach takes the arm from the policy, stops it, gives it back, and leaves it to the policy', async () => {
    const topic = '/policy/action_chunk'
    await peer.ask('advertise', { topic, type: 'prehend_interfaces/msg/ActionChunk', match: 1 })
    const messages = Array(LONG).fill(CHUNK)
    void peer
      .ask('publish', { topic, type: 'prehend_interfaces/msg/ActionChunk', messages, period: 0.1 })
      .catch(() => undefined)
    await until(() => near(at(), PLAN), at)
    await push(0)
    const run = startPrehend(
      ['teleop', '--source', 'ros2', '--attach', '--by', 'gamepad', '--robot', robot, '--json'],
      env,
    )
    const say = (line: string): unknown => run.child.stdin?.write(`${line}\n`)
    await run.said(/following the policy/)
    expect(near(at(), PLAN)).toBe(true)
    say('take')
    await run.said(/following the person/)
    await push(1)
    await until(() => at()[0] > 0.4, at)
    expect(near(at().slice(1), PLAN.slice(1))).toBe(true)
    say('stop')
    await run.said(/stopped: "resume" goes on[^]*holding: /)
    // The motors come to rest. Then the arm stands for longer than a person may be silent, while the stick is pushed.
    await new Promise(resolve => setTimeout(resolve, 200))
    const stood = at()
    await new Promise(resolve => setTimeout(resolve, 1500))
    expect(near(at(), stood, 0.005), JSON.stringify([at(), stood])).toBe(true)
    const second = startPrehend(['teleop', '--source', 'ros2', '--attach', '--by', 'gamepad', '--robot', robot], env)
    const refused = await second.end
    expect([refused.status, refused.stderr.trimEnd().split('\n').at(-1)]).toEqual([
      2,
      expect.stringMatching(/a person commands it already \(\/prehend_teleop on \/teleop\/action_chunk\)/),
    ])
    say('resume')
    await run.said(/said "resume"[^]*following the person/)
    await until(() => at()[0] > Math.min(1.4, stood[0] + 0.1), at)
    say('give')
    await until(() => near(at(), PLAN), at)
    run.child.kill('SIGINT')
    const { status, stdout, stderr } = await run.end
    expect(status, stderr).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ source: 'ros2', by: 'gamepad', takeovers: 1 })
    await followed('policy')
    expect(near(at(), PLAN), control.output()).toBe(true)
  }, 180_000)

  test('a stop that a person said through it stays when they have gone', async () => {
    await followed('policy')
    const run = startPrehend(['teleop', '--source', 'ros2', '--attach', '--by', 'gamepad', '--robot', robot], env)
    await run.said(/following the policy/)
    run.child.stdin?.write('stop\n')
    await run.said(/stopped: "resume" goes on[^]*holding: /)
    run.child.kill('SIGINT')
    expect((await run.end).status).toBe(0)
    await followed('nobody')
  })

  test.each([
    [
      ['--source', 'bus', '--attach'],
      '--attach: a control node of another process is on ROS 2 topics; add --source ros2',
    ],
    [['--attach', '--policy', 'my.onnx'], '--attach: leave out --policy'],
    [['--attach', '--port', '/dev/ttyACM0'], '--attach: leave out --port'],
    [['--attach', '--namespace', '/left'], '--attach: no active control node speaks on /left/control/commander; start'],
  ])('%j is refused in one line', (args, text) => {
    const all = ['teleop', '--source', 'ros2', '--by', 'gamepad', '--robot', robot, ...args]
    const { status, stderr } = prehend(all, { env })
    expect(status, stderr).toBe(2)
    expect(stderr.trimEnd().split('\n').at(-1)).toContain(text)
  })
})
