import { setTimeout as pause } from 'node:timers/promises'
import type { Disposable } from '../../middleware/bus.js'
import type { GzNode } from '../../middleware/gazebo/gz-node.js'
import { DOUBLE, MODEL, stampOf } from '../../middleware/gazebo/gz-messages.js'
import type { MessageOf } from '../../middleware/gazebo/proto.js'
import type { GzPublisher } from '../../middleware/gazebo/topics.js'
import { SimError } from '../sim-error.js'
import { ARM_JOINTS, commandTopic, FINGER_JOINTS, TOPICS } from './names.js'
import { PATIENCE } from './world-services.js'

const JOINTS = [...ARM_JOINTS, ...FINGER_JOINTS] as const
/** Index of the left finger among the commands. The right finger follows it. */
export const FINGER = ARM_JOINTS.length
/** m or rad, and m/s or rad/s, within which a joint is at home. */
const AT_HOME = 0.003

/** The joints of the robot in Gazebo's world: their states, and the commands to them. */
export class WorldJoints implements Disposable {
  /** Positions and velocities of arm and fingers; 0 is home with open fingers. */
  readonly positions = new Float64Array(JOINTS.length)
  readonly velocities = new Float64Array(JOINTS.length)
  /** Stamp of the last joint state, ns; -1: none has come. */
  stamp = -1
  readonly #commands: readonly GzPublisher<typeof DOUBLE.fields>[]
  readonly #subscription: Disposable
  /** The last command to each joint; NaN: none. */
  readonly #sent = new Float64Array(ARM_JOINTS.length + 1).fill(NaN)

  /** `onState` is called after each joint state. */
  constructor(node: GzNode, onState: () => void) {
    this.#commands = [...ARM_JOINTS, FINGER_JOINTS[0]].map(joint => node.advertise(commandTopic(joint), DOUBLE))
    this.#subscription = node.subscribe(TOPICS.jointState, MODEL, message => {
      this.#receive(message)
      onState()
    })
  }

  /** Sends the next command to every joint, even if it does not change. */
  resend(): void {
    this.#sent.fill(NaN)
  }

  /** Commands a joint to a position, when that differs from its last command by more than `resolution`. */
  command(joint: number, position: number, resolution: number): void {
    if (Math.abs(position - this.#sent[joint]!) <= resolution) return
    this.#sent[joint] = position
    this.#commands[joint]?.publish({ data: position })
  }

  /** Whether all joints are at home, at rest. */
  isHome(): boolean {
    return (
      this.positions.every(position => Math.abs(position) < AT_HOME) &&
      this.velocities.every(velocity => Math.abs(velocity) < AT_HOME)
    )
  }

  /** Waits until the simulator has subscribed to the commands of every joint. Rejects with SimError GAZEBO_FAILED. */
  async connected(): Promise<void> {
    const end = performance.now() + PATIENCE
    while (this.#commands.some(({ subscribers }) => subscribers === 0)) {
      const missing = ARM_JOINTS.find((_, i) => this.#commands[i]?.subscribers === 0) ?? FINGER_JOINTS[0]
      if (performance.now() > end)
        throw new SimError(
          'GAZEBO_FAILED',
          `${commandTopic(missing)}: nobody listens; the robot of \`prehend gazebo world\` is not in the world`,
        )
      await pause(20)
    }
  }

  dispose(): void {
    for (const command of this.#commands) command.dispose()
    this.#subscription.dispose()
  }

  #receive({ header, joint }: MessageOf<typeof MODEL>): void {
    for (const { name, axis1 } of joint) {
      const index = JOINTS.indexOf(name as (typeof JOINTS)[number])
      if (index < 0 || axis1 === undefined) continue
      this.positions[index] = axis1.position
      this.velocities[index] = axis1.velocity
    }
    this.stamp = stampOf(header)
  }
}
