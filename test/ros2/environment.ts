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

/** This process's environment with ROS 2 in it, for a process to be started with. */
export function rosEnvironment(): NodeJS.ProcessEnv {
  return { ...process.env, ...(JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>) }
}

/** Whether the ROS 2 that was set up is the wheels', not one that was sourced. */
export function onWheels(): boolean {
  return (
    existsSync(file) && (rosEnvironment()['AMENT_PREFIX_PATH'] ?? '').split(':').includes(join(root, '.ros/kilted'))
  )
}

/**
 * Runs a script of this folder in the Python that has rclpy, gives it `input` as JSON and returns the JSON that it
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
