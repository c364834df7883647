import { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readRobot, withPort } from '../../app/robot/load-robot.js'
import { servoBusesOf, servosOf, type OwnServoBus } from '../../app/session/robot-servo-buses.js'
import { controlPart } from '../../app/session/parts/control-part.js'
import { Session } from '../../app/session/session.js'
import { FEETECH } from '../../drivers/feetech/protocol.js'
import { LocalBus } from '../../middleware/local/local-bus.js'
import { SteppedClock } from '../../middleware/local/stepped-clock.js'
import type { ActionGroupMessage, JointState } from '../../middleware/messages.js'
import type { ControlNode } from '../../nodes/control-node.js'
import { CHUNK_TOPIC } from '../../nodes/fusion-node.js'
import { FeetechServo } from '../../sim/firmware/feetech-servo.js'
import { paceLine } from '../../sim/firmware/paced-line.js'
import { openPseudoTerminal, type PseudoTerminal } from '../../sim/firmware/pseudo-terminal.js'
import { ServoLine } from '../../sim/firmware/servo-line.js'
import { ServoRotor } from '../../sim/firmware/servo-rotor.js'

export const MS = 1_000_000
export const JOINTS = ['shoulder_pan', 'shoulder_lift', 'elbow_flex', 'wrist_flex', 'wrist_roll', 'gripper'] as const

const GROUP: ActionGroupMessage = {
  name: 'arm',
  kind: 'joint_position',
  counts: '',
  joints: [...JOINTS],
  continuous: [],
  rotation: '',
  frame: '',
  channels: [],
  unit: '',
}

export interface ServoRigOptions {
  /** bit/s of the wire and of the servos. Default: that of the robot file. */
  readonly baud?: 1_000_000 | 38_400
  /** The servos' ids. Default: 1 to 6. */
  readonly ids?: readonly number[]
  readonly patience?: number
}

/**
 * The control node with the example of an SO-101 on a real pseudo-terminal. Its six emulated servos and the bus's time
 * are stepped by the test.
 */
export class ServoRig {
  readonly clock = new SteppedClock(1)
  readonly errors: string[] = []
  readonly notices: string[] = []
  readonly latencies: number[] = []
  readonly states: JointState[] = []
  readonly commands: JointState[] = []
  readonly bus = new LocalBus(this.clock, { onError: error => this.errors.push(String(error)) })
  readonly control: ControlNode
  readonly own: OwnServoBus
  servos: readonly FeetechServo[] = []
  rotors: readonly ServoRotor[] = []
  line: ServoLine | undefined
  /** Where the next chunks lead, rad. */
  plan: readonly number[] = [0, 0, 0, 0, 0, 0]
  readonly #options: ServoRigOptions
  readonly #folder = mkdtempSync(join(tmpdir(), 'prehend-servo-arm-'))
  readonly #link = join(this.#folder, 'port')
  readonly #chunks = this.bus.advertise(`/${CHUNK_TOPIC}`, 'prehend_interfaces/msg/ActionChunk')
  readonly #voice = this.bus.advertise('/voice/events', 'prehend_interfaces/msg/VoiceEvent')
  readonly #pictures = ['overhead', 'wrist'].map(name =>
    this.bus.advertise(`/${name}/image_raw`, 'sensor_msgs/msg/Image'),
  )
  #terminal: PseudoTerminal | undefined
  #elapsed = 0

  constructor(options: ServoRigOptions = {}) {
    this.#options = options
    const { baud = 1_000_000, patience = 3000 } = options
    this.plugIn([0, -0.5, 0.5, 0.3, 0, 0.2])
    const example = withPort(readRobot('examples/robots/so101.yaml'), this.#link)
    const actuators = example.actuators.map(each =>
      each.kind === 'servo_bus' ? { ...each, port: { ...each.port, baud } } : each,
    )
    const robot = { ...example, actuators }
    const buses = servoBusesOf(robot, { patience })
    this.own = buses.get('arm')!
    this.control = Session.assemble(
      { robot, bus: this.bus, onError: error => this.errors.push((error as Error).message) },
      {
        control: controlPart({
          servoBuses: servosOf(buses),
          execution: 'receding_horizon',
          onNotice: text => this.notices.push(text),
          onLatency: nanoseconds => this.latencies.push(nanoseconds),
        }),
      },
    ).nodes.control
    this.bus.subscribe('/joint_states', 'sensor_msgs/msg/JointState', state => this.states.push(state))
    this.bus.subscribe('/control/arm/command', 'sensor_msgs/msg/JointState', state => this.commands.push(state))
  }

  /** Makes servos that have just got their power, at these angles (rad), on a new pseudo-terminal. */
  plugIn(angles: readonly number[]): void {
    const { baud = 1_000_000, ids = [1, 2, 3, 4, 5, 6] } = this.#options
    this.rotors = angles.map(angle => new ServoRotor(angle))
    this.servos = this.rotors.map(
      (plant, i) =>
        new FeetechServo({ id: ids[i], plant, latency: MS, registers: { baudRate: baud === 38_400 ? 7 : 0 } }),
    )
    this.line = new ServoLine({ protocol: FEETECH, servos: this.servos, baud })
    this.#terminal = openPseudoTerminal()
    paceLine(this.#terminal, this.line)
    rmSync(this.#link, { force: true })
    symlinkSync(this.#terminal.path, this.#link)
  }

  async unplug(): Promise<void> {
    await this.#terminal?.close()
  }

  async up(): Promise<this> {
    await this.control.configure()
    await this.control.activate()
    return this
  }

  async close(): Promise<void> {
    if (this.control.state !== 'finalized') await this.control.shutdown()
    await this.#terminal?.close()
    rmSync(this.#folder, { recursive: true, force: true })
  }

  say(text: string): void {
    this.#voice.publish({ stamp: this.clock.now(), frameId: '', text, confidence: 1 })
  }

  chunk(): void {
    this.#chunks.publish({
      stamp: this.clock.now(),
      frameId: '',
      rate: 30,
      data: Float32Array.from({ length: 60 }, (_, i) => this.plan[i % 6]),
      origin: new Float64Array(7),
      gate: new Float32Array(0),
      graspSuccess: NaN,
      groups: [GROUP],
      origins: new Float64Array(0),
    })
  }

  /** The measured angles, rad. */
  get at(): readonly number[] {
    return this.rotors.map(rotor => rotor.position())
  }

  /** The goals in the servos' registers, rad. */
  get goals(): readonly number[] {
    return this.servos.map(({ memory }) => ((memory.get('goalPosition') - 2048) * 2 * Math.PI) / 4096)
  }

  /** Lets `ms` of the bus's time pass, with a picture of each camera and a chunk every 33 ms. */
  async run(ms: number, { policy = true } = {}): Promise<void> {
    for (let i = 0; i < ms; i++) {
      this.clock.advanceTo(this.clock.now() + MS)
      for (const rotor of this.rotors) rotor.step(0.001)
      for (const servo of this.servos) servo.step(this.clock.now())
      const elapsed = this.#elapsed++
      if (elapsed % 33 === 0) this.#picture()
      if (policy && elapsed % 33 === 5) this.chunk()
      await this.bus.settle(this.clock.now())
    }
  }

  /** Lets time pass until it is as wanted. The machine's own time passes too, so that a port can come back. */
  async until(wanted: () => boolean): Promise<void> {
    while (!wanted()) {
      await this.run(10)
      await new Promise(resolve => setImmediate(resolve))
    }
  }

  #picture(): void {
    for (const publisher of this.#pictures)
      publisher.publish({
        stamp: this.clock.now(),
        frameId: 'camera',
        width: 1,
        height: 1,
        encoding: 'rgb8',
        isBigendian: false,
        step: 3,
        data: new Uint8Array(3),
      })
  }
}
