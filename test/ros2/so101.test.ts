import { readFileSync } from 'node:fs'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { readRobot } from '../../app/robot/load-robot.js'
import { startEmulatedArm, type EmulatedArm } from '../../sim/firmware/emulated-arm.js'
import { startPrehend } from '../e2e/prehend.js'
import { Scratch } from '../policy/onnx-models.js'
import { steadyModel } from '../policy/steady-model.js'
import { Files, near, until } from '../teleop/arms.js'
import { describeRos } from './environment.js'
import { domain, endWithTests, startNode, startPeer, type Talk } from './processes.js'

const EXAMPLE = readFileSync(new URL('../../examples/robots/so101.yaml', import.meta.url), 'utf8')
const START = [0, -1.2, 1.2, 0.8, 0, 0.2]
const PLAN = [0.3, -1, 1, 0.6, 0.2, 0.5]
const [WIDTH, HEIGHT] = [64, 48]
const PICTURE = {
  header: { stamp: { $now: 0 }, frame_id: 'camera' },
  encoding: 'rgb8',
  width: WIDTH,
  height: HEIGHT,
  step: 3 * WIDTH,
  data: { $bytes: [3 * WIDTH * HEIGHT, 90] },
}

describeRos('the robot file of the SO-101 over DDS, with emulated servos and two cameras by rclpy', () => {
  const env = domain(-2)
  const files = new Files()
  const scratch = new Scratch()
  let arm: EmulatedArm
  let robot: string
  let policy: string
  let peer: Talk
  const at = (): number[] => [...arm.positions()]
  endWithTests()

  beforeAll(async () => {
    peer = await startPeer(env)
    for (const camera of ['overhead', 'wrist'])
      void peer
        .ask('publish', {
          topic: `/${camera}/image_raw`,
          type: 'sensor_msgs/msg/Image',
          messages: Array(6000).fill(PICTURE),
          period: 1 / 30,
        })
        .catch(() => undefined)
  })
  beforeEach(() => {
    arm = startEmulatedArm({ angles: START })
    const text = EXAMPLE.replace('path: /dev/ttyACM0', `path: ${arm.path}`)
    // A busy machine is not tested here.
    robot = files.write('so101.yaml', `${text}  watchdog: { camera: 3 s, policy: 3 s }\n`)
    policy = steadyModel(scratch, readRobot(robot), { from: ['joints'], wants: { arm: PLAN } })
  })
  afterEach(() => arm.close())
  afterAll(async () => {
    await peer.ask('enough')
    await peer.end()
    files.remove()
    scratch.remove()
  })

  test('prehend run --source ros2 drives it by a policy, at the ticks of the wrist camera', async () => {
    const run = startPrehend(['run', '--source', 'ros2', '--robot', robot, '--policy', policy, '--json'], env)
    await until(() => near(at(), PLAN, 0.03), at, 60_000)
    run.child.kill('SIGINT')
    const { status, stdout, stderr } = await run.end
    expect(status, stderr).toBe(0)
    const result = JSON.parse(stdout) as Record<'observations' | 'rgbFrames' | 'chunks' | 'incomplete', number>
    expect(result.rgbFrames).toBeGreaterThan(10)
    expect(result.chunks).toBeGreaterThan(5)
    expect(result.observations).toBeGreaterThan(result.incomplete)
    expect(near(at(), PLAN, 0.03)).toBe(true)
  })

  test('so do the nodes fusion and control, as robot.launch.py starts them', async () => {
    const given = ['-p', 'autostart:=true', '-p', `robot:=${robot}`]
    const control = startNode('control', given, env)
    const fusion = startNode('fusion', [...given, '-p', `policy:=${policy}`], env)
    await Promise.all([control.said(/control is active/), fusion.said(/fusion is active/)])
    await until(
      () => near(at(), PLAN, 0.03),
      () => [at(), control.output(), fusion.output()],
      60_000,
    )
    expect((await fusion.signal()).status, fusion.output()).toBe(0)
    expect((await control.signal()).status, control.output()).toBe(0)
  })
})
