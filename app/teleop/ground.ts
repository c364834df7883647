import type { Bus } from '../../middleware/bus.js'
import { LocalBus } from '../../middleware/local/local-bus.js'
import { SystemClock } from '../../middleware/local/system-clock.js'
import { messageOf } from '../../middleware/message-of.js'
import { requireAll } from '../../peers/peers.js'
import type { Robot } from '../../robots/robot.js'
import { commandTopics } from '../../nodes/command-wiring.js'
import { UsageError } from '../output/output.js'
import { cellSensors, followSetPoints, takesPoses, toolPoses } from '../session/cell-parts.js'
import { cellNeed, startCell } from '../session/cells.js'
import { closeInOrder } from '../session/closing.js'
import { ControlElsewhere, requireSoleControl, requireSolePerson } from '../session/control-elsewhere.js'
import { ros2Topics, serialPorts, type RobotGround } from '../session/robot-ground.js'
import type { Sensors } from '../session/session.js'

/** What teleoperation stands on: that of a robot, and the sensors that this process starts. */
export interface Ground extends RobotGround {
  readonly sensors: Sensors
  /** The ports of a simulated gripper, and of a simulated arm's servos. */
  readonly ports: Readonly<Record<string, string>>
  /** The control node of another process, which moves the robot. Undefined: this process needs one of its own. */
  readonly control?: ControlElsewhere | undefined
}

export interface GroundOptions {
  readonly robot: Robot
  readonly seed: number
  /** Whether the person takes over through a control node that another process has. `ros2` alone. Default false. */
  readonly attach?: boolean | undefined
  readonly signal: AbortSignal
  readonly onNotice: (text: string) => void
  readonly onLost: (text: string) => void
  readonly onError: (error: unknown) => void
}

type OpenGround = (options: GroundOptions) => Promise<Ground>

const bus: OpenGround = async options => ({ ...serialPorts(options), sensors: [], ports: {} })

const ros2: OpenGround = async options => {
  const { robot, attach = false, signal, onError } = options
  const ground = await ros2Topics('prehend_teleop', options)
  const { bus } = ground
  try {
    const control = attach ? await runningControl(bus, robot, signal) : undefined
    if (attach) await requireSolePerson(bus, robot, { signal })
    else await requireSoleControl(bus, robot, { signal, remedy: ', or take over through it with --attach' })
    return { ...ground, sensors: [], ports: {}, control }
  } catch (error) {
    await closeInOrder([{ name: 'bus', close: () => bus.close() }, ...ground.closings], onError)
    throw error
  }
}

/** ms that a person waits for a control node, which may just be starting. */
const ATTACH = 10_000

/** Rejects with UsageError where no control node runs, with Interrupted where `signal` is aborted. */
async function runningControl(bus: Bus, robot: Robot, signal: AbortSignal): Promise<ControlElsewhere> {
  const control = await ControlElsewhere.find(bus, robot, { within: ATTACH, signal })
  if (control) return control
  throw new UsageError(
    `--attach: no active control node speaks on ${commandTopics(robot).followed}; start one, or leave out --attach`,
  )
}

/** The embedded cell in real time, with the objects of its first episode. */
const sim: OpenGround = async ({ robot, seed, signal, onLost, onError }) => {
  requireAll([cellNeed(robot, 'sim')])
  const started = process.hrtime.bigint()
  const cell = await startCell(robot, 'sim')({ mode: 'realtime', seed, objects: 'seen', started }, signal)
  cell.onError = error => onLost(`the cell has failed: ${messageOf(error)}`)
  const clock = new SystemClock(started)
  const bus = new LocalBus(clock, { onError })
  if (takesPoses(cell)) {
    const poses = toolPoses(bus, robot)
    if (poses) cell.onToolPose = (stamp, _receive, pose) => poses.publish(stamp, pose)
    followSetPoints(bus, robot, ({ pose }) => cell.setToolTarget(pose))
  }
  await cell.reset(0)
  return {
    bus,
    epochSec: undefined,
    sensors: cellSensors(robot, cell),
    ports: cell.ports,
    closings: [
      { name: 'cell', close: () => cell.close() },
      { name: 'clock', close: () => clock.close() },
    ],
  }
}

/** By the word of `--source`, one line each. */
const GROUNDS: ReadonlyMap<string, OpenGround> = new Map([
  ['bus', bus],
  ['ros2', ros2],
  ['sim', sim],
])

export const GROUND_NAMES: readonly string[] = [...GROUNDS.keys()]

/** Throws UsageError for a word that is none of GROUND_NAMES. */
export function groundNamed(name: string): OpenGround {
  const open = GROUNDS.get(name)
  if (!open) throw new UsageError(`--source ${name}: is not known; expected ${GROUND_NAMES.join(', ')}`)
  return open
}
