import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { startFirmwareHost } from '../../sim/firmware/host.js'
import { SpringPlant } from '../../sim/firmware/spring-plant.js'
import { describeRos, root } from './environment.js'
import { domain, endWithTests, startNode } from './processes.js'

const ROBOT = `
robot: jointed
tick: { rate: 30 Hz }
streams:
  joints: { topic: /joint_states, type: sensor_msgs/msg/JointState, select: [position.pan, position.lift] }
  voice: { topic: /voice/events, type: prehend_interfaces/msg/VoiceEvent }
actions:
  arm: { topic: /arm/joint_trajectory, type: trajectory_msgs/msg/JointTrajectory, joints: [pan, lift], state: joints }
  gripper: { driver: robotiq-2f85 }
limits:
  joints:
    pan: { position: [-1 rad, 1 rad], velocity: 2 rad/s, acceleration: 10 rad/s^2 }
    lift: { position: [-1 rad, 1 rad], velocity: 2 rad/s, acceleration: 10 rad/s^2 }
  width: [0 mm, 85 mm]
  effort: [20 N, 235 N]
  # A busy machine is not tested here.
  watchdog: { policy: 2 s, gripper: 2 s }
`

describeRos('an arm on a joint trajectory controller, with rclpy on the other side', () => {
  const env = domain(8)
  const folder = mkdtempSync(join(tmpdir(), 'prehend-joint-arm-'))
  const gripper = startFirmwareHost({ plant: new SpringPlant() })
  afterAll(async () => {
    await gripper.close()
    rmSync(folder, { recursive: true, force: true })
  })
  endWithTests()

  test('goes where a policy says, stands after "stop", and goes on after "resume"', async () => {
    const robot = join(folder, 'jointed.yaml')
    writeFileSync(robot, ROBOT)
    const control = startNode(
      'control',
      ['-p', 'autostart:=true', '-p', `port:=${gripper.path}`, '-p', `robot:=${robot}`],
      env,
    )
    await control.said(/control is active/)
    const stdout = await new Promise<string>((resolve, reject) =>
      execFile('python3', [join(root, 'test/ros2/joint_arm.py')], { env }, (error, out) =>
        error ? reject(new Error(`${error.message}\n${control.output()}`)) : resolve(out),
      ),
    )
    const seen = JSON.parse(stdout) as {
      first: { pan: number; lift: number }
      stopped: { pan: number; lift: number }
      moved: number
      last: { pan: number; lift: number }
      names: string[][]
    }
    expect(seen.first.pan).toBeCloseTo(0.6, 6)
    expect(seen.first.lift).toBeCloseTo(-0.4, 6)
    expect(seen.moved).toBe(0)
    expect(seen.stopped).toEqual(seen.first)
    expect(seen.last.pan).toBeCloseTo(-0.6, 6)
    expect(seen.last.lift).toBeCloseTo(0.3, 6)
    expect(seen.names).toEqual([['pan', 'lift']])
    expect((await control.signal()).status).toBe(0)
  })
})
