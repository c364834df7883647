import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe } from 'vitest'

export const root = fileURLToPath(new URL('../..', import.meta.url))
export const install = join(root, '.ros/install')
const file = join(root, '.ros/environment.json')

/** Runs where `npm run setup:ros` (which `npm test` calls) has set up ROS 2, and is skipped elsewhere. */
export const describeRos = describe.skipIf(!existsSync(file))

/** The environment of this process with ROS 2 in it, for a process that a test starts. */
export function rosEnvironment(): NodeJS.ProcessEnv {
  return { ...process.env, ...(JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>) }
}

/** Whether ROS 2 comes from the wheels, and not from a sourced installation. */
export function onWheels(): boolean {
  return (
    existsSync(file) && (rosEnvironment()['AMENT_PREFIX_PATH'] ?? '').split(':').includes(join(root, '.ros/kilted'))
  )
}

/**
 * Runs a script of this folder in the Python that has rclpy. The script gets `input` as JSON. Returns the JSON that it
 * printed.
 */
export function rclpy<T>(script: string, input: unknown): T {
  const out = execFileSync('python3', [join(root, 'test/ros2', script)], {
    env: rosEnvironment(),
    input: JSON.stringify(input),
    encoding: 'utf8',
    maxBuffer: 256 << 20,
  })
  return JSON.parse(out) as T
}
