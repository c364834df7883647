import { DriverError } from '../drivers/driver-error.js'
import type { ServoBus } from '../drivers/servo/servo-bus.js'
import type { ServoState } from '../drivers/servo/servo-state.js'
import type { Bus, Publisher } from '../middleware/bus.js'
import type { JointState } from '../middleware/messages.js'
import type { JointOutput } from './joint-outputs.js'

export interface ServoArmOptions {
  readonly bus: Bus
  /** The actuator's name, for messages. */
  readonly name: string
  readonly servos: ServoBus
  /**
   * Whole names of the topics of the measured state and of the set-points that were sent. Undefined: nothing is sent to
   * these joints, they are only read.
   */
  readonly topics: { readonly state: string; readonly command: string | undefined }
  /** What `open` does with the torque. Default: on, so that the joints hold the positions that they have. */
  readonly torque?: 'on' | 'off' | 'as it is'
  /** Bus time (ns) of a moment on the host's monotonic clock (ns). */
  readonly busTimeOf: (monotonic: number) => number
  /** Told after the first set-point that follows a chunk: ns from the chunk's reference stamp to the last serial byte. */
  readonly onLatency?: ((nanoseconds: number) => void) | undefined
  /** Told of a fault when it begins, not with every request that fails. */
  readonly onError?: ((error: unknown) => void) | undefined
  /** Told in one line that a fault has ended. */
  readonly onNotice?: ((text: string) => void) | undefined
}

const NOTHING = new Float64Array(0)
/** ms of the machine's time in which a set-point must have left. */
const SETTLING = 1000

/**
 * Joints whose servos share a bus. Each cycle writes the newest set-point, if there is one, and then reads all servos.
 * One cycle runs at a time, so on a slow bus set-points replace each other and nothing piles up. What was read is
 * published as a JointState (position in rad, velocity in rad/s, effort as the servos say it: a share of the stall torque
 * or A), and so is each set-point that was sent. While a servo has a fault, or the bus is lost, nothing is written and
 * no state is published: some of its values would be old.
 */
export class ServoArm implements JointOutput {
  readonly #options: ServoArmOptions
  readonly #joints: readonly string[]
  readonly #goals: Float64Array
  /** Bus time of the set-point that waits; NaN: none does. */
  #waiting = NaN
  /** Number of set-points that were given. */
  #given = 0
  /** Called when set-points up to the one of this number have left, or a fault keeps them. */
  #settling: { readonly given: number; readonly settle: () => void }[] = []
  /** The reference stamp of a chunk that no set-point has followed yet. */
  #chunk = NaN
  #states: Publisher<JointState> | undefined
  #commands: Publisher<JointState> | undefined
  #isOpen = false
  #cycle: Promise<void> | undefined
  /** Whether a cycle was asked for since the poll before. */
  #asked = false
  #resets = false
  #fault: DriverError | undefined
  #last: ServoState | undefined

  constructor(options: ServoArmOptions) {
    this.#options = options
    const { servos } = options
    this.#joints = servos.joints.map(({ name }) => name)
    this.#goals = new Float64Array(this.#joints.length)
    servos.on('fault', (_joint, message) => this.#begin(new DriverError('FAULT', `${this.#where}: ${message}`)))
    servos.on('lost', reason => this.#report(reason))
    servos.on('back', () => this.#tell('the port is there again'))
    servos.on('recovered', joint => this.#tell(`${joint} has no fault any more`))
  }

  /** Whether a servo has a fault, or the bus is lost. */
  get isFaulty(): boolean {
    return this.#fault !== undefined
  }

  /**
   * Opens the port, sets the servos up and switches their torque. Rejects with a
   * DriverError; then the port is closed.
   */
  async open(): Promise<void> {
    const { bus, servos, topics, torque = 'on' } = this.#options
    this.#fault = this.#last = undefined
    this.#resets = false
    try {
      await servos.connect()
      if (torque !== 'as it is') await servos.torque(torque === 'on')
    } catch (error) {
      await servos.close()
      throw error
    }
    this.#states = bus.advertise(topics.state, 'sensor_msgs/msg/JointState')
    if (topics.command !== undefined) this.#commands = bus.advertise(topics.command, 'sensor_msgs/msg/JointState')
    this.#isOpen = true
  }

  /** A copy of the set-point (rad) waits for the next write. It replaces one that waits already. */
  send(positions: Float64Array, now: number): void {
    this.#goals.set(positions)
    this.#waiting = now
    this.#given++
    this.#run()
  }

  /** To be called at the rate of the set-points: reads the servos where no set-point was sent since the call before. */
  poll(): void {
    if (!this.#asked) this.#run()
    this.#asked = false
  }

  /** The next set-point follows a chunk with this reference stamp (ns). */
  follow(stamp: number): void {
    this.#chunk = stamp
  }

  /** Resets the servos that have a fault, so that those forget one whose cause is gone. Meanwhile they have no torque. */
  recover(): void {
    this.#resets = this.isFaulty
  }

  /**
   * Resolves when the newest set-point, or one after it, has left, with the fault that keeps the servos from taking it,
   * if there is one. Resolves with TIMEOUT where none has left in SETTLING.
   */
  async settled(): Promise<unknown> {
    if (!this.#cycle) return this.#fault
    return new Promise(resolve => {
      const text = `${this.#where}: no set-point has left in ${SETTLING} ms; check cable and supply`
      const late = setTimeout(() => resolve(new DriverError('TIMEOUT', text)), SETTLING)
      const settle = (): void => {
        clearTimeout(late)
        resolve(this.#fault)
      }
      this.#settling.push({ given: this.#given, settle })
    })
  }

  /** Closes the port. The servos keep their torque and hold the last set-point. */
  async close(): Promise<void> {
    this.#isOpen = false
    this.#waiting = NaN
    await this.#options.servos.close()
    await this.#cycle
    this.dispose()
  }

  dispose(): void {
    this.#states?.dispose()
    this.#commands?.dispose()
    this.#states = this.#commands = undefined
  }

  get #where(): string {
    return `servo bus of ${this.#options.name}`
  }

  #run(): void {
    this.#asked = true
    if (this.#cycle || !this.#isOpen) return
    this.#cycle = this.#cycles().finally(() => {
      this.#cycle = undefined
      this.#settle(Infinity)
    })
    this.#options.bus.work(this.#cycle)
  }

  /** Never rejects. */
  async #cycles(): Promise<void> {
    do {
      try {
        await this.#reset()
        const given = this.#given
        await this.#write()
        this.#settle(given)
        await this.#read()
      } catch (error) {
        this.#report(error)
        this.#settle(Infinity)
      }
    } while (!Number.isNaN(this.#waiting))
  }

  #settle(given: number): void {
    const settling = this.#settling
    if (settling.length === 0) return
    this.#settling = settling.filter(one => one.given > given)
    for (const one of settling) if (one.given <= given) one.settle()
  }

  async #reset(): Promise<void> {
    if (!this.#resets) return
    this.#resets = false
    const { servos } = this.#options
    // The next read says whether the fault is gone.
    for (const [i, fault] of (this.#last?.faults ?? []).entries())
      if (fault !== '') await servos.reset(this.#joints[i]!).catch(() => undefined)
  }

  async #write(): Promise<void> {
    const stamp = this.#waiting
    this.#waiting = NaN
    if (Number.isNaN(stamp) || this.isFaulty) return
    const { servos, busTimeOf, onLatency } = this.#options
    const chunk = this.#chunk
    this.#chunk = NaN
    const position = this.#goals.slice()
    const { written } = await servos.write(position)
    this.#commands?.publish({ stamp, frameId: '', name: this.#joints, position, velocity: NOTHING, effort: NOTHING })
    if (!Number.isNaN(chunk)) onLatency?.(busTimeOf(written) - chunk)
  }

  async #read(): Promise<void> {
    const { servos, busTimeOf } = this.#options
    const state = (this.#last = await servos.read())
    if (state.faults.some(fault => fault !== '')) return
    this.#fault = undefined
    const { position, velocity, load: effort } = state
    const stamp = busTimeOf(state.stamp)
    this.#states?.publish({ stamp, frameId: '', name: this.#joints, position, velocity, effort })
  }

  #report(error: unknown): void {
    const fault =
      error instanceof DriverError ? error : new DriverError('PORT_FAILED', `${this.#where}: ${String(error)}`)
    // What was under way when the port was closed has no fault.
    if (!this.#isOpen || fault.code === this.#fault?.code) return
    this.#begin(fault)
  }

  #begin(fault: DriverError): void {
    this.#fault = fault
    this.#options.onError?.(fault)
  }

  #tell(text: string): void {
    this.#options.onNotice?.(`${this.#where}: ${text}`)
  }
}
