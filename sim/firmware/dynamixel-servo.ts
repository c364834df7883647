import { ALERT, DYNAMIXEL_ERROR } from '../../drivers/dynamixel/protocol.js'
import { DYNAMIXEL_BAUD, HARDWARE_ERROR, TURN } from '../../drivers/dynamixel/registers.js'
import type { XSeriesTable } from '../../drivers/dynamixel/registers.js'
import { XL330 } from '../../drivers/dynamixel/x-series.js'
import { BROADCAST } from '../../drivers/servo/servo-protocol.js'
import type { ServoStatus } from '../../drivers/servo/servo-protocol.js'
import type { LineServo, OneServoRequest } from './servo-line.js'
import { ServoMemory } from './servo-memory.js'
import { ServoShaft } from './servo-shaft.js'
import type { ServoShaftOptions } from './servo-shaft.js'

/** Position mode, and the homing offset beyond which it takes none. */
const POSITION = 3
const LARGEST_OFFSET = 1024
/** Share of the stall torque, and the s for which the load must be above it, before an overload. */
const OVERLOAD = 0.9
const OVERLOAD_TIME = 1
/** ns for which a servo hears nothing after a reboot. */
const BOOT_TIME = 200e6
/** A in the motor at the stall torque. */
const STALL_CURRENT = 1.47

/** What an emulated servo begins with. */
export interface DynamixelServoOptions extends ServoShaftOptions {
  readonly id: number
  /** Default: XL330-M288. */
  readonly table?: XSeriesTable
  /** Counts of registers that differ from a servo as delivered. Those of the EEPROM stay there. */
  readonly registers?: Partial<Record<keyof XSeriesTable, number>>
  /** V. Default 5. */
  readonly supply?: number
}

/**
 * The firmware of a Dynamixel X series servo: control table with its access rules, status return level, registered
 * writes, position mode with profile, shutdown until a reboot. Its time is the argument of `step`. Not emulated: the
 * modes without a position (the servo then moves as in position mode), drive mode, secondary id, bus watchdog, indirect
 * addresses.
 */
export class DynamixelServo implements LineServo {
  readonly memory: ServoMemory<XSeriesTable>
  /** V at the terminals. */
  supply: number
  readonly #shaft: ServoShaft
  #time = 0
  #torque = false
  #overloadTime = 0
  /** ns until which the servo boots. */
  #booted = 0
  #registered: { readonly address: number; readonly data: Uint8Array } | undefined

  constructor({ id, table = XL330, registers = {}, supply = 5, ...shaft }: DynamixelServoOptions) {
    this.#shaft = new ServoShaft(shaft, TURN)
    this.memory = new ServoMemory(table)
    this.supply = supply
    // The emulated line has 1 Mbaud by default, as nearly every arm of these servos.
    for (const [name, counts] of Object.entries({ baudRate: 3, ...registers, id }))
      this.memory.keep(name as keyof XSeriesTable, counts)
    this.powerCycle()
  }

  get id(): number {
    return this.memory.get('id')
  }

  get baud(): number {
    return this.#time < this.#booted ? 0 : (DYNAMIXEL_BAUD[this.memory.get('baudRate')] ?? 0)
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

  /** Takes the power away and gives it back: what is not in the EEPROM is lost, and the torque is off. */
  powerCycle(): void {
    this.memory.powerOn()
    this.memory.set('goalPosition', this.#present())
    this.#registered = undefined
    this.#overloadTime = 0
    this.#release()
    this.#measure()
  }

  /** Moves the servo on to `timeNs`. To be called after every physics step. Allocates nothing. */
  step(timeNs: number): void {
    const dt = Math.max(0, timeNs - this.#time) / 1e9
    this.#time = timeNs
    this.#shaft.warm(dt)
    this.#protect(dt)
    if (this.#torque) this.#drive(dt)
    this.#measure()
  }

  handle(request: OneServoRequest): ServoStatus | undefined {
    const level = this.memory.get('statusLevel')
    switch (request.kind) {
      case 'ping':
        return this.#status(0, this.#pingData())
      case 'read':
        return level >= 1 ? this.#read(request.address, request.count) : undefined
      case 'write':
        return this.#acknowledge(request.id, this.#write(request.address, request.data))
      case 'registered write':
        this.#registered = { address: request.address, data: request.data }
        this.memory.set('registered', 1)
        return this.#acknowledge(request.id, 0)
      case 'action':
        return this.#acknowledge(request.id, this.#act())
      case 'reboot': {
        const answer = this.#acknowledge(request.id, 0)
        this.powerCycle()
        this.#booted = this.#time + BOOT_TIME
        return answer
      }
    }
  }

  #pingData(): Uint8Array {
    const { modelNumber, firmwareVersion } = this.memory.table
    const number = this.memory.read(modelNumber.address, modelNumber.size)
    return Uint8Array.of(...number, ...this.memory.read(firmwareVersion.address, firmwareVersion.size))
  }

  #read(address: number, count: number): ServoStatus {
    return address + count > this.memory.size
      ? this.#status(DYNAMIXEL_ERROR.access, new Uint8Array())
      : this.#status(0, this.memory.read(address, count))
  }

  #act(): number {
    const registered = this.#registered
    this.#registered = undefined
    this.memory.set('registered', 0)
    return registered === undefined ? DYNAMIXEL_ERROR.failed : this.#write(registered.address, registered.data)
  }

  #acknowledge(id: number, error: number): ServoStatus | undefined {
    return id === BROADCAST || this.memory.get('statusLevel') < 2 ? undefined : this.#status(error, new Uint8Array())
  }

  #status(error: number, data: Uint8Array): ServoStatus {
    return { id: this.id, error: error | (this.memory.get('hardwareError') === 0 ? 0 : ALERT), data }
  }

  /** The error number of a write. */
  #write(address: number, data: Uint8Array): number {
    const { memory } = this
    if (address + data.length > memory.size) return DYNAMIXEL_ERROR.access
    for (const [name, register] of Object.entries(memory.table)) {
      if (!memory.touches(name as keyof XSeriesTable, address, data.length)) continue
      if (register.access === 'read' || (register.area === 'eeprom' && this.#torque)) return DYNAMIXEL_ERROR.access
      if (register.address < address || register.address + register.size > address + data.length)
        return DYNAMIXEL_ERROR.length
    }
    const before = memory.get('goalPosition')
    memory.write(address, data, { kept: true })
    if (memory.touches('goalPosition', address, data.length) && !this.#isGoal(memory.get('goalPosition'))) {
      memory.set('goalPosition', before)
      return DYNAMIXEL_ERROR.limit
    }
    if (memory.touches('torqueEnable', address, data.length)) this.#switchTorque(memory.get('torqueEnable') !== 0)
    if (memory.touches('goalPosition', address, data.length)) this.#go()
    return 0
  }

  #isGoal(goal: number): boolean {
    const { memory } = this
    if (memory.get('operatingMode') !== POSITION) return true
    return goal >= memory.get('minPosition') && goal <= memory.get('maxPosition')
  }

  /** After a shutdown there is no torque before the next reboot. */
  #switchTorque(on: boolean): void {
    if (!on) this.#release()
    else if ((this.memory.get('hardwareError') & this.memory.get('shutdown')) !== 0) this.memory.set('torqueEnable', 0)
    else if (!this.#torque) {
      this.#torque = true
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

  #go(): void {
    if (this.#torque) this.#shaft.go(this.memory.get('goalPosition') - this.#present(), this.#time)
  }

  #protect(dt: number): void {
    const { memory } = this
    const volts = this.supply * 10
    this.#overloadTime = this.#torque && Math.abs(this.#shaft.load) > OVERLOAD ? this.#overloadTime + dt : 0
    const errors =
      memory.get('hardwareError') |
      (volts > memory.get('maxVoltage') || volts < memory.get('minVoltage') ? HARDWARE_ERROR.voltage : 0) |
      (this.temperature > memory.get('maxTemperature') ? HARDWARE_ERROR.heat : 0) |
      (this.#overloadTime >= OVERLOAD_TIME ? HARDWARE_ERROR.overload : 0)
    memory.set('hardwareError', errors)
    if (this.#torque && (errors & memory.get('shutdown')) !== 0) this.#release()
  }

  #drive(dt: number): void {
    const { memory } = this
    const fastest = memory.value('velocityLimit')
    const velocity = memory.get('profileVelocity') === 0 ? fastest : memory.value('profileVelocity')
    const acceleration = memory.get('profileAcceleration') === 0 ? Infinity : memory.value('profileAcceleration')
    this.#shaft.drive(this.#time, dt, Math.min(fastest, velocity), acceleration)
    this.#shaft.apply(memory.value('pwmLimit'))
  }

  #measure(): void {
    const { memory } = this
    const { load } = this.#shaft
    const { presentLoad, presentVelocity, presentVoltage } = memory.table
    memory.set('presentPosition', this.#present())
    memory.set('presentVelocity', (this.#shaft.velocity * memory.table.presentPosition.scale) / presentVelocity.scale)
    memory.set('presentLoad', ((presentLoad.unit === 'A' ? STALL_CURRENT : 1) * load) / presentLoad.scale)
    memory.set('presentVoltage', this.supply / presentVoltage.scale)
    memory.set('presentTemperature', this.temperature)
    memory.set('moving', this.#torque && this.#shaft.moving ? 1 : 0)
    memory.set('realtimeTick', Math.floor(this.#time / 1e6) % 32_768)
  }

  #present(): number {
    const offset = this.memory.get('homingOffset')
    const taken = this.memory.get('operatingMode') !== POSITION || Math.abs(offset) <= LARGEST_OFFSET
    return this.#shaft.counts + (taken ? offset : 0)
  }
}
