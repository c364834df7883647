import { AnswerTimeout } from './answer-timeout.js'
import type { ByteStream } from './byte-stream.js'
import { monotonicNs } from './byte-stream.js'
import { DriverError } from './driver-error.js'
import { FrameAssembler } from './frame-assembler.js'
import type { WireStats } from './gripper.js'
import { decodeResponse, encodeRequest, EXCEPTION_TEXT } from './modbus-rtu.js'
import type { ModbusException, ModbusRequest, ModbusResponse } from './modbus-rtu.js'
import { RequestPadding, withoutPadding } from './request-padding.js'
import { Unanswered } from './unanswered.js'
import type { SentRequest } from './unanswered.js'

export interface ModbusClientOptions {
  readonly unit: number
  /**
   * ms to wait for an answer after the request has left. The wait is longer while the device's recent answers were
   * slower and no urgent request waits.
   */
  readonly timeout?: number
  /** Number of further attempts after an answer that is missing or damaged. */
  readonly retries?: number
  /** ms after which an answer can no longer come. Default: ten times `timeout`. */
  readonly slowest?: number
}

export interface TransactionOptions {
  /** `urgent` requests are sent before all normal ones, in the order in which they came. */
  readonly priority?: 'normal' | 'urgent'
  /**
   * Number of registers behind the last one that a request may also read, or write as 0, without effect on the device.
   * With them the client makes the request longer. Its answer then has another length than the late answer of an
   * earlier request, so the two cannot be confused. Without spare registers a normal request waits until the late
   * answer can no longer come; an urgent request does not wait. The spare registers are not used when an urgent request
   * is repeated, nor after the device has refused a request with them.
   */
  readonly spare?: number
}

/**
 * A response and the times of the request that it answers, all in ns of the host's monotonic clock. `asked`: before the
 * request's first byte left; no value in the response is older. `written`: after its last byte had left. `received`:
 * when the response was complete.
 */
export interface Transaction {
  readonly response: Exclude<ModbusResponse, ModbusException>
  readonly asked: number
  readonly written: number
  readonly received: number
}

interface Job {
  readonly request: ModbusRequest
  readonly urgent: boolean
  readonly spare: number
  attempts: number
  /** Resolved or rejected. An answer that comes later is ignored. */
  ended: boolean
  resolve(transaction: Transaction): void
  reject(reason: DriverError): void
}

/**
 * The end of an attempt: the answer to a request of its job, or an error. `again` says whether the job may be tried
 * again.
 */
type Outcome =
  | { readonly sent: SentRequest<Job>; readonly response: Transaction['response']; readonly received: number }
  | { readonly error: DriverError; readonly again: boolean }

const isWrite = (request: ModbusRequest): boolean =>
  request.function === 6 || request.function === 16 || request.function === 23

/**
 * Client of one Modbus RTU unit over a byte stream. It runs one transaction at a time and urgent ones first. A late
 * answer is matched to the request that it belongs to (see `Unanswered`).
 */
export class ModbusClient {
  readonly stats: WireStats = { framesSent: 0, framesReceived: 0, crcErrors: 0, timeouts: 0, reconnects: 0 }
  readonly #stream: ByteStream
  readonly #unit: number
  readonly #timeout: number
  readonly #retries: number
  readonly #answerTimeout: AnswerTimeout
  readonly #assembler: FrameAssembler
  readonly #unanswered: Unanswered<Job>
  readonly #padding: RequestPadding<Job>
  readonly #urgent: Job[] = []
  readonly #normal: Job[] = []
  #running = false
  #current: Job | undefined
  #superseded = false
  /** Ends the current attempt. */
  #end: ((outcome: Outcome) => void) | undefined
  /** Ends the wait before a request that may not be sent yet. */
  #wake: (() => void) | undefined

  constructor(stream: ByteStream, { unit, timeout = 100, retries = 2, slowest = 10 * timeout }: ModbusClientOptions) {
    if (!(Number.isInteger(unit) && unit >= 1 && unit <= 247))
      throw new TypeError(`modbus: "unit" must be 1 to 247, got ${unit}`)
    this.#stream = stream
    this.#unit = unit
    this.#timeout = timeout
    this.#retries = retries
    this.#assembler = new FrameAssembler({ direction: 'responses', unit })
    this.#answerTimeout = new AnswerTimeout(timeout, slowest)
    this.#unanswered = new Unanswered(slowest * 1e6)
    this.#padding = new RequestPadding(this.#unanswered)
    stream.on('bytes', bytes => this.#receive(bytes))
    stream.on('lost', reason => {
      this.#unanswered.clear()
      this.#failAll(reason)
    })
    stream.on('back', () => void this.stats.reconnects++)
  }

  /**
   * Sends a request and resolves with its response. Rejects with TIMEOUT or CRC when all attempts failed in this way,
   * or with MODBUS_EXCEPTION, UNEXPECTED_REPLY, DISCONNECTED, SUPERSEDED or CLOSED.
   */
  transact(request: ModbusRequest, { priority = 'normal', spare = 0 }: TransactionOptions = {}): Promise<Transaction> {
    return new Promise<Transaction>((resolve, reject) => {
      const urgent = priority === 'urgent'
      const queue = urgent ? this.#urgent : this.#normal
      queue.push({ request, urgent, spare, attempts: 0, ended: false, resolve, reject })
      if (urgent) this.#answerTimeout.hurry()
      if (this.#running) this.#wake?.()
      else void this.#run()
    })
  }

  /** Rejects all normal writes that have not left yet. A write that has left is not repeated. */
  supersedeWrites(): void {
    const reason = new DriverError('SUPERSEDED', 'modbus: the command was dropped for a stop that came after it')
    for (const job of this.#normal.filter(entry => isWrite(entry.request))) {
      this.#normal.splice(this.#normal.indexOf(job), 1)
      this.#fail(job, reason)
    }
    if (this.#current !== undefined && !this.#current.urgent && isWrite(this.#current.request)) this.#superseded = true
  }

  /** Rejects all transactions with CLOSED. */
  close(): void {
    this.#failAll(new DriverError('CLOSED', 'modbus: the client was closed'))
  }

  async #run(): Promise<void> {
    this.#running = true
    for (let job = this.#first(); job !== undefined; job = this.#first()) {
      const { request, wait } = this.#padding.choose(job, monotonicNs())
      if (wait > 0) await this.#pause(wait)
      else {
        this.#queueOf(job).shift()
        this.#conclude(job, await this.#attempt(job, request))
      }
    }
    this.#running = false
  }

  #first(): Job | undefined {
    return this.#urgent[0] ?? this.#normal[0]
  }

  #queueOf({ urgent }: Job): Job[] {
    return urgent ? this.#urgent : this.#normal
  }

  /** Resolves after `wait` ns, or earlier when a request or an answer comes. */
  async #pause(wait: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    await new Promise<void>(resolve => {
      this.#wake = resolve
      timer = setTimeout(resolve, Math.ceil(wait / 1e6))
    })
    clearTimeout(timer)
    this.#wake = undefined
  }

  async #attempt(job: Job, request: ModbusRequest): Promise<Outcome> {
    this.#current = job
    this.#superseded = false
    job.attempts++
    if (this.#unanswered.none) this.#assembler.reset()
    const crcBefore = this.#assembler.crcErrors
    const expiry = new AbortController()
    const ended = new Promise<Outcome>(resolve => {
      this.#end = resolve
    })
    let sent: SentRequest<Job> | undefined
    try {
      const bytes = encodeRequest(this.#unit, request)
      sent = { owner: job, request, padded: request !== job.request, asked: monotonicNs(), written: NaN }
      this.#unanswered.add(sent)
      sent.written = await this.#stream.write(bytes)
      this.stats.framesSent++
      return await Promise.race([ended, this.#expiry(expiry.signal, crcBefore)])
    } catch (error) {
      if (sent !== undefined)
        this.#unanswered.failed(sent, monotonicNs(), { left: error instanceof DriverError && error.code === 'TIMEOUT' })
      if (error instanceof DriverError) return { error, again: false }
      return { error: new DriverError('BAD_COMMAND', `modbus: ${String(error)}`), again: false }
    } finally {
      expiry.abort()
      this.#current = this.#end = undefined
      this.#answerTimeout.ended()
    }
  }

  async #expiry(signal: AbortSignal, crcBefore: number): Promise<Outcome> {
    await this.#answerTimeout.expired(signal, () => this.#urgent.length > 0)
    return this.#expired(crcBefore)
  }

  #conclude(job: Job, outcome: Outcome): void {
    if (!('error' in outcome)) {
      job.ended = true
      const {
        sent: { asked, written },
        response,
        received,
      } = outcome
      job.resolve({ response: withoutPadding(response, job.request), asked, written, received })
    } else if (!outcome.again || job.attempts > this.#retries) this.#fail(job, outcome.error)
    else if (this.#superseded)
      this.#fail(job, new DriverError('SUPERSEDED', 'modbus: the command was not repeated: a stop came after it'))
    else this.#queueOf(job).unshift(job)
  }

  #fail(job: Job, reason: DriverError): void {
    job.ended = true
    job.reject(reason)
  }

  #judge(sent: SentRequest<Job>, response: ModbusResponse): Outcome {
    if (!('exception' in response)) return { sent, response, received: monotonicNs() }
    const text = EXCEPTION_TEXT[response.exception] ?? 'not in the specification'
    const what =
      `modbus unit ${this.#unit}: refused function ${response.function} with exception ` +
      `${response.exception} (${text})`
    if (sent.padded === true) {
      // The device may have refused the spare registers alone, so this attempt does not count.
      this.#padding.refuse()
      sent.owner.attempts--
    }
    return { error: new DriverError('MODBUS_EXCEPTION', what), again: sent.padded === true }
  }

  #expired(crcBefore: number): Outcome {
    const where = `modbus unit ${this.#unit}`
    if (this.#assembler.crcErrors > crcBefore) {
      return {
        error: new DriverError('CRC', `${where}: the answer came damaged; check the cable and its termination`),
        again: true,
      }
    }
    this.stats.timeouts++
    const what = `${where}: no answer within ${this.#timeout} ms; is it powered, and are address and baud rate right?`
    return { error: new DriverError('TIMEOUT', what), again: true }
  }

  #receive(bytes: Uint8Array): void {
    const frames = this.#assembler.push(bytes)
    this.stats.crcErrors = this.#assembler.crcErrors
    this.stats.framesReceived += frames.length
    for (const frame of frames) this.#receiveFrame(frame)
    this.#wake?.()
  }

  #receiveFrame(frame: Uint8Array): void {
    const response = decodeResponse(frame)
    const sent = response && this.#unanswered.take(response)
    if (response === undefined || sent === undefined) {
      const code = frame[1]! & 0x7f
      const what = `modbus unit ${this.#unit}: sent a frame (function ${code}) that answers nothing that was asked`
      this.#end?.({ error: new DriverError('UNEXPECTED_REPLY', what), again: true })
      return
    }
    this.#answerTimeout.learn(monotonicNs() - sent.asked)
    const { owner: job } = sent
    if (job.ended) return
    const outcome = this.#judge(sent, response)
    if (job === this.#current) return this.#end?.(outcome)
    const queue = this.#queueOf(job)
    const at = queue.indexOf(job)
    if (at >= 0) queue.splice(at, 1)
    this.#conclude(job, outcome)
  }

  #failAll(reason: DriverError): void {
    const waiting = [...this.#urgent.splice(0), ...this.#normal.splice(0)]
    this.#end?.({ error: reason, again: false })
    for (const job of waiting) this.#fail(job, reason)
    this.#wake?.()
  }
}
