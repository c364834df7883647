import { FEETECH_ERROR } from '../../drivers/feetech/protocol.js'
import { FEETECH_BAUD, STS3215, TURN } from '../../drivers/feetech/registers.js'
import type { ServoStatus } from '../../drivers/servo/servo-protocol.js'
import { BROADCAST } from '../../drivers/servo/servo-protocol.js'
import type { LineServo, OneServoRequest } from './servo-line.js'
import { ServoMemory } from './servo-memory.js'
import { ServoShaft } from './servo-shaft.js'
import type { ServoShaftOptions } from './servo-shaft.js'

/** `torqueEnable` with which the present position becomes the middle of the turn. */
const CALIBRATE = 128
/** A in the motor at the stall torque. */
const STALL_CURRENT = 2.4

/** What an emulated servo begins with. */
export interface FeetechServoOptions extends ServoShaftOptions {
  readonly id: number
  /** Counts of registers that differ from a servo as delivered. They are in the EEPROM. */
  readonly registers?: Partial<Record<keyof typeof STS3215, number>>
  /** V. Default 7.4. */
  readonly supply?: number
}

/**
 * The firmware of a Feetech STS3215: control table with EEPROM, lock and registered writes, position mode with profile,
 * protection against overload, heat and a wrong voltage. Its time is the argument of `step`, so simulated time may run
 * at any speed. The modes velocity, PWM and step are not emulated: the servo then moves as in position mode.
 */
export class FeetechServo implements LineServo {
  readonly memory: ServoMemory<typeof STS3215>
  /** V at the terminals. */
  supply: number
  readonly #shaft: ServoShaft
  #time = 0
  #torque = false
  #overloaded = false
  /** s for which the load has been too large. */
  #overloadTime = 0
  #registered: { readonly address: number; readonly data: Uint8Array } | undefined

  constructor({ id, registers = {}, supply = 7.4, ...shaft }: FeetechServoOptions) {
    this.#shaft = new ServoShaft(shaft, TURN)
    this.memory = new ServoMemory(STS3215)
    this.supply = supply
    for (const [name, counts] of Object.entries({ ...registers, id }))
      this.memory.keep(name as keyof typeof STS3215, counts)
    this.powerCycle()
  }

  get id(): number {
    return this.memory.get('id')
  }

  get baud(): number {
    return FEETECH_BAUD[this.memory.get('baudRate')] ?? 0
  }

  get returnDelay(): number {
    return this.memory.value('returnDelay') * 1e9
  }

  /** degC of the motor. It follows the load; tests set it. */
  get temperature(): number {
    return this.#shaft.temperature
  }

  set temperature(value: number) {
    this.#shaft.temperature = value
  }

  /** Whether the motor has torque. */
  get torque(): boolean {
    return this.#torque
  }

  /** The bits of FEETECH_ERROR that hold now. */
  get errors(): number {
    const memory = this.memory
    const voltage = this.supply * 10 > memory.get('maxVoltage') || this.supply * 10 < memory.get('minVoltage')
    return (
      (voltage ? FEETECH_ERROR.voltage : 0) |
      (this.temperature > memory.get('maxTemperature') ? FEETECH_ERROR.heat : 0) |
      (this.#overloaded ? FEETECH_ERROR.overload : 0)
    )
  }

  /** Takes the power away and gives it back: what is not in the EEPROM is lost, and the torque is off. */
  powerCycle(): void {
    this.memory.powerOn()
    this.memory.set('torqueLimit', this.memory.get('maxTorque'))
    this.memory.set('goalPosition', this.#present())
    this.#registered = undefined
    this.#overloaded = false
    this.#release()
    this.#measure()
  }

  /** Moves the servo on to `timeNs`. To be called after every physics step. Allocates nothing. */
  step(timeNs: number): void {
    const dt = Math.max(0, timeNs - this.#time) / 1e9
    this.#time = timeNs
    this.#shaft.warm(dt)
    if (this.#torque) this.#stepTorque(dt)
    this.#measure()
  }

  handle(request: OneServoRequest): ServoStatus | undefined {
    switch (request.kind) {
      case 'ping':
        return this.#status(new Uint8Array())
      case 'read':
        return this.#status(this.memory.read(request.address, request.count))
      case 'write':
        this.#write(request.address, request.data)
        return this.#acknowledge(request.id)
      case 'registered write':
        this.#registered = { address: request.address, data: request.data }
        this.memory.set('registered', 1)
        return this.#acknowledge(request.id)
      case 'action':
        if (this.#registered !== undefined) this.#write(this.#registered.address, this.#registered.data)
        this.#registered = undefined
        this.memory.set('registered', 0)
        return this.#acknowledge(request.id)
      case 'reboot':
        return undefined
    }
  }

  #acknowledge(id: number): ServoStatus | undefined {
    return id === BROADCAST || this.memory.get('statusLevel') === 0 ? undefined : this.#status(new Uint8Array())
  }

  #status(data: Uint8Array): ServoStatus {
    return { id: this.id, error: this.errors, data }
  }

  #write(address: number, data: Uint8Array): void {
    const { memory } = this
    memory.write(address, data, { kept: memory.get('lock') === 0 })
    if (memory.touches('torqueEnable', address, data.length)) this.#switchTorque(memory.get('torqueEnable'))
    if (memory.touches('goalPosition', address, data.length)) this.#go()
  }

  #switchTorque(code: number): void {
    if (code === CALIBRATE) {
      this.memory.keep('homingOffset', modulo(this.#shaft.counts, TURN) - TURN / 2)
      this.memory.set('torqueEnable', this.#torque ? 1 : 0)
    } else if (code === 0) this.#release()
    else if (!this.#torque) {
      this.#torque = true
      this.#overloaded = false
      this.#overloadTime = 0
      this.#shaft.hold()
      this.#go()
    }
  }

  #release(): void {
    this.#torque = false
    this.memory.set('torqueEnable', 0)
    this.#shaft.release()
  }

  /** Starts the motion to the goal register. It goes the way on which the present position does not wrap. */
  #go(): void {
    if (!this.#torque) return
    const { memory } = this
    const goal = Math.min(memory.get('maxPosition'), Math.max(memory.get('minPosition'), memory.get('goalPosition')))
    const way = goal - this.#present()
    if (way * this.#shaft.load < 0) this.#overloaded = false
    this.#shaft.go(way, this.#time)
  }

  #stepTorque(dt: number): void {
    const { memory } = this
    const speed = Math.abs(memory.value('goalVelocity'))
    const fastest = memory.value('maxVelocity')
    const velocity = speed === 0 ? fastest : Math.min(speed, fastest)
    const acceleration = memory.get('acceleration') === 0 ? Infinity : memory.value('acceleration')
    this.#shaft.drive(this.#time, dt, velocity, acceleration)
    const tooMuch = Math.abs(this.#shaft.load) > memory.value('overloadTorque')
    this.#overloadTime = tooMuch ? this.#overloadTime + dt : 0
    if (this.#overloadTime >= memory.value('protectionTime')) this.#overloaded = true
    const unloading = memory.get('unloadingCondition')
    if ((this.errors & unloading & ~FEETECH_ERROR.overload) !== 0) {
      this.#release()
      return
    }
    const kept = this.#overloaded && (unloading & FEETECH_ERROR.overload) !== 0 ? memory.value('protectiveTorque') : 1
    this.#shaft.apply(Math.min(memory.value('torqueLimit'), kept))
  }

  #measure(): void {
    const { memory } = this
    const { load } = this.#shaft
    memory.set('presentPosition', this.#present())
    memory.set('presentVelocity', this.#shaft.velocity)
    memory.set('presentLoad', load / memory.table.presentLoad.scale)
    memory.set('presentCurrent', (load * STALL_CURRENT) / memory.table.presentCurrent.scale)
    memory.set('presentVoltage', this.supply / memory.table.presentVoltage.scale)
    memory.set('presentTemperature', this.temperature)
    memory.set('status', this.errors)
    memory.set('moving', this.#torque && this.#shaft.moving ? 1 : 0)
  }

  #present(): number {
    return modulo(this.#shaft.counts - this.memory.get('homingOffset'), TURN)
  }
}

const modulo = (value: number, by: number): number => ((value % by) + by) % by
