import type { ByteStream } from '../byte-stream.js'
import { DriverError } from '../driver-error.js'
import type { ServoJoint } from './servo-joint.js'
import type { ServoModel } from './servo-model.js'
import { BROADCAST } from './servo-protocol.js'
import type { ServoStatus } from './servo-protocol.js'
import { readCounts, registerBytes } from './servo-register.js'
import type { ServoRegister } from './servo-register.js'
import { ServoWire } from './servo-wire.js'
import type { MissingServo, ServoAnswers } from './servo-answers.js'
import type { ServoWireOptions } from './servo-wire.js'

/** The registers of servos of one model on a bus, in counts. Its errors name the servo and the joint that it moves. */
export class ServoClient {
  readonly wire: ServoWire
  readonly #model: ServoModel

  constructor(stream: ByteStream, model: ServoModel, options: Omit<ServoWireOptions, 'protocol'>) {
    this.#model = model
    this.wire = new ServoWire(stream, { protocol: model.protocol, ...options })
  }

  /** The counts of a register. Rejects with TIMEOUT without an answer, and with UNEXPECTED_REPLY without its data. */
  async get(joint: ServoJoint, register: ServoRegister): Promise<number> {
    const { address, size } = register
    const { data } = this.#only(joint, await this.wire.ask({ kind: 'read', id: joint.id, address, count: size }))
    if (data.length !== size) {
      throw new DriverError(
        'UNEXPECTED_REPLY',
        `servo bus: ${named(joint)} answered a read of ${size} bytes with ${data.length}; is it of the model ` +
          `${this.#model.name}?`,
      )
    }
    return readCounts(register, data, 0)
  }

  /** Whether a servo says that it has no torque, and no reason for it. False where it does not answer. */
  async lacksTorque({ id }: ServoJoint): Promise<boolean> {
    const { torqueEnable } = this.#model.registers
    const { address, size } = torqueEnable
    const { statuses } = await this.wire.ask({ kind: 'read', id, address, count: size })
    const [status] = statuses
    if (status?.data.length !== size || this.#model.protocol.condition(status.error) !== '') return false
    return readCounts(torqueEnable, status.data, 0) === 0
  }

  async set(joint: ServoJoint, register: ServoRegister, counts: number): Promise<void> {
    const data = registerBytes(register, counts)
    this.#only(joint, await this.wire.ask({ kind: 'write', id: joint.id, address: register.address, data }))
  }

  /**
   * Writes registers of the EEPROM. Rejects with BAD_COMMAND while the servo has torque. When a write fails, the EEPROM
   * is locked again where the servo still answers.
   */
  async keep(joint: ServoJoint, values: readonly (readonly [ServoRegister, number])[]): Promise<void> {
    const { lock, registers } = this.#model
    if ((await this.get(joint, registers.torqueEnable)) !== 0) {
      throw new DriverError(
        'BAD_COMMAND',
        `servo bus: ${named(joint)} has torque, so its EEPROM is not written; switch the torque off first`,
      )
    }
    try {
      if (lock !== undefined) await this.set(joint, lock, 0)
      for (const [register, counts] of values) await this.set(joint, register, counts)
    } catch (error) {
      // The first reason is the one to tell.
      if (lock !== undefined) await this.set(joint, lock, 1).catch(() => undefined)
      throw error
    }
    if (lock !== undefined) await this.set(joint, lock, 1)
  }

  /**
   * Sets the time between a request and its answer to 0. Where the EEPROM has a lock this is done without unlocking it,
   * so it is lost with the power. Elsewhere a servo with torque is left as it is.
   */
  async quicken(joint: ServoJoint, returnDelay: ServoRegister): Promise<void> {
    if ((await this.get(joint, returnDelay)) === 0) return
    const { lock, registers } = this.#model
    if (lock !== undefined || (await this.get(joint, registers.torqueEnable)) === 0)
      await this.set(joint, returnDelay, 0)
  }

  /** Writes the same register of several servos in one request, which none of them acknowledges. */
  setAll(
    register: ServoRegister,
    values: readonly { readonly id: number; readonly counts: number }[],
    options: { readonly urgent?: boolean },
  ): Promise<ServoAnswers> {
    const entries = values.map(({ id, counts }) => ({ id, data: registerBytes(register, counts) }))
    return this.wire.ask({ kind: 'sync write', address: register.address, entries }, options)
  }

  /** Restarts a servo and resolves when it answers again. Rejects with TIMEOUT when it does not. */
  async reboot(joint: ServoJoint): Promise<void> {
    await this.wire.ask({ kind: 'reboot', id: joint.id })
    for (let attempt = 0; attempt < BOOT_PINGS; attempt++) {
      const { missing } = await this.wire.ask({ kind: 'ping', id: joint.id })
      if (missing === undefined) return
    }
    throw new DriverError('TIMEOUT', `servo bus: ${named(joint)} does not come back from a reboot; check its supply`)
  }

  /** Rejects with SERVO_MISSING, SERVO_TWICE or SERVO_MODEL unless every joint's servo is there, once, and of the model. */
  async find(joints: readonly ServoJoint[]): Promise<void> {
    const found = await this.wire.ask({ kind: 'ping', id: BROADCAST })
    if (found.missing?.why === 'twice') throw twice(found.missing.id)
    for (const joint of joints) await this.#check(joint)
  }

  /** What is said of a servo that did not answer. */
  silent(joint: ServoJoint, missing: MissingServo | undefined): string {
    return missing?.why === 'damaged'
      ? `the answers of ${named(joint)} come damaged; check cable and supply`
      : `${named(joint)} does not answer; check supply, cable and id`
  }

  async #check(joint: ServoJoint): Promise<void> {
    const { modelNumber, presentPosition } = this.#model.registers
    // What two servos measure differs, so their answers spoil each other. The model number would not.
    const { address, count } = { address: presentPosition.address, count: MEASURED_BYTES }
    const state = await this.wire.ask({ kind: 'read', id: joint.id, address, count })
    if (state.missing?.why === 'damaged') throw twice(joint.id)
    if (state.missing !== undefined) throw await this.#missing(joint)
    const number = await this.get(joint, modelNumber)
    if (this.#model.modelNumbers.includes(number)) return await this.#checkOffset(joint)
    const wanted = `${this.#model.name} (${this.#model.modelNumbers.join(' or ')})`
    throw new DriverError(
      'SERVO_MODEL',
      `servo bus: ${named(joint)} has the model number ${number}, not that of a ${wanted}; name its model or its id`,
    )
  }

  /** A calibration holds for the homing offset with which it was made alone. */
  async #checkOffset(joint: ServoJoint): Promise<void> {
    const { homingOffset: expected } = joint
    if (expected === undefined) return
    const offset = await this.get(joint, this.#model.registers.homingOffset)
    if (offset === expected) return
    throw new DriverError(
      'SERVO_CALIBRATION',
      `servo bus: ${named(joint)} has the homing offset ${offset}, and its calibration says ${expected}: the file is of ` +
        'another arm or older than the servo; name the right one, or calibrate the arm anew',
    )
  }

  async #missing(joint: ServoJoint): Promise<DriverError> {
    const { statuses } = await this.wire.ask({ kind: 'ping', id: BROADCAST })
    const there = [...new Set(statuses.map(status => status.id))].toSorted((a, b) => a - b)
    const answering = there.length === 0 ? 'no servo answers' : `those that answer have the ids ${there.join(', ')}`
    return new DriverError(
      'SERVO_MISSING',
      `servo bus: ${named(joint)} does not answer; ${answering}; are id, supply, cable and baud rate right?`,
    )
  }

  /** The only answer. Throws when there is none, or when the servo has refused the request. */
  #only(joint: ServoJoint, { statuses: [status], missing }: ServoAnswers): ServoStatus {
    if (status === undefined) throw new DriverError('TIMEOUT', `servo bus: ${this.silent(joint, missing)}`)
    const refusal = this.#model.protocol.refusal(status.error)
    if (refusal !== '') throw new DriverError('BAD_COMMAND', `servo bus: ${named(joint)} refused a request: ${refusal}`)
    return status
  }
}

/** Number of pings in which a servo must have restarted; one takes three times the patience, twice. */
const BOOT_PINGS = 10

/** Bytes that are read to tell two servos of one id apart. */
const MEASURED_BYTES = 8

/** The servo and its joint: `servo 3 (elbow)`. */
export const named = ({ id, name }: ServoJoint): string => `servo ${id} (${name})`

function twice(id: number): DriverError {
  return new DriverError(
    'SERVO_TWICE',
    `servo bus: the answers of servo ${id} come twice or spoil each other: two servos have this id, or the wire is ` +
      'disturbed; leave one of them on the bus and give it another id',
  )
}
