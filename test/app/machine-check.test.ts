import { afterEach, expect, test, vi } from 'vitest'
import { checkMachine, type MachineFinding } from '../../app/inspection/machine-check.js'
import { isCheckout } from '../../peers/installation.js'

vi.mock('../../peers/installation.js', { spy: true })
vi.mock('../../sim/embedded/mujoco.js', () => ({ loadMujoco: () => Promise.reject(new Error('it is broken')) }))
// As in a checkout, whose rclnodejs is not built.
vi.mock('../../middleware/ros2/rclnodejs.js', () => ({ rosProblem: () => 'ros2: no build' }))

afterEach(() => void vi.unstubAllEnvs())

async function mendOf(name: string): Promise<MachineFinding['mend'] | undefined> {
  return (await checkMachine({})).find(finding => finding.name === name)?.mend
}

test.each([
  [true, 'npm run setup', 'npm run setup:ros', 'or `npm run setup:ros` and'],
  [false, 'npm install @mujoco/mujoco@3', 'npm install rclnodejs@2.2', 'source /opt/ros/DISTRO/setup.bash; not'],
])('the way to mend is one that the installation has (a checkout: %s)', async (checkout, mujoco, built, source) => {
  vi.mocked(isCheckout).mockReturnValue(checkout)
  vi.stubEnv('AMENT_PREFIX_PATH', '/opt/ros/x')
  vi.stubEnv('ROS_DISTRO', 'x')
  expect(await mendOf('mujoco')).toBe(mujoco)
  expect(await mendOf('ros 2')).toBe(built)
  vi.stubEnv('AMENT_PREFIX_PATH', undefined)
  expect(await mendOf('ros 2')).toContain(source)
})
