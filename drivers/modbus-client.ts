import type { ByteStream } from './byte-stream.js'
import { monotonicNs } from './byte-stream.js'
import { DriverError } from './driver-error.js'
import { FrameAssembler } from './frame-assembler.js'
import type { WireStats } from './gripper.js'
import { decodeResponse, encodeRequest, EXCEPTION_TEXT } from './modbus-rtu.js'
import type { ModbusException, ModbusRequest, ModbusResponse } from './modbus-rtu.js'

export interface ModbusClientOptions {
  readonly unit: number
  /** ms to wait for an answer after the request has left. */
  readonly timeout?: number
  /** Further attempts after an answer that did not come or came damaged. */
  readonly retries?: number
}

export interface TransactionOptions {
  /** `urgent` goes ahead of everything that waits, in the order in which urgent ones came. */
  readonly lane?: 'normal' | 'urgent'
}

/** `written`: host's monotonic ns at which the request's last byte had left; `received`: at which the answer was whole. */
export interface Transaction {
  readonly response: Exclude<ModbusResponse, ModbusException>
  readonly written: number
  readonly received: number
}

interface Job {
  readonly request: ModbusRequest
  readonly urgent: boolean
  attempts: number
  resolve(transaction: Transaction): void
  reject(reason: DriverError): void
}

/** What an attempt came to: an answer, an end by error, or one that may be tried again. */
type Outcome = { readonly done: Transaction } | { readonly error: DriverError; readonly again: boolean }

const isWrite = (request: ModbusRequest): boolean => request.function === 6 || request.function === 16 || request.function === 23

/** Client of one Modbus RTU unit over a byte stream: one transaction at a time, urgent ones first. */
export class ModbusClient {
  readonly stats: WireStats = { framesSent: 0, framesReceived: 0, crcErrors: 0, timeouts: 0, reconnects: 0 }
  readonly #stream: ByteStream
  readonly #unit: number
  readonly #timeout: number
  readonly #retries: number
  readonly #assembler: FrameAssembler
  readonly #urgent: Job[] = []
  readonly #normal: Job[] = []
  #current: Job | undefined
  #superseded = false
  #onFrame: ((frame: Uint8Array) => void) | undefined
  #onEnd: ((reason: DriverError) => void) | undefined

  constructor(stream: ByteStream, { unit, timeout = 100, retries = 2 }: ModbusClientOptions) {
    if (!(Number.isInteger(unit) && unit >= 1 && unit <= 247)) throw new TypeError(`modbus: "unit" must be 1 to 247, got ${unit}`)
    this.#stream = stream
    this.#unit = unit
    this.#timeout = timeout
    this.#retries = retries
    this.#assembler = new FrameAssembler({ direction: 'responses', unit })
    stream.on('bytes', (bytes) => this.#hear(bytes))
    stream.on('lost', (reason) => this.#failAll(reason))
    stream.on('back', () => void this.stats.reconnects++)
  }

  /**
   * Rejects with TIMEOUT or CRC when all attempts failed that way, MODBUS_EXCEPTION, UNEXPECTED_REPLY, DISCONNECTED,
   * SUPERSEDED or CLOSED.
   */
  transact(request: ModbusRequest, { lane = 'normal' }: TransactionOptions = {}): Promise<Transaction> {
    return new Promise<Transaction>((resolve, reject) => {
      const urgent = lane === 'urgent'
      const queue = urgent ? this.#urgent : this.#normal
      queue.push({ request, urgent, attempts: 0, resolve, reject })
      if (this.#current === undefined) void this.#run()
    })
  }

  /** Rejects every write of the normal lane that has not left yet, and lets one that has left end without a retry. */
  supersedeWrites(): void {
    const reason = new DriverError('SUPERSEDED', 'modbus: the command was dropped for a stop that came after it')
    for (const job of this.#normal.filter((entry) => isWrite(entry.request))) {
      this.#normal.splice(this.#normal.indexOf(job), 1)
      job.reject(reason)
    }
    if (this.#current !== undefined && !this.#current.urgent && isWrite(this.#current.request)) this.#superseded = true
  }

  /** Rejects all that waits or runs with CLOSED. */
  close(): void {
    this.#failAll(new DriverError('CLOSED', 'modbus: the client was closed'))
  }

  async #run(): Promise<void> {
    for (let job = this.#take(); job !== undefined; job = this.#take()) {
      this.#current = job
      this.#superseded = false
      const outcome = await this.#attempt(job)
      this.#current = undefined
      if ('done' in outcome) job.resolve(outcome.done)
      else if (!outcome.again || job.attempts > this.#retries) job.reject(outcome.error)
      else if (this.#superseded) job.reject(new DriverError('SUPERSEDED', 'modbus: the command was not repeated: a stop came after it'))
      else (job.urgent ? this.#urgent : this.#normal).unshift(job)
    }
  }

  #take(): Job | undefined {
    return this.#urgent.shift() ?? this.#normal.shift()
  }

  async #attempt(job: Job): Promise<Outcome> {
    job.attempts++
    this.#assembler.reset()
    const crcBefore = this.#assembler.crcErrors
    const expiry = new AbortController()
    const answer = new Promise<Outcome & { received?: number }>((resolve) => {
      this.#onEnd = (error) => resolve({ error, again: false })
      this.#onFrame = (bytes) => resolve(this.#judge(job.request, bytes))
    })
    try {
      const bytes = encodeRequest(this.#unit, job.request)
      const written = await this.#stream.write(bytes)
      this.stats.framesSent++
      const outcome = await Promise.race([answer, elapsed(this.#timeout, expiry.signal).then(() => this.#expired(crcBefore))])
      return 'done' in outcome ? { done: { ...outcome.done, written } } : outcome
    } catch (error) {
      if (error instanceof DriverError) return { error, again: false }
      return { error: new DriverError('BAD_COMMAND', `modbus: ${String(error)}`), again: false }
    } finally {
      expiry.abort()
      this.#onFrame = this.#onEnd = undefined
    }
  }

  #judge(request: ModbusRequest, bytes: Uint8Array): Outcome {
    const response = decodeResponse(bytes)
    if (response !== undefined && 'exception' in response && response.function === request.function) {
      const text = EXCEPTION_TEXT[response.exception] ?? 'not in the specification'
      const what = `modbus unit ${this.#unit}: refused function ${request.function} with exception ${response.exception} (${text})`
      return { error: new DriverError('MODBUS_EXCEPTION', what), again: false }
    }
    if (response === undefined || 'exception' in response || !answers(request, response)) {
      const what = `modbus unit ${this.#unit}: answered function ${request.function} with a frame that is no answer to it`
      return { error: new DriverError('UNEXPECTED_REPLY', what), again: true }
    }
    return { done: { response, written: 0, received: monotonicNs() } }
  }

  #expired(crcBefore: number): Outcome {
    const where = `modbus unit ${this.#unit}`
    if (this.#assembler.crcErrors > crcBefore) {
      return { error: new DriverError('CRC', `${where}: the answer came damaged; check the cable and its termination`), again: true }
    }
    this.stats.timeouts++
    const what = `${where}: no answer within ${this.#timeout} ms; is it powered, and are address and baud rate right?`
    return { error: new DriverError('TIMEOUT', what), again: true }
  }

  #hear(bytes: Uint8Array): void {
    const frames = this.#assembler.push(bytes)
    this.stats.crcErrors = this.#assembler.crcErrors
    this.stats.framesReceived += frames.length
    for (const frame of frames) this.#onFrame?.(frame)
  }

  #failAll(reason: DriverError): void {
    const waiting = [...this.#urgent.splice(0), ...this.#normal.splice(0)]
    this.#onEnd?.(reason)
    for (const job of waiting) job.reject(reason)
  }
}

/**
 * Resolves after `ms` of a running event loop: a timer that fires much too late tells of a stall in this process, in which no
 * answer could be heard, so the time then starts anew, once. Never resolves after an abort.
 */
function elapsed(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const due = performance.now() + ms
    const fire = (): void => {
      if (performance.now() - due > ms / 4) timer = setTimeout(resolve, ms)
      else resolve()
    }
    let timer = setTimeout(fire, ms)
    signal.addEventListener('abort', () => clearTimeout(timer))
  })
}

/** Whether a response is one that the request can have. */
function answers(request: ModbusRequest, response: Exclude<ModbusResponse, ModbusException>): boolean {
  switch (request.function) {
    case 3:
    case 4:
    case 23:
      return response.function === request.function && response.values.length === request.count
    case 6:
      return response.function === 6 && response.register === request.register && response.value === request.value
    case 16:
      return response.function === 16 && response.start === request.start && response.count === request.values.length
  }
}
