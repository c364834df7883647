import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { openBag } from '../../middleware/bag/bag.js'
import { startPrehend } from '../e2e/prehend.js'
import { describeRos, root } from './environment.js'
import { domain } from './processes.js'

const ROBOT = `
robot: jointed
tick: { rate: 30 Hz }
streams:
  joints: { topic: /joint_states, type: sensor_msgs/msg/JointState, select: [position.pan, position.lift] }
actions:
  arm: { topic: /arm/joint_trajectory, type: trajectory_msgs/msg/JointTrajectory, joints: [pan, lift], state: joints }
limits:
  joints:
    pan: { position: [-1 rad, 1 rad], velocity: 1 rad/s }
    lift: { position: [-1 rad, 1 rad], velocity: 1 rad/s }
  # A busy machine is not tested here.
  watchdog: { person: 500 ms }
`

describeRos('prehend teleop on ROS 2, with an arm and a gamepad by rclpy', () => {
  const env = domain(8)
  const folder = mkdtempSync(join(tmpdir(), 'prehend-teleop-ros-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  test('a stick moves a joint within its limits, silence holds the arm, buttons make an episode', async () => {
    const robot = join(folder, 'jointed.yaml')
    writeFileSync(robot, ROBOT)
    const out = join(folder, 'pad.mcap')
    const run = startPrehend(
      ['teleop', '--source', 'ros2', '--by', 'gamepad', '--robot', robot, '--record', out, '--json'],
      env,
    )
    await run.said(/the sticks|sticks move/)
    const seen = JSON.parse(
      await new Promise<string>((resolve, reject) =>
        execFile('python3', [join(root, 'test/ros2/gamepad_arm.py')], { env }, (error, stdout) =>
          error ? reject(error) : resolve(stdout),
        ),
      ),
    ) as Record<'pushed' | 'still', { pan: number; lift: number }> & { fastest: number; said: string[] }
    run.child.kill('SIGINT')
    const { status, stdout, stderr } = await run.end
    expect(status, stderr).toBe(0)
    expect(seen.pushed.pan).toBeGreaterThan(0.6)
    expect(seen.still).toEqual(seen.pushed)
    expect(seen.pushed.lift).toBeCloseTo(-0.3, 6)
    // 1 rad/s, a hundred times a second; one step in this process's queue may hide another.
    expect(seen.fastest).toBeLessThan(0.05)
    expect(seen.said).toEqual(['nobody', 'person'])
    expect(JSON.parse(stdout)).toMatchObject({ by: 'gamepad', episodes: 1, successes: 1, takeovers: 1 })
    const bag = await openBag(out)
    const topics = bag.topics.map(({ name }) => name)
    await bag.close()
    expect(topics).toEqual(expect.arrayContaining(['/joint_states', '/arm/joint_trajectory', '/control/commander']))
  })
})
