import { EventEmitter } from 'node:events'
import { monotonicNs, type ByteStream, type ByteStreamEvents } from '../../drivers/byte-stream.js'
import { DriverError } from '../../drivers/driver-error.js'
import { Robotiq2f85 } from '../../drivers/robotiq-2f85.js'
import { readRobot } from '../../app/robot/load-robot.js'
import { controlPart } from '../../app/session/parts/control-part.js'
import { Session } from '../../app/session/session.js'
import type { SpeakerName } from '../../middleware/messages.js'
import { LocalBus } from '../../middleware/local/local-bus.js'
import { SteppedClock } from '../../middleware/local/stepped-clock.js'
import type { ControlNode } from '../../nodes/control-node.js'
import type { ControlOptions } from '../../nodes/control-options.js'
import { CHUNK_TOPIC } from '../../nodes/fusion-node.js'
import { poseOf } from '../../control/arm/tool-pose.js'
import { RobotiqFirmware } from '../../sim/firmware/robotiq-firmware.js'
import { SpringPlant } from '../../sim/firmware/spring-plant.js'

export const MS = 1_000_000

/**
 * A serial line in memory between the gripper's driver and its emulated firmware. It can be cut, and it keeps what was
 * sent.
 */
export class Wire extends EventEmitter<ByteStreamEvents> implements ByteStream {
  /** Action bytes of the register writes in order. 9: go to a position; 1: stay; 0: reset. */
  readonly actions: number[] = []
  away = false
  mute = false
  readonly #firmware: () => RobotiqFirmware

  constructor(firmware: () => RobotiqFirmware) {
    super()
    this.#firmware = firmware
  }

  open(): Promise<void> {
    return Promise.resolve()
  }

  write(bytes: Uint8Array): Promise<number> {
    if (this.away) return Promise.reject(new DriverError('DISCONNECTED', 'wire: cut'))
    if (bytes[1] === 16) this.actions.push(bytes[7])
    if (!this.mute) setImmediate(() => this.#firmware().receive(bytes, reply => this.emit('bytes', reply)))
    return Promise.resolve(monotonicNs())
  }

  close(): Promise<void> {
    this.away = true
    return Promise.resolve()
  }
}

export type Source = 'wrench' | 'camera' | 'policy' | 'tool' | 'gripper'

export const GO = 9

/**
 * The control node with its sensors, each at its own rate, an arm that follows set-points at once, and a policy that
 * sends a chunk every 33 ms.
 */
export class Rig {
  readonly robot = readRobot('cell')
  readonly clock = new SteppedClock(1)
  readonly bus = new LocalBus(this.clock, { onError: error => this.errors.push(error) })
  readonly plant = new SpringPlant()
  firmware = new RobotiqFirmware({ plant: this.plant, initial: 'activated' })
  readonly wire = new Wire(() => this.firmware)
  readonly errors: unknown[] = []
  readonly targets: { now: number; pose: Float64Array }[] = []
  readonly control: ControlNode
  readonly silent = new Set<Source>()
  /** The tool pose in the base frame that the policy plans. `age`: how old its chunks are, ns. */
  plan = { x: 0, y: 0, z: 0.3, width: 0.085, age: 0, poison: NaN as number | undefined }
  force = 0
  /** Error of the pose sensor along x, m. */
  poseError = 0
  /** How far the pose sensor's clock is behind, ns. */
  poseAge = 0
  /** How long a pose waits before it is received, ms, as on a busy machine. */
  poseWaits = 0
  /** How far the arm is behind its set-points, ms. 0: it follows at once. */
  lag = 0
  /** Whether the poses have a frame_id. */
  namesFrames = true
  readonly #waiting: { readonly due: number; readonly stamp: number; readonly pose: Float64Array }[] = []
  #goal: Float64Array | undefined
  readonly tool = poseOf({ x: 0, y: 0, z: 0.3, yaw: 0 }, new Float64Array(7))
  readonly #rgb = this.bus.advertise('/camera/color/image_raw', 'sensor_msgs/msg/Image')
  readonly #wrench = this.bus.advertise('/wrist/wrench', 'geometry_msgs/msg/WrenchStamped')
  readonly #pose = this.bus.advertise('/tool_pose', 'geometry_msgs/msg/PoseStamped')
  readonly #voice = this.bus.advertise('/voice/events', 'prehend_interfaces/msg/VoiceEvent')
  readonly #chunks = this.bus.advertise(`/${CHUNK_TOPIC}`, 'prehend_interfaces/msg/ActionChunk')
  readonly #reset = this.bus.advertise('/episode', 'std_msgs/msg/String')
  #elapsed = 0

  constructor(options: Partial<ControlOptions> = {}) {
    this.plan.poison = undefined
    const { robot = this.robot, framePrefix, onError = error => this.errors.push(error), ...part } = options
    this.control = Session.assemble(
      { robot, bus: this.bus, framePrefix, onError },
      {
        control: controlPart({
          gripper: new Robotiq2f85(this.wire, { timeout: 100, retries: 0 }),
          execution: 'receding_horizon',
          ...part,
        }),
      },
    ).nodes.control
    this.bus.subscribe('/tool_target', 'geometry_msgs/msg/PoseStamped', message => {
      this.targets.push({ now: this.clock.now(), pose: message.pose.slice() })
      if (this.lag === 0) this.tool.set(message.pose)
      else this.#goal = message.pose.slice()
    })
  }

  async up(): Promise<this> {
    await this.control.configure()
    await this.control.activate()
    return this
  }

  say(text: string, speaker: SpeakerName = 'somebody'): void {
    this.#voice.publish({ stamp: this.clock.now(), frameId: '', text, confidence: 1, speaker })
  }

  /** Publishes the wrench of a hard contact with this stamp. */
  wrench(stamp: number): void {
    this.#wrench.publish({ stamp, frameId: 'wrist', wrench: Float64Array.of(0, 0, 500, 0, 0, 0) })
  }

  reset(): void {
    this.#reset.publish({ data: '{}' })
  }

  chunk({ x, y, z, width, age, poison }: typeof this.plan = this.plan): void {
    // The tool points down: its y and z axes are the base's, reversed.
    const row = [x - this.tool[0], -(y - this.tool[1]), -(z - this.tool[2]), 0, width, 40]
    const data = Float32Array.from(
      { length: 6 * 10 },
      (_, i) => row[i % 6] * (i % 6 < 4 ? Math.min(1, (Math.floor(i / 6) + 1) / 4) : 1),
    )
    if (poison !== undefined) data[14] = poison
    this.#chunks.publish({
      stamp: this.clock.now() - age,
      frameId: 'tool',
      rate: 30,
      data,
      origin: this.tool.slice(),
      gate: new Float32Array(0),
      graspSuccess: NaN,
    })
  }

  /** Lets `ms` of bus time pass, with each sensor at its rate. */
  async run(ms: number): Promise<void> {
    for (let i = 0; i < ms; i++) {
      const elapsed = this.#elapsed++
      this.clock.advanceTo(this.clock.now() + MS)
      const stamp = this.clock.now()
      this.plant.step(0.001)
      this.firmware.step(stamp)
      this.wire.mute = this.silent.has('gripper')
      if (!this.silent.has('wrench'))
        this.#wrench.publish({ stamp, frameId: 'wrist', wrench: Float64Array.of(0, 0, this.force, 0, 0, 0) })
      const { lag } = this
      if (lag > 0)
        this.#goal?.forEach((value, i) => {
          this.tool[i] += (value - this.tool[i]) / lag
        })
      if (!this.silent.has('tool') && elapsed % 4 === 0) {
        this.#waiting.push({
          due: stamp + this.poseWaits * MS,
          stamp: stamp - this.poseAge,
          pose: Float64Array.from(this.tool, (value, i) => (i === 0 ? value + this.poseError : value)),
        })
      }
      for (let next = this.#waiting.at(0); next && next.due <= stamp; next = this.#waiting.at(0)) {
        this.#waiting.shift()
        this.#pose.publish({ stamp: next.stamp, frameId: this.namesFrames ? 'base' : '', pose: next.pose })
      }
      if (!this.silent.has('camera') && elapsed % 33 === 0) {
        this.#rgb.publish({
          stamp,
          frameId: 'camera',
          width: 1,
          height: 1,
          encoding: 'rgb8',
          isBigendian: false,
          step: 3,
          data: new Uint8Array(3),
        })
      }
      if (!this.silent.has('policy') && elapsed % 33 === 10) this.chunk()
      await this.bus.settle(stamp)
    }
  }

  /** The set-points that were published while `during` ran. */
  async targetsDuring(during: () => Promise<void>): Promise<readonly Float64Array[]> {
    const from = this.targets.length
    await during()
    return this.targets.slice(from).map(({ pose }) => pose)
  }

  async actionsDuring(during: () => Promise<void>): Promise<readonly number[]> {
    const from = this.wire.actions.length
    await during()
    return this.wire.actions.slice(from)
  }
}
