import type { JointScale, ServoJoint } from './servo-joint.js'
import type { ServoModel, ServoRegisters } from './servo-model.js'
import { readCounts } from './servo-register.js'
import type { ServoRegister } from './servo-register.js'
import type { ServoAnswers } from './servo-answers.js'

/** What the servos of a bus measured at one time. One item a joint, in the order of the joints; NaN before the first. */
export interface ServoState {
  /**
   * The host's monotonic clock in ns, before the first byte of the request left: no value is older, but those of a
   * joint with a fault.
   */
  readonly stamp: number
  /** Angles of the joints, rad. */
  readonly position: Float64Array
  /** rad/s. */
  readonly velocity: Float64Array
  /** What the motors give, in the unit of the servo's register: a share of the stall torque, or A. */
  readonly load: Float64Array
  /** degC. */
  readonly temperature: Float64Array
  /** V. */
  readonly voltage: Float64Array
  /** What is wrong with each joint, in words; '' when nothing is. */
  readonly faults: readonly string[]
}

/** The smallest block of registers that holds all that a servo measures, and the state that its bytes mean. */
export class StateBlock {
  readonly address: number
  /** Bytes. */
  readonly count: number
  readonly #registers: ServoRegisters
  readonly #joints: readonly ServoJoint[]
  readonly #scales: readonly JointScale[]
  #last: Omit<ServoState, 'stamp' | 'faults'>

  constructor({ registers }: ServoModel, joints: readonly ServoJoint[], scales: readonly JointScale[]) {
    const { presentPosition, presentVelocity, presentLoad, presentVoltage, presentTemperature } = registers
    const measured = [presentPosition, presentVelocity, presentLoad, presentVoltage, presentTemperature]
    this.address = Math.min(...measured.map(register => register.address))
    this.count = Math.max(...measured.map(register => register.address + register.size)) - this.address
    this.#registers = registers
    this.#joints = joints
    this.#scales = scales
    const unknown = (): Float64Array => new Float64Array(joints.length).fill(NaN)
    this.#last = {
      position: unknown(),
      velocity: unknown(),
      load: unknown(),
      temperature: unknown(),
      voltage: unknown(),
    }
  }

  /** The state after these answers. Joints without an answer keep their values. */
  take({ statuses, asked }: ServoAnswers, faults: readonly string[]): ServoState {
    const { position, velocity, load, temperature, voltage } = this.#last
    const state: ServoState = {
      stamp: asked,
      position: position.slice(),
      velocity: velocity.slice(),
      load: load.slice(),
      temperature: temperature.slice(),
      voltage: voltage.slice(),
      faults: [...faults],
    }
    for (const { id, data } of statuses) {
      const index = this.#joints.findIndex(joint => joint.id === id)
      // A servo that refuses the request answers without data.
      if (index >= 0 && data.length === this.count) this.#write(state, index, data)
    }
    this.#last = state
    return state
  }

  #write(state: ServoState, index: number, data: Uint8Array): void {
    const { presentPosition, presentVelocity, presentLoad, presentVoltage, presentTemperature } = this.#registers
    const scale = this.#scales[index]!
    const value = (register: ServoRegister): number =>
      readCounts(register, data, register.address - this.address) * register.scale
    state.position[index] = scale.angle(readCounts(presentPosition, data, presentPosition.address - this.address))
    state.velocity[index] = scale.sign * value(presentVelocity)
    state.load[index] = scale.sign * value(presentLoad)
    state.temperature[index] = value(presentTemperature)
    state.voltage[index] = value(presentVoltage)
  }
}
