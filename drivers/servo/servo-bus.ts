import { EventEmitter } from 'node:events'
import type { ByteStream } from '../byte-stream.js'
import { DriverError } from '../driver-error.js'
import type { DriverErrorCode } from '../driver-error.js'
import type { WireStats } from '../gripper.js'
import { calibrateMiddle, readCalibration, writeCalibration } from './servo-calibration.js'
import type { LeRobotCalibration } from './servo-calibration.js'
import { named, ServoClient } from './servo-client.js'
import { checkJoints, JointScale } from './servo-joint.js'
import type { ServoJoint } from './servo-joint.js'
import type { ServoModel } from './servo-model.js'
import type { ServoStatus } from './servo-protocol.js'
import { readCounts } from './servo-register.js'
import { giveTorque, setUpServo } from './servo-setup.js'
import type { MotionLimits } from './servo-setup.js'
import { StateBlock } from './servo-state.js'
import type { ServoState } from './servo-state.js'
import type { ServoAnswers } from './servo-answers.js'
import type { ServoErrorCounts, ServoWireOptions } from './servo-wire.js'

/** How the servos of a bus are asked and what is known of its joints. */
export interface ServoBusOptions extends Omit<ServoWireOptions, 'protocol'> {
  readonly model: ServoModel
  readonly joints: readonly ServoJoint[]
  /** Speed (rad/s) and acceleration (rad/s^2) of the servos' own motion to a goal. Default 0: without a limit. */
  readonly velocity?: number
  readonly acceleration?: number
}

/** What a bus tells its listeners. The message is one line. */
export interface ServoBusEvents {
  /** A joint has a fault: all joints hold their position, and `write` rejects. */
  fault: [joint: string, message: string]
  /** A joint has none any more. */
  recovered: [joint: string]
  /** The port is gone. The servos go to their last goals and stay there. */
  lost: [reason: DriverError]
  /** The port is there again, and the servos are set up. */
  back: []
}

/**
 * The joints of an arm on one bus of servos. Every promise rejects with a DriverError. While a servo has a fault, or
 * after the port was lost, `write` rejects and the servos hold; `read` finds out when the cause is gone, and then gives
 * the torque back where it was switched on. A servo confirms its present position as the goal before it gets torque.
 */
export class ServoBus extends EventEmitter<ServoBusEvents> {
  readonly joints: readonly ServoJoint[]
  readonly #stream: ByteStream
  readonly #client: ServoClient
  readonly #model: ServoModel
  readonly #scales: readonly JointScale[]
  /** What is wrong with each joint; '' when nothing is. */
  readonly #faults: string[]
  readonly #limits: MotionLimits
  readonly #state: StateBlock
  /** Whether each joint's servo did not answer when it was asked last. */
  readonly #silent: boolean[]
  /** Whether the joints are to have torque. */
  #torque = false
  #connected = false
  /** False from a loss of the port until the servos are set up again and have torque where they are to have it. */
  #ready = false
  /** The set-up after a loss of the port, while it runs. */
  #restoring: Promise<void> | undefined
  /** Number of losses of the port. */
  #losses = 0
  /** Number of requests to all joints. */
  #rounds = 0

  constructor(stream: ByteStream, { model, joints, velocity = 0, acceleration = 0, ...wire }: ServoBusOptions) {
    super()
    checkJoints(joints)
    this.#stream = stream
    this.#model = model
    this.joints = joints
    this.#limits = { velocity, acceleration }
    this.#client = new ServoClient(stream, model, wire)
    this.#scales = joints.map(joint => new JointScale(joint, model))
    this.#faults = joints.map(() => '')
    this.#silent = joints.map(() => false)
    this.#state = new StateBlock(model, joints, this.#scales)
    stream.on('lost', reason => {
      this.#ready = false
      this.#losses++
      this.emit('lost', reason)
    })
  }

  get stats(): Readonly<WireStats> {
    return this.#client.wire.stats
  }

  /** Errors on the wire by the id of the servo. */
  get errors(): ReadonlyMap<number, Readonly<ServoErrorCounts>> {
    return this.#client.wire.errors
  }

  /**
   * Opens the port, looks whether every joint's servo is there, and sets the servos up. Rejects with SERVO_MISSING,
   * SERVO_TWICE, SERVO_MODEL or SERVO_CALIBRATION. The torque stays as it is.
   */
  async connect(): Promise<void> {
    await this.#stream.open()
    await this.#client.find(this.joints)
    for (const joint of this.joints) await setUpServo(this.#client, this.#model, joint, this.#limits)
    this.#connected = this.#ready = true
  }

  /** Reads the state of all joints. A joint that does not answer keeps its last values, and its fault says so. */
  async read(): Promise<ServoState> {
    this.#refuseUnconnected()
    // Reads that come together wait for one set-up.
    if (!this.#ready)
      await (this.#restoring ??= this.#restore().finally(() => {
        this.#restoring = undefined
      }))
    const { address, count } = this.#state
    const answers = await this.#client.wire.ask({ kind: 'sync read', ids: this.#order(), address, count })
    await this.#judge(answers)
    return this.#state.take(answers, this.#faults)
  }

  /**
   * Sends the goals of all joints, rad. A goal beyond the servo's turn becomes the nearest end. `written`: the host's
   * monotonic clock in ns when the last byte had left. Rejects with FAULT while a joint has a fault, BAD_COMMAND for
   * numbers that are not finite, NOT_ACTIVATED before `connect` and from a loss of the port until a `read` succeeds.
   */
  async write(angles: ArrayLike<number>): Promise<{ written: number }> {
    const given = Array.from(angles)
    if (given.length !== this.joints.length || !given.every(Number.isFinite)) {
      const wanted = `${this.joints.length} finite angles`
      throw new DriverError('BAD_COMMAND', `servo bus: a write takes ${wanted}, got [${given.join(', ')}]`)
    }
    this.#refuseUnconnected()
    if (!this.#ready)
      throw new DriverError('NOT_ACTIVATED', 'servo bus: was lost, and its servos are not set up; read it first')
    const faulty = this.#faults.find(fault => fault !== '')
    if (faulty !== undefined) throw new DriverError('FAULT', `servo bus: holds: ${faulty}`)
    const goals = this.joints.map(({ id }, index) => ({ id, counts: this.#scales[index]!.counts(given[index]!) }))
    const { written } = await this.#client.setAll(this.#model.registers.goalPosition, goals, {})
    return { written }
  }

  /**
   * All joints that answer hold their present position. It is sent before every request that waits. Resolves when a servo
   * has answered behind it, since none acknowledges a sync write.
   */
  async hold(): Promise<void> {
    const { presentPosition, goalPosition } = this.#model.registers
    const { address, size } = presentPosition
    const { statuses } = await this.#client.wire.ask(
      { kind: 'sync read', ids: this.#order(), address, count: size },
      { urgent: true },
    )
    const goals = statuses
      .filter(({ data }) => data.length === size)
      .map(({ id, data }) => ({ id, counts: readCounts(presentPosition, data, 0) }))
    const [first] = goals
    if (!first) return
    await this.#client.setAll(goalPosition, goals, { urgent: true })
    await this.#client.wire.ask({ kind: 'ping', id: first.id }, { urgent: true })
  }

  /**
   * Switches the torque of all joints. Switched on, they hold their present position. Rejects with TIMEOUT before any
   * joint gets torque when the position of one is not known. When it rejects later, those before it have torque.
   * Switched off, every joint is told, also behind one that does not answer.
   */
  async torque(on: boolean): Promise<void> {
    const { presentPosition, torqueEnable } = this.#model.registers
    if (!on) {
      this.#torque = false
      const failed: unknown[] = []
      for (const joint of this.joints)
        await this.#client.set(joint, torqueEnable, 0).catch((error: unknown) => failed.push(error))
      if (failed.length > 0) throw failed[0]
      return
    }
    for (const joint of this.joints) await this.#client.get(joint, presentPosition)
    for (const joint of this.joints) await giveTorque(this.#client, this.#model, joint)
    this.#torque = true
  }

  /**
   * Makes a servo forget a fault whose cause is gone, such as an overload: it is rebooted, or where the protocol has no
   * reboot its torque is switched off and on. Meanwhile the joint has no torque. `read` says whether the fault is gone.
   */
  async reset(name: string): Promise<void> {
    const joint = this.#joint(name)
    if (this.#model.shutdown === undefined) await this.#client.set(joint, this.#model.registers.torqueEnable, 0)
    else await this.#client.reboot(joint)
    await this.#start(joint)
  }

  /** The calibration of every joint, from the EEPROMs of the servos. */
  async calibration(): Promise<Record<string, LeRobotCalibration>> {
    const entries: Record<string, LeRobotCalibration> = {}
    for (const joint of this.joints) entries[joint.name] = await readCalibration(this.#client, this.#model, joint)
    return entries
  }

  /** Writes offset and range of one joint into its servo's EEPROM. Rejects with BAD_COMMAND while it has torque. */
  async calibrate(name: string, calibration: Omit<LeRobotCalibration, 'id' | 'drive_mode'>): Promise<void> {
    return writeCalibration(this.#client, this.#model, this.#joint(name), calibration)
  }

  /** Makes the present position of a joint the middle of its servo's turn. Resolves with the homing offset. */
  async calibrateMiddle(name: string): Promise<number> {
    return calibrateMiddle(this.#client, this.#model, this.#joint(name))
  }

  async close(): Promise<void> {
    this.#connected = this.#ready = false
    this.#client.wire.close()
    await this.#stream.close()
  }

  #refuseUnconnected(): void {
    if (!this.#connected) throw new DriverError('NOT_ACTIVATED', 'servo bus: is not connected; call connect() first')
  }

  /**
   * The ids, those of joints without a fault first: behind a silent servo others may not answer. So of those with a
   * fault another one is the first each time.
   */
  #order(): number[] {
    const ids = (wanted: (fault: string) => boolean): number[] =>
      this.joints.filter((_, index) => wanted(this.#faults[index]!)).map(({ id }) => id)
    const faulty = ids(fault => fault !== '')
    const first = this.#rounds++ % Math.max(1, faulty.length)
    return [...ids(fault => fault === ''), ...faulty.slice(first), ...faulty.slice(0, first)]
  }

  /** Sets up a servo that may have lost its power, and gives it torque where it is to have it. */
  async #start(joint: ServoJoint): Promise<void> {
    await setUpServo(this.#client, this.#model, joint, this.#limits)
    if (this.#torque) await giveTorque(this.#client, this.#model, joint)
  }

  /** As `#start`. Resolves with what went wrong with the servo; '' when nothing did. Rejects when the port fails. */
  async #tryStart(joint: ServoJoint): Promise<string> {
    try {
      await this.#start(joint)
      return ''
    } catch (error) {
      if (!(error instanceof DriverError) || !SERVO_FAILURES.has(error.code)) throw error
      return error.message.replace(/^servo bus: /, '')
    }
  }

  /** Sets the servos up again after the port was lost. One that does not take it has a fault; the others go on. */
  async #restore(): Promise<void> {
    const losses = this.#losses
    for (const [index, joint] of this.joints.entries()) {
      const fault = await this.#tryStart(joint)
      if (fault !== '') this.#note(index, fault)
    }
    if (losses !== this.#losses) throw new DriverError('DISCONNECTED', 'servo bus: was lost again while it was set up')
    this.#ready = true
    this.emit('back')
  }

  /** Notes a fault, and tells of it when the joint had none. */
  #note(index: number, fault: string): void {
    const before = this.#faults[index]
    this.#faults[index] = fault
    if (before === '') this.emit('fault', this.joints[index]!.name, fault)
  }

  /** Notes the faults that the answers show and tells of them. */
  async #judge({ statuses, missing }: ServoAnswers): Promise<void> {
    const limp = await this.#limp(statuses)
    let began = false
    for (const [index, joint] of this.joints.entries()) {
      const status = statuses.find(({ id }) => id === joint.id)
      this.#silent[index] ||= status === undefined
      // Behind a servo that is missing, the others may be silent too.
      if (status === undefined && missing?.id !== joint.id) continue
      const had = this.#faults[index] !== ''
      const fault = status === undefined ? this.#client.silent(joint, missing) : await this.#condition(joint, status)
      if (fault !== '') this.#note(index, fault)
      else if (limp.has(joint)) this.#note(index, `${named(joint)} has lost its torque; check its supply`)
      else if (had || this.#silent[index]) await this.#recover(index, joint)
      began ||= this.#faults[index] !== '' && !had
    }
    if (began) await this.hold()
  }

  /**
   * The joints that are to have torque and have none, as after a short loss of their power. Looks at one servo each
   * time, and at all where that one has none. One with a fault gets its torque when the fault is gone.
   */
  async #limp(statuses: readonly ServoStatus[]): Promise<ReadonlySet<ServoJoint>> {
    const limp = new Set<ServoJoint>()
    if (!this.#torque) return limp
    const sound = this.joints.filter(
      (joint, index) => this.#faults[index] === '' && statuses.some(({ id }) => id === joint.id),
    )
    const next = sound[this.#rounds % Math.max(1, sound.length)]
    if (next === undefined || !(await this.#client.lacksTorque(next))) return limp
    for (const joint of sound) if (await this.#client.lacksTorque(joint)) limp.add(joint)
    return limp
  }

  async #condition(joint: ServoJoint, { error }: ServoStatus): Promise<string> {
    const said = this.#model.protocol.condition(error)
    if (said === '') return ''
    const { shutdown } = this.#model
    return `${named(joint)}: ${shutdown === undefined ? said : shutdown.text(await this.#client.get(joint, shutdown.register))}`
  }

  /** A servo that had a fault or was silent may have lost its power meanwhile. It has a fault until it is set up again. */
  async #recover(index: number, joint: ServoJoint): Promise<void> {
    const fault = await this.#tryStart(joint)
    if (fault !== '') return this.#note(index, fault)
    this.#silent[index] = false
    if (this.#faults[index] === '') return
    this.#faults[index] = ''
    this.emit('recovered', joint.name)
  }

  #joint(name: string): ServoJoint {
    const joint = this.joints.find(one => one.name === name)
    if (joint !== undefined) return joint
    const known = this.joints.map(one => one.name).join(', ')
    throw new DriverError('BAD_COMMAND', `servo bus: has no joint "${name}"; its joints are ${known}`)
  }
}

/** Codes of errors that are those of one servo, while the others still work. */
const SERVO_FAILURES: ReadonlySet<DriverErrorCode> = new Set(['TIMEOUT', 'BAD_COMMAND', 'UNEXPECTED_REPLY'])
