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
import { ModbusServer } from './modbus-server.js'
import type { ServerStats } from './modbus-server.js'
import { MotionWatch } from './motion-watch.js'

/** Motor current of the emulation: while the fingers move (A), and for the grip force (A/N). */
const MOVING_CURRENT = 0.1
const CURRENT_PER_NEWTON = 1 / 235

/**
 * Force of the activation (N), its time limit for each direction, and the time without requests before a fault (ns).
 */
const ACTIVATION_FORCE = 20
const ACTIVATION_LIMIT = 5e9
const QUIET_LIMIT = 1e9

type State = 'reset' | 'closing' | 'opening' | 'ready' | 'releasing' | 'halted'

/** What an emulated gripper begins with. */
export interface FirmwareOptions {
  readonly plant: FingerPlant
  /** Modbus address. Default: 9, the factory setting. */
  readonly unit?: number
  /**
   * `activated`: the activation is already complete, and the fingers stay where they are. Default: `reset`, the state
   * after power-on.
   */
  readonly initial?: 'reset' | 'activated'
}

/**
 * The firmware of a Robotiq 2F-85 behind a byte stream: registers, activation, object detection, faults. Its time is
 * the argument of `step`, so simulated time may run at any speed. Requests are answered inside `receive`.
 */
export class RobotiqFirmware {
  readonly #plant: FingerPlant
  readonly #server: ModbusServer
  readonly #watch: MotionWatch
  /** The output registers: ACTION REQUEST, rPR, rSP, rFR. */
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

  constructor({ plant, unit = DEFAULT_UNIT, initial = 'reset' }: FirmwareOptions) {
    this.#plant = plant
    this.#server = new ModbusServer(unit, {
      isReadable,
      read: address => this.#register(address),
      write: (start, values) => this.#write(start, values),
    })
    this.#watch = new MotionWatch(plant)
    this.#initial = initial
    this.restart(0)
  }

  /** Counters of the serial line. */
  get stats(): ServerStats {
    return this.#server.stats
  }

  /** Whether the activation is complete (gSTA 3). */
  get activated(): boolean {
    return this.#state === 'ready'
  }

  /** The fault code (gFLT). */
  get fault(): number {
    return this.#fault
  }

  /** The object status (gOBJ). */
  get object(): number {
    return this.#moving ? this.#watch.object : OBJ.atPosition
  }

  /** Takes bytes from the wire. `reply` is called at once for each request that is answered. */
  receive(bytes: Uint8Array, reply: (bytes: Uint8Array) => void): void {
    this.#server.receive(bytes, answer => {
      this.#heard = true
      this.#quiet = false
      reply(answer)
    })
  }

  /** Moves the state machine on to `timeNs`. To be called after every physics step. Allocates nothing. */
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
   * Returns to the initial state at `timeNs`: outputs, motion and faults are cleared, and the fingers stay where they
   * are. The counters and the bytes of an unfinished frame are kept.
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

  /** Makes the device report `fault` (gFLT). From 0x0A on it stops and waits for a reset. */
  fail(fault: number): void {
    if (fault >= FIRST_MAJOR_FAULT) this.#halt(fault)
    else this.#fault = fault
  }

  /** Writes output registers; false: illegal address. */
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

  /** Motor current in A, from the plant's force and motion. */
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

  /** The activation closes the fingers and then opens them fully. Fingers that cannot open cause a fault. */
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

function inBlock(block: number, start: number, count: number): boolean {
  return start >= block && start + count <= block + BLOCK
}

function isReadable(start: number, count: number): boolean {
  return inBlock(OUTPUT.start, start, count) || inBlock(INPUT.start, start, count)
}
