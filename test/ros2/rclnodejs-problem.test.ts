import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { lacking, rosProblem, type Rclnodejs } from '../../middleware/ros2/rclnodejs.js'
import { isCheckout } from '../../peers/installation.js'

vi.mock('../../peers/installation.js', { spy: true })

const prefix = mkdtempSync(join(tmpdir(), 'prehend-test-'))
afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(prefix, { recursive: true, force: true })
})

test.each([
  [true, 'setup.sh`), or run `npm run setup:ros` and then `. .ros/setup.sh`', 'npm run setup:ros'],
  [false, 'source your ROS 2 (`. /opt/ros/DISTRO/setup.sh`)', 'npm rebuild rclnodejs'],
])('why ROS 2 cannot be used names what the installation has (a checkout: %s)', (checkout, source, rebuild) => {
  vi.mocked(isCheckout).mockReturnValue(checkout)
  vi.stubEnv('AMENT_PREFIX_PATH', undefined)
  expect(rosProblem()?.endsWith(source)).toBe(true)

  vi.stubEnv('AMENT_PREFIX_PATH', prefix)
  const index = join(prefix, 'share/ament_index/resource_index/rosidl_interfaces')
  mkdirSync(index, { recursive: true })
  writeFileSync(join(index, 'new_msgs'), '')
  const rcl: Pick<Rclnodejs, 'require'> = {
    require: () => {
      throw new Error('no such message')
    },
  }
  expect(lacking(rcl, 'new_msgs/msg/New')).toBe(
    `new_msgs was installed after \`${rebuild}\`, which has to run once more`,
  )
})
