import { existsSync, readdirSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { DRIVERS } from '../../drivers/gripper-drivers.js'
import type { Actuator } from '../../robots/actuators/actuators.js'
import { armAndGripper } from '../../robots/actuators/arm-and-gripper.js'
import { SERVO_MODELS } from '../../drivers/servo/servo-models.js'
import { RobotError } from '../../robots/robot-error.js'
import { parseRobot } from '../../robots/robot-file.js'
import type { Robot } from '../../robots/robot.js'
import { unknownName } from '../../robots/validation.js'
import { ROOT } from '../../robots/topic-name.js'
import { LARGEST_TEXT, readTextSync } from '../../middleware/regular-file.js'
import { messageOf } from '../../middleware/message-of.js'
import { packageRoot } from '../package-root.js'

const DEFAULT_ROBOT = 'cell'

/** The folder of the shipped robot files. */
const SHIPPED_ROBOTS = join(packageRoot, 'robots')

/**
 * Reads a robot file: a path, or the bare name of a shipped one (`cell`). A file in the working folder comes before a
 * shipped one of the same name. `namespace` is that of its relative topics, unless the file has its own. Throws a
 * RobotError of one line where the file does not exist, cannot be read, or is no robot file.
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
  const robot = parseRobot(text, path, namespace, model => readModelText(resolve(dirname(path), model)))
  for (const actuator of robot.actuators)
    if (actuator.kind === 'gripper_driver' && !DRIVERS.has(actuator.driver))
      throw new RobotError(
        'ROBOT_DRIVER',
        `${path}: actions.${actuator.name}.driver: ` +
          unknownName('driver', actuator.driver, [...DRIVERS.keys(), ...SERVO_MODELS.keys()]),
      )
  return robot
}

/** The text of a URDF or MJCF. Throws an Error whose message is the reason. */
function readModelText(path: string): string {
  try {
    return readTextSync(path, LARGEST_TEXT)
  } catch (error) {
    throw new Error(isMissing(error) ? 'there is no such file' : reasonOf(error), { cause: error })
  }
}

/**
 * The robot with its actuator `gripper`, or else its only gripper with a driver, or else its only servo bus, on another
 * port. With `path` undefined it is unchanged. Throws RobotError where it has none of them, or several where one is meant.
 */
export function withPort(robot: Robot, path: string | undefined): Robot {
  if (path === undefined) return robot
  const grippers = robot.actuators.filter(({ kind }) => kind === 'gripper_driver')
  const buses = robot.actuators.filter(({ kind }) => kind === 'servo_bus')
  const meant = [grippers.filter(({ name }) => name === 'gripper'), grippers, buses]
  const [one, other] = meant.find(({ length }) => length > 0) ?? []
  if (!one) throw new RobotError('ROBOT_PORT', `--port ${path}: robot ${robot.name} has no gripper and no servo bus`)
  if (other)
    throw new RobotError(
      'ROBOT_PORT',
      `--port ${path}: robot ${robot.name} has several ${one.kind === 'servo_bus' ? 'servo buses' : 'grippers'}; ` +
        'name their ports in the robot file',
    )
  const actuators = robot.actuators.map(
    (each): Actuator =>
      each === one && 'port' in each ? { ...each, port: { ...each.port, serial_number: undefined, path } } : each,
  )
  return { ...robot, actuators, actions: armAndGripper(actuators) }
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

const codeOf = (error: unknown): unknown => (error instanceof Error && 'code' in error ? error.code : undefined)
const isMissing = (error: unknown): boolean => codeOf(error) === 'ENOENT'

function reasonOf(error: unknown): string {
  const code = codeOf(error)
  if (isMissing(error)) return 'there is no such file; name one, or a robot file that comes with prehend'
  if (code === 'EISDIR') return 'it is a folder'
  if (code === 'EACCES') return 'it may not be read'
  return messageOf(error)
}
