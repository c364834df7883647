import { yawOf } from '../../control/arm/tool-pose.js'
import { isPose, wrapAngle } from '../../fusion/rotation.js'
import type { Bus, Disposable } from '../../middleware/bus.js'
import type { ActionChunkMessage } from '../../middleware/messages.js'
import { chunkMessage } from '../../nodes/chunk-message.js'
import { fingerStream } from '../../nodes/finger-state.js'
import { JointSelection } from '../../nodes/intake/joint-selection.js'
import type { Actuator, Robot } from '../../robots/robot.js'
import { toolStream } from '../../robots/tool-stream.js'
import { UsageError } from '../output/output.js'

/** One value that a person commands. */
export interface Channel {
  /** The actuator of the robot file. */
  readonly actuator: string
  /** A joint, `x`, `y`, `z` (m), `yaw` (rad) of a tool, or the `opening` of fingers (0 closed, 1 open). */
  readonly name: string
  readonly least: number
  readonly most: number
  /** The largest change in a second. */
  readonly rate: number
}

/** Of the range of a grip force: what a person's fingers close with. */
const EFFORT_SHARE = 0.25
/** Largest change of an opening in a second. */
const OPENING_RATE = 1
const NO_WRENCH = { gate: undefined, graspSuccess: undefined }

/**
 * The robot that a person moves: which values they command, where it is measured to be, and the chunk that commands it.
 * A robot whose arm takes poses is told offsets from its measured pose, as policies of contract version 1 do; joints are
 * told by their names.
 */
export class Follower {
  readonly channels: readonly Channel[]
  readonly #robot: Robot
  readonly #jointed: readonly Actuator[]
  readonly #isPosed: boolean
  readonly #measured: Float64Array
  #tool: Float64Array | undefined

  /** Throws UsageError for a robot with an actuator that a person cannot move so. */
  constructor(robot: Robot) {
    this.#robot = robot
    const { actuators } = robot
    const takes = ({ takes: taken }: Actuator, kind: string): boolean => taken.some(each => each.kind === kind)
    this.#jointed = actuators.filter(each => takes(each, 'joint_position') && each.joints.length > 0)
    this.#isPosed = robot.actions.arm !== undefined
    const strange = actuators.find(
      each =>
        !this.#jointed.includes(each) &&
        !(each.name === 'gripper' && takes(each, 'gripper')) &&
        !(each.name === 'arm' && takes(each, 'pose')),
    )
    if (strange || actuators.length === 0 || (this.#isPosed && this.#jointed.length > 0))
      throw new UsageError(
        `robot ${robot.name}: ${strange ? `a person cannot move ${strange.name} yet` : 'a person cannot move it yet'}: ` +
          "it takes arms of joint positions, or an actuator 'arm' of poses, and a gripper",
      )
    this.channels = [
      ...(this.#isPosed ? poseChannels(robot) : []),
      ...this.#jointed.flatMap(jointChannels),
      ...(actuators.some(({ name }) => name === 'gripper')
        ? [{ actuator: 'gripper', name: 'opening', least: 0, most: 1, rate: OPENING_RATE }]
        : []),
    ]
    this.#measured = new Float64Array(this.channels.length).fill(NaN)
  }

  /** Where the robot is, in the order of the channels. An opening that nobody measures counts as open. Undefined: not known. */
  get measured(): Float64Array | undefined {
    const at = this.#measured.map((value, i) =>
      Number.isNaN(value) && this.channels[i]?.name === 'opening' ? 1 : value,
    )
    return at.every(Number.isFinite) ? at : undefined
  }

  /** Begins to follow where the robot is. Adds each subscription to `to`. */
  subscribe(bus: Bus, to: Disposable[]): void {
    const { streams } = this.#robot
    for (const { name, joints, state } of this.#jointed) {
      const stream = streams.find(each => each.name === state)
      if (!stream) continue
      const selection = new JointSelection(
        stream.name,
        joints.map(joint => `position.${joint}`),
      )
      const first = this.channels.findIndex(({ actuator }) => actuator === name)
      to.push(
        bus.subscribe(stream.topic, 'sensor_msgs/msg/JointState', message => {
          if (selection.take(message) === undefined) this.#measured.set(selection.values, first)
        }),
      )
    }
    const tool = toolStream(this.#robot)
    if (tool)
      to.push(
        bus.subscribe(tool.topic, 'geometry_msgs/msg/PoseStamped', ({ pose }) => {
          if (!isPose(pose)) return
          this.#tool = Float64Array.from(pose)
          this.#measured.set([pose[0]!, pose[1]!, pose[2]!, yawOf(pose)])
        }),
      )
    const fingers = fingerStream(streams)
    const opening = this.channels.findIndex(({ actuator }) => actuator === 'gripper')
    if (fingers && opening >= 0)
      to.push(
        bus.subscribe(fingers.topic, 'sensor_msgs/msg/JointState', ({ position: [width = NaN] }) => {
          const [least, most] = this.#robot.limits.width
          this.#measured[opening] = Math.min(1, Math.max(0, (width - least) / (most - least)))
        }),
      )
  }

  /** The chunk of one row that commands `wanted` (in the order of the channels) at bus time `stamp` + 1 / `rate`. */
  chunk(wanted: Float64Array, stamp: number, rate: number): ActionChunkMessage | undefined {
    if (!this.#isPosed) {
      const groups = [
        ...this.#jointed.map(({ name, joints, limits }) => ({
          name,
          kind: 'joint_position',
          joints,
          continuous: joints.filter(joint => limits.joints.get(joint)?.continuous),
        })),
        ...(this.#hasGripper ? [{ name: 'gripper', kind: 'gripper', channels: ['opening'] }] : []),
      ]
      const chunk = { stamp, rate, data: Float32Array.from(wanted), origin: new Float64Array(0), groups, ...NO_WRENCH }
      return chunkMessage(chunk, '')
    }
    const tool = this.#tool
    if (!tool) return undefined
    const { limits } = this.#robot
    const share = (range: readonly [number, number], part: number): number => range[0] + part * (range[1] - range[0])
    const [x = 0, y = 0, z = 0, yaw = 0, opening = 1] = wanted
    const data = Float32Array.of(
      ...offsetOf(tool, { x, y, z, yaw }),
      share(limits.width, opening),
      share(limits.effort, EFFORT_SHARE),
    )
    return chunkMessage({ stamp, rate, data, origin: tool.slice(), ...NO_WRENCH }, 'tool0')
  }

  get #hasGripper(): boolean {
    return this.channels.at(-1)?.actuator === 'gripper'
  }
}

/** dx, dy, dz (m) and dyaw (rad) from a tool that points down, Rx(pi) Rz(yaw), to a target in its own frame. */
function offsetOf(
  tool: Float64Array,
  { x, y, z, yaw }: { readonly x: number; readonly y: number; readonly z: number; readonly yaw: number },
): [number, number, number, number] {
  const at = yawOf(tool)
  const [ex, ey, ez] = [x - tool[0]!, tool[1]! - y, tool[2]! - z]
  const [c, s] = [Math.cos(at), Math.sin(at)]
  return [c * ex + s * ey, c * ey - s * ex, ez, wrapAngle(yaw - at)]
}

function poseChannels({ limits: { workspace, speed, yawRate } }: Robot): Channel[] {
  const place = (['x', 'y', 'z'] as const).map(name => {
    const [least, most] = workspace[name]
    return { actuator: 'arm', name, least, most, rate: speed }
  })
  return [...place, { actuator: 'arm', name: 'yaw', least: -Infinity, most: Infinity, rate: yawRate }]
}

function jointChannels({ name: actuator, joints, limits }: Actuator): Channel[] {
  return joints.map(name => {
    const { position: [least, most] = [-Infinity, Infinity], velocity: rate = 0 } = limits.joints.get(name) ?? {}
    return { actuator, name, least, most, rate }
  })
}
