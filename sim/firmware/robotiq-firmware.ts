import { FrameAssembler } from '../../drivers/frame-assembler.js'
import { decodeRequest, encodeResponse, EXCEPTION } from '../../drivers/modbus-rtu.js'
import type { ExceptionCode, ModbusRequest, ModbusResponse } from '../../drivers/modbus-rtu.js'
import {
  ACTION,
  BLOCK,
  CURRENT,
  DEFAULT_UNIT,
  FAULT,
  FIRST_MAJOR_FAULT,
  FORCE,
  fromByte,
  INPUT,
  OBJ,
  OUTPUT,
  SPEED,
  STA,
  STATUS,
  toByte,
  WIDTH,
} from '../../drivers/robotiq-registers.js'
import type { FingerPlant } from './finger-plant.js'
import { MotionWatch } from './motion-watch.js'

/** Motor current as the emulation draws it: while the fingers move, and for each newton of grip. A, A/N. */
const MOVING_CURRENT = 0.1
const CURRENT_PER_NEWTON = 1 / 235

const ACTIVATION_FORCE = 20
const ACTIVATION_LIMIT = 5e9
const QUIET_LIMIT = 1e9

type State = 'reset' | 'closing' | 'opening' | 'ready' | 'releasing' | 'halted'

export interface FirmwareOptions {
  readonly plant: FingerPlant
  /** Address on the bus; 9 as delivered. */
  readonly unit?: number
  /**
   * `activated`: as after an activation that ended before the start, fingers where they are. Default `reset`, as after
   * power-on.
   */
  readonly initial?: 'reset' | 'activated'
}

export interface FirmwareStats {
  readonly requests: number
  readonly replies: number
  readonly exceptions: number
  readonly crcErrors: number
  readonly discardedBytes: number
}

/**
 * The firmware of a Robotiq 2F-85 behind a byte stream: registers, activation, object detection, faults. Its only time
 * is the one that `step` brings, so simulated time may run at any pace; answers are given inside `receive`.
 */
export class RobotiqFirmware {
  readonly #plant: FingerPlant
  readonly #unit: number
  readonly #assembler: FrameAssembler
  readonly #watch: MotionWatch
  /** ACTION REQUEST, rPR, rSP, rFR as the outputs stand in their registers. */
  readonly #output = new Uint16Array(BLOCK)
  readonly #initial: 'reset' | 'activated'
  #state: State = 'reset'
  #fault: number = FAULT.none
  #moving = false
  #time = 0
  #phaseStart = 0
  #lastHeard = -1
  #heard = false
  #quiet = false
  #requests = 0
  #replies = 0
  #exceptions = 0

  constructor({ plant, unit = DEFAULT_UNIT, initial = 'reset' }: FirmwareOptions) {
    this.#plant = plant
    this.#unit = unit
    this.#assembler = new FrameAssembler({ direction: 'requests', unit })
    this.#watch = new MotionWatch(plant)
    this.#initial = initial
    this.restart(0)
  }

  get stats(): FirmwareStats {
    return {
      requests: this.#requests,
      replies: this.#replies,
      exceptions: this.#exceptions,
      crcErrors: this.#assembler.crcErrors,
      discardedBytes: this.#assembler.discarded,
    }
  }

  /** gSTA 3: activation is completed. */
  get activated(): boolean {
    return this.#state === 'ready'
  }

  /** gFLT. */
  get fault(): number {
    return this.#fault
  }

  /** gOBJ. */
  get object(): number {
    return this.#moving ? this.#watch.object : OBJ.atPosition
  }

  /** Takes bytes as they come from the wire; `reply` is called at once for each request that is answered. */
  receive(bytes: Uint8Array, reply: (bytes: Uint8Array) => void): void {
    for (const frame of this.#assembler.push(bytes)) {
      this.#requests++
      this.#heard = true
      const request = decodeRequest(frame)
      const response = 'refuse' in request ? refusal(request.function, request.refuse) : this.#answer(request)
      this.#quiet = false
      if ('exception' in response) this.#exceptions++
      this.#replies++
      reply(encodeResponse(this.#unit, response))
    }
  }

  /** Brings the state machine to `timeNs`; called after every step of the physics. Allocates nothing. */
  step(timeNs: number): void {
    this.#time = timeNs
    if (this.#heard || this.#lastHeard < 0) this.#lastHeard = timeNs
    this.#heard = false
    if (timeNs - this.#lastHeard >= QUIET_LIMIT && this.#state !== 'reset') this.#quiet = true
    if (this.#moving) this.#watch.step(timeNs)
    if (this.#state === 'closing' || this.#state === 'opening') this.#stepActivation()
    else if (this.#state === 'releasing' && this.#watch.object !== OBJ.moving) this.#halt(FAULT.released)
  }

  /**
   * As at the start, at `timeNs`: outputs, motion and faults are forgotten, and the fingers stay as they are. Counters,
   * and what has come of a frame, remain.
   */
  restart(timeNs: number): void {
    const activated = this.#initial === 'activated'
    this.#state = activated ? 'ready' : 'reset'
    this.#output.fill(0)
    this.#output[0] = activated ? ACTION.activate << 8 : 0
    this.#fault = FAULT.none
    this.#moving = this.#heard = this.#quiet = false
    this.#time = timeNs
    this.#lastHeard = -1
  }

  /** Makes the device report `fault` (gFLT); from 0x0A on it stops and waits for a reset. */
  fail(fault: number): void {
    if (fault >= FIRST_MAJOR_FAULT) this.#halt(fault)
    else this.#fault = fault
  }

  #answer(request: ModbusRequest): ModbusResponse {
    switch (request.function) {
      case 3:
      case 4:
        return this.#read(request.function, request.start, request.count)
      case 6: {
        if (!this.#write(request.register, [request.value])) return refusal(6, EXCEPTION.illegalAddress)
        return { function: 6, register: request.register, value: request.value }
      }
      case 16: {
        if (!this.#write(request.start, request.values)) return refusal(16, EXCEPTION.illegalAddress)
        return { function: 16, start: request.start, count: request.values.length }
      }
      case 23: {
        const { start, count, writeStart, values } = request
        if (!readable(start, count) || !this.#write(writeStart, values)) return refusal(23, EXCEPTION.illegalAddress)
        return this.#read(23, start, count)
      }
    }
  }

  #read(code: 3 | 4 | 23, start: number, count: number): ModbusResponse {
    if (!readable(start, count)) return refusal(code, EXCEPTION.illegalAddress)
    return { function: code, values: Array.from({ length: count }, (_, index) => this.#register(start + index)) }
  }

  /** Whether the outputs took the values. */
  #write(start: number, values: readonly number[]): boolean {
    if (!inBlock(OUTPUT.start, start, values.length)) return false
    const [action = 0, position = 0, drive = 0] = this.#output
    this.#output.set(values, start - OUTPUT.start)
    this.#act(action >>> 8, this.#output[1] !== position || this.#output[2] !== drive)
    return true
  }

  #register(address: number): number {
    if (address < INPUT.start) return this.#output[address - OUTPUT.start]!
    switch (address - INPUT.start) {
      case 0:
        return this.#status() << 8
      case 1:
        return (
          ((this.#fault === FAULT.none && this.#quiet ? FAULT.noCommunication : this.#fault) << 8) |
          (this.#output[1]! & 0xff)
        )
      case 2:
        return (toByte(WIDTH, this.#plant.width()) << 8) | toByte(CURRENT, this.#current())
      default:
        return 0
    }
  }

  get #action(): number {
    return this.#output[0]! >>> 8
  }

  #status(): number {
    const echo = this.#action & (ACTION.activate | ACTION.goTo)
    const activating = this.#state === 'closing' || this.#state === 'opening'
    const sta = this.#state === 'ready' ? STA.ready : activating ? STA.activating : STA.reset
    return echo | (sta << STATUS.staShift) | ((this.#state === 'ready' ? this.object : OBJ.moving) << STATUS.objShift)
  }

  /** A, from the plant's force and motion. */
  #current(): number {
    const moving = this.#moving && this.#watch.object === OBJ.moving
    return Math.abs(this.#plant.force()) * CURRENT_PER_NEWTON + (moving ? MOVING_CURRENT : 0)
  }

  #act(before: number, retargeted: boolean): void {
    const action = this.#action
    const activate = (action & ACTION.activate) !== 0
    const goTo = (action & ACTION.goTo) !== 0
    if (!activate) {
      this.#state = 'reset'
      this.#hold()
      this.#fault = goTo ? FAULT.notActivated : FAULT.none
      return
    }
    if (this.#state === 'reset') {
      this.#begin('closing')
      this.#fault = goTo ? FAULT.actionDelayed : FAULT.none
      return
    }
    if (this.#state === 'halted' || this.#state === 'releasing') return
    if (action & ACTION.release) {
      this.#state = 'releasing'
      this.#fault = FAULT.releasing
      this.#go(action & ACTION.releaseOpening ? WIDTH.at0 : WIDTH.at255, SPEED.at0, FORCE.at0)
      return
    }
    if (this.#state !== 'ready') {
      this.#fault = goTo ? FAULT.actionDelayed : FAULT.none
      return
    }
    if (!goTo) this.#hold()
    else if (retargeted || !(before & ACTION.goTo) || !this.#moving) this.#goToRequest()
  }

  #goToRequest(): void {
    const drive = this.#output[2]!
    this.#go(fromByte(WIDTH, this.#output[1]! & 0xff), fromByte(SPEED, drive >>> 8), fromByte(FORCE, drive & 0xff))
  }

  #go(width: number, speed: number, force: number): void {
    this.#moving = true
    this.#watch.begin(width, this.#time)
    this.#plant.command({ width, speed, force })
  }

  #hold(): void {
    if (this.#moving) this.#plant.command('hold')
    this.#moving = false
  }

  #begin(phase: 'closing' | 'opening'): void {
    this.#state = phase
    this.#phaseStart = this.#time
    this.#go(phase === 'closing' ? WIDTH.at255 : WIDTH.at0, SPEED.at255, ACTIVATION_FORCE)
  }

  /** The fingers close, then open fully; one that cannot open has failed. */
  #stepActivation(): void {
    if (this.#time - this.#phaseStart > ACTIVATION_LIMIT) this.#halt(FAULT.activation)
    else if (this.#watch.object === OBJ.moving) return
    else if (this.#state === 'closing') this.#begin('opening')
    else if (this.#watch.object === OBJ.opening) this.#halt(FAULT.activation)
    else {
      this.#state = 'ready'
      this.#fault = FAULT.none
      if (this.#action & ACTION.goTo) this.#goToRequest()
      else this.#hold()
    }
  }

  #halt(fault: number): void {
    this.#state = 'halted'
    this.#fault = fault
    this.#hold()
  }
}

function refusal(code: number, exception: ExceptionCode): ModbusResponse {
  return { function: code, exception }
}

function inBlock(block: number, start: number, count: number): boolean {
  return start >= block && start + count <= block + BLOCK
}

function readable(start: number, count: number): boolean {
  return inBlock(OUTPUT.start, start, count) || inBlock(INPUT.start, start, count)
}
