import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { describeRos, root } from './environment.js'
import { domain, endWithTests, startNode } from './processes.js'

const ROBOT = (type: string): string => `
robot: hand
tick: { rate: 30 Hz }
streams:
  fingers: { topic: /gripper_states, type: sensor_msgs/msg/JointState, select: [position.finger_joint] }
  voice: { topic: /voice/events, type: prehend_interfaces/msg/VoiceEvent }
actions:
  hand:
    action: /hand/gripper_cmd
    type: control_msgs/action/${type}
    joint: finger_joint
    closed: 0.8 rad
    open: 0 rad
    state: fingers
limits:
  width: [0 mm, 80 mm]
  effort: [1 N, 5 N]
  # A busy machine is not tested here.
  watchdog: { policy: 2 s }
`

describeRos('a gripper behind a ROS action, with rclpy on the other side', () => {
  const folder = mkdtempSync(join(tmpdir(), 'prehend-gripper-action-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  endWithTests()

  const env = domain(12)

  test.each(['ParallelGripperCommand', 'GripperCommand'])(
    '%s: a goal for each change, another one ends it, "stop" cancels and holds, a refusal holds',
    async type => {
      const robot = join(folder, `${type}.yaml`)
      writeFileSync(robot, ROBOT(type))
      const control = startNode(
        'control',
        ['-p', 'autostart:=true', '-p', 'execution:=receding_horizon', '-p', `robot:=${robot}`],
        env,
      )
      await control.said(/control is active/)
      // Nobody serves the action yet.
      await control.said(/hand \(\/hand\/gripper_cmd\): no server of its action is there: the robot holds until one is/)
      const stdout = await new Promise<string>((resolve, reject) =>
        execFile('python3', [join(root, 'test/ros2/gripper_server.py'), type], { env }, (error, out) =>
          error ? reject(new Error(`${error.message}\n${control.output()}`)) : resolve(out),
        ),
      )
      const seen = JSON.parse(stdout) as Record<string, number> & { first: number[]; efforts: number[] }
      expect(seen.first[0]).toBeCloseTo(0, 6)
      expect(seen.efforts.every(effort => Math.abs(effort - 3) < 1e-6)).toBe(true)
      // 30 chunks a second and 100 set-points a second say the same: one goal.
      expect(seen['standing']).toBe(1)
      expect(seen['quarter']).toBe(2)
      expect(seen['moved']).toBeLessThan(0.1)
      expect(seen['hold']).toBeLessThan(0.1)
      expect(seen['stopped']).toBeGreaterThan(0.2)
      expect(seen['stopped']).toBeLessThan(0.7)
      // While it is refused the fingers stay closed.
      expect(seen['refused']).toBeCloseTo(0.8, 6)
      expect(control.output()).toMatch(
        /hand \(\/hand\/gripper_cmd\): its action refuses 80\.0 mm with 3 N: the robot holds/,
      )
      expect((await control.signal()).status).toBe(0)
    },
  )
})
