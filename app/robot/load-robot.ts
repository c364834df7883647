import { existsSync, readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { DRIVERS } from '../../drivers/registry.js'
import { RobotError } from '../../robots/robot-error.js'
import { parseRobot } from '../../robots/robot-file.js'
import type { Robot } from '../../robots/robot.js'
import { unknownName } from '../../robots/validation.js'
import { ROOT } from '../../robots/topic-name.js'
import { LARGEST_TEXT, readTextSync } from '../../middleware/regular-file.js'
import { messageOf } from '../output/output.js'
import { packageRoot } from '../package-root.js'

const DEFAULT_ROBOT = 'cell'

/** The folder of the shipped robot files. */
const SHIPPED_ROBOTS = join(packageRoot, 'robots')

/**
 * Reads a robot file: a path, or the bare name of a shipped one (`cell`). A file in the working folder goes before a
 * shipped one of the same name. `namespace`: where its relative topics lie, unless it says so itself. Throws a
 * RobotError (one line) where there is none, it cannot be read, or it is not a robot file.
 */
export function readRobot(nameOrPath: string = DEFAULT_ROBOT, namespace: string = ROOT): Robot {
  const path = locate(nameOrPath)
  let text: string
  try {
    text = readTextSync(path, LARGEST_TEXT)
  } catch (error) {
    throw new RobotError('ROBOT_UNREADABLE', `${path}: cannot read this robot file: ${reasonOf(error)}`, {
      cause: error,
    })
  }
  const robot = parseRobot(text, path, namespace)
  const driver = robot.actions.gripper?.driver
  if (driver !== undefined && !DRIVERS.has(driver))
    throw new RobotError(
      'ROBOT_DRIVER',
      `${path}: actions.gripper.driver: ${unknownName('driver', driver, [...DRIVERS.keys()])}`,
    )
  return robot
}

/**
 * The robot with its gripper on another port; `path` undefined: as it is. Throws RobotError where it has no gripper.
 */
export function withPort(robot: Robot, path: string | undefined): Robot {
  const { gripper } = robot.actions
  if (path === undefined) return robot
  if (!gripper) throw new RobotError('ROBOT_PORT', `--port ${path}: robot ${robot.name} has no gripper`)
  return { ...robot, actions: { ...robot.actions, gripper: { ...gripper, port: { ...gripper.port, path } } } }
}

function locate(nameOrPath: string): string {
  const bare = nameOrPath === basename(nameOrPath) && !/\.ya?ml$/.test(nameOrPath)
  if (!bare || existsSync(nameOrPath)) return nameOrPath
  const folder = SHIPPED_ROBOTS
  const path = join(folder, `${nameOrPath}.yaml`)
  if (existsSync(path)) return path
  const shipped = readdirSync(folder)
    .filter(file => file.endsWith('.yaml'))
    .map(file => basename(file, '.yaml'))
  throw new RobotError('ROBOT_UNREADABLE', `${unknownName('robot', nameOrPath, shipped)}; give one of these or a path`)
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'ENOENT') return 'there is no such file; name one, or a robot file that comes with prehend'
  if (code === 'EISDIR') return 'it is a folder'
  if (code === 'EACCES') return 'it may not be read'
  return messageOf(error)
}
