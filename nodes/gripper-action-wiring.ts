import type { Controller } from '../control/controller.js'
import { FingerMotion, type CommandedFingers } from '../control/finger-motion.js'
import type { Motion } from '../control/motion.js'
import type { Bus, Disposable } from '../middleware/bus.js'
import type { GripperAction } from '../robots/actuators/gripper-action.js'
import type { Actuator, Robot } from '../robots/robot.js'
import { ActionFingers } from './action-fingers.js'
import { busTime } from './intake/header-check.js'
import { JointSelection } from './intake/joint-selection.js'
import type { MotionWiring } from './motion-wiring.js'

export interface GripperActionOptions {
  readonly bus: Bus
  readonly robot: Robot
  /** Told in one line what a user should know about a gripper. */
  readonly onNotice?: ((text: string) => void) | undefined
}

/** Whether an actuator is a gripper behind a ROS action. */
export const isGripperAction = (actuator: Actuator): actuator is GripperAction => actuator.kind === 'gripper_action'

/** A gripper behind an action that is not open: a fault, which nothing moves. */
const CLOSED: CommandedFingers = {
  isFaulty: true,
  move: () => undefined,
  stop: () => undefined,
  drop: () => undefined,
  recover: () => undefined,
  poll: () => undefined,
}

/** Passes the measured places of grippers behind ROS actions to the controller, and its commands to their servers. */
export class GripperActionWiring implements MotionWiring {
  readonly motions: ReadonlyMap<string, Motion>
  readonly #options: GripperActionOptions
  readonly #grippers: readonly GripperAction[]
  readonly #fingers = new Map<string, ActionFingers>()
  #clients: Disposable[] = []

  constructor(options: GripperActionOptions) {
    this.#options = options
    this.#grippers = options.robot.actuators.filter(isGripperAction)
    this.motions = new Map(
      this.#grippers.map(({ name, state, limits }) => {
        const open = (): CommandedFingers => this.#fingers.get(name) ?? CLOSED
        const fingers: CommandedFingers = {
          get isFaulty() {
            return open().isFaulty
          },
          move: (width, effort) => open().move(width, effort),
          stop: at => open().stop(at),
          drop: () => open().drop(),
          recover: () => open().recover(),
          poll: now => open().poll(now),
        }
        return [
          name,
          new FingerMotion({
            fingers,
            // The robot file has these limits for each gripper that takes a width.
            limits: { width: limits.width ?? [0, 0], effort: limits.effort ?? [0, 0] },
            isMeasured: state !== undefined,
          }),
        ]
      }),
    )
  }

  /** Throws BusError ACTION where the bus has no actions, or where a type is not installed. */
  open(): void {
    const { bus, onNotice } = this.#options
    for (const gripper of this.#grippers) {
      const { name, action, type } = gripper
      if (!bus.action) throw new RangeError(`${name}: only ROS 2 has actions`)
      const client = bus.action(action, type)
      this.#clients.push(client)
      const tell = (text: string): void => onNotice?.(`${name} (${action}): ${text}`)
      this.#fingers.set(
        name,
        new ActionFingers({ client, goal: (width, effort) => goalOf(gripper, width, effort), tell }),
      )
    }
  }

  close(): void {
    for (const client of this.#clients) client.dispose()
    this.#clients = []
    this.#fingers.clear()
  }

  /** Resolves when what was told is with the servers. */
  async settled(): Promise<void> {
    await Promise.all([...this.#fingers.values()].map(fingers => fingers.settled()))
  }

  subscribe(controller: Controller, to: Disposable[]): void {
    const { bus, robot } = this.#options
    for (const gripper of this.#grippers) {
      const { name, joint, state } = gripper
      const stream = robot.streams.find(each => each.name === state)
      if (!stream || joint === undefined) continue
      const timeOf = busTime(stream)
      const selection = new JointSelection(stream.name, [`position.${joint}`])
      const width = new Float64Array(1)
      to.push(
        bus.subscribe(stream.topic, 'sensor_msgs/msg/JointState', (message, receive) => {
          if (selection.take(message) !== undefined) controller.badPoses++
          else {
            width[0] = widthOf(gripper, selection.values[0]!)
            controller.hearState(name, width, timeOf(message, receive), receive)
          }
        }),
      )
    }
  }
}

/** The goal of either type, with its ROS fields. An effort (N) is the most that the gripper may use. */
function goalOf(gripper: GripperAction, width: number, effort: number): object {
  const position = positionOf(gripper, width)
  const { joint } = gripper
  if (gripper.type.endsWith('/GripperCommand')) return { command: { position, max_effort: effort } }
  const header = { stamp: { sec: 0, nanosec: 0 }, frame_id: '' }
  return { command: { header, name: [joint], position: [position], velocity: [], effort: [effort] } }
}

/** The position of the joint (rad, m) at a width (m): from `closed` at the smallest to `open` at the largest. */
function positionOf({ travel, limits }: GripperAction, width: number): number {
  const [least, most] = limits.width ?? [0, 0]
  if (!travel || most === least) return width
  return travel.closed + ((width - least) / (most - least)) * (travel.open - travel.closed)
}

function widthOf({ travel, limits }: GripperAction, position: number): number {
  const [least, most] = limits.width ?? [0, 0]
  if (!travel) return position
  return least + ((position - travel.closed) / (travel.open - travel.closed)) * (most - least)
}
