import type { ByteStream } from './byte-stream.js'
import { DriverError } from './driver-error.js'
import { driver } from './driver-declaration.js'
import type { Gripper, GripperStatus, WireStats } from './gripper.js'
import { ModbusClient } from './modbus-client.js'
import type { Transaction, TransactionOptions } from './modbus-client.js'
import {
  ACTION,
  BLOCK,
  CURRENT,
  DEFAULT_UNIT,
  FAULT_TEXT,
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
} from './robotiq-registers.js'
import { SerialPort, serialTransport } from './serial-port.js'

export interface Robotiq2f85Options {
  /** Modbus address. Default: 9, the factory setting. */
  readonly unit?: number
  /** ms to wait for one answer. */
  readonly timeout?: number
  readonly retries?: number
  /** ms that an activation may take. Default: 10 000. */
  readonly activationTimeout?: number
  /** ms between two reads of the status during an activation. */
  readonly pollInterval?: number
}

export const robotiq2f85 = driver({
  name: 'robotiq-2f85',
  transport: serialTransport,
  options: {
    slave: { kind: 'count', least: 1, most: 247, default: DEFAULT_UNIT, note: 'Modbus address. Default 9.' },
  },
  describe: ({ slave }) => `slave ${slave}`,
  create: (port, { slave }, { patience }) =>
    new Robotiq2f85(new SerialPort({ ...port, ...(patience !== undefined && { writeTimeout: patience }) }), {
      ...(slave !== undefined && { unit: slave }),
      ...(patience !== undefined && { timeout: patience }),
    }),
})

/** Number of reserved registers behind the input block and behind the output block. */
const SPARE = BLOCK - INPUT.count

const OBJECTS = {
  [OBJ.moving]: 'moving',
  [OBJ.opening]: 'opening',
  [OBJ.closing]: 'closing',
  [OBJ.atPosition]: 'none',
} as const

/** The Robotiq 2F-85 over Modbus RTU. A value outside the device's range is set to the nearest end of the range. */
export class Robotiq2f85 implements Gripper {
  readonly #stream: ByteStream
  readonly #client: ModbusClient
  readonly #activationTimeout: number
  readonly #pollInterval: number
  #activated = false
  #stopped = false
  /** Position, speed and force of the last command. A stop repeats them unchanged. */
  #lastRequest: readonly [number, number] = [0, 0]

  constructor(stream: ByteStream, options: Robotiq2f85Options = {}) {
    const { unit = DEFAULT_UNIT, timeout = 100, retries = 2, activationTimeout = 10_000, pollInterval = 10 } = options
    this.#stream = stream
    this.#client = new ModbusClient(stream, { unit, timeout, retries })
    this.#activationTimeout = activationTimeout
    this.#pollInterval = pollInterval
  }

  get stats(): Readonly<WireStats> {
    return this.#client.stats
  }

  /**
   * Opens the port. When the device is not ready it is reset and activated; the fingers then close and open fully.
   */
  async connect(): Promise<void> {
    this.#stopped = false
    await this.#stream.open()
    const { status } = await this.#read()
    if (status.activated) return
    for (const action of [0, ACTION.activate]) {
      if (this.#stopped) throw ended()
      await this.#write([action << 8, 0, 0])
    }
    await this.#activation()
  }

  /** Rejects with BAD_COMMAND for numbers that are not finite, and with NOT_ACTIVATED before `connect`. */
  async move({ width, speed, effort }: { width: number; speed: number; effort: number }): Promise<{ written: number }> {
    if (!(Number.isFinite(width) && Number.isFinite(speed) && Number.isFinite(effort))) {
      const got = `width ${width} m, speed ${speed} m/s, effort ${effort} N`
      throw new DriverError('BAD_COMMAND', `robotiq-2f85: a move takes finite numbers, got ${got}`)
    }
    if (!this.#activated)
      throw new DriverError('NOT_ACTIVATED', 'robotiq-2f85: is not activated; call connect() before a move')
    this.#lastRequest = [toByte(WIDTH, width), (toByte(SPEED, speed) << 8) | toByte(FORCE, effort)]
    const { written } = await this.#write([(ACTION.activate | ACTION.goTo) << 8, ...this.#lastRequest])
    return { written }
  }

  /**
   * Stops the fingers. Moves that have not left yet and a running activation reject with SUPERSEDED. A device that is
   * not activated is reset.
   */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#client.supersedeWrites()
    const action = this.#activated ? ACTION.activate : 0
    await this.#write([action << 8, ...this.#lastRequest], { priority: 'urgent' })
  }

  async status(): Promise<GripperStatus> {
    return (await this.#read()).status
  }

  async close(): Promise<void> {
    this.#client.close()
    await this.#stream.close()
  }

  async #activation(): Promise<void> {
    for (const end = performance.now() + this.#activationTimeout; performance.now() < end; ) {
      const { sta, status } = await this.#read()
      const { fault, faultText } = status
      if (fault >= FIRST_MAJOR_FAULT)
        throw new DriverError('FAULT', `robotiq-2f85: activation ended in fault ${fault} (${faultText})`)
      if (sta === STA.ready) return
      if (this.#stopped) throw ended()
      await new Promise(resolve => setTimeout(resolve, this.#pollInterval))
    }
    const limit = `${this.#activationTimeout} ms`
    throw new DriverError(
      'TIMEOUT',
      `robotiq-2f85: activation did not end within ${limit}; are the fingers free and the supply on?`,
    )
  }

  #write(values: readonly number[], options?: TransactionOptions): Promise<Transaction> {
    return this.#client.transact({ function: 16, start: OUTPUT.start, values }, { spare: SPARE, ...options })
  }

  async #read(): Promise<{ status: GripperStatus; sta: number }> {
    const { response, asked } = await this.#client.transact(
      { function: 3, start: INPUT.start, count: INPUT.count },
      { spare: SPARE },
    )
    const [state = 0, request = 0, position = 0] = response.function === 3 ? response.values : []
    const bits = state >>> 8
    const fault = (request >>> 8) & 0x0f
    const sta = (bits >>> STATUS.staShift) & 3
    this.#activated = sta === STA.ready && fault < FIRST_MAJOR_FAULT
    const status: GripperStatus = {
      stamp: asked,
      width: fromByte(WIDTH, position >>> 8),
      requestedWidth: fromByte(WIDTH, request & 0xff),
      current: fromByte(CURRENT, position & 0xff),
      activated: this.#activated,
      object: (bits & STATUS.goTo) === 0 ? 'none' : OBJECTS[((bits >>> STATUS.objShift) & 3) as keyof typeof OBJECTS],
      fault,
      faultText: FAULT_TEXT[fault] ?? `unknown fault ${fault}`,
    }
    return { status, sta }
  }
}

const ended = (): DriverError =>
  new DriverError('SUPERSEDED', 'robotiq-2f85: the activation was ended by a stop; call connect() again')
