import type { ByteStream } from './byte-stream.js'
import { monotonicNs } from './byte-stream.js'
import { DriverError } from './driver-error.js'
import { elapsed } from './elapsed.js'
import { FrameAssembler } from './frame-assembler.js'
import type { WireStats } from './gripper.js'
import { decodeResponse, encodeRequest, EXCEPTION_TEXT } from './modbus-rtu.js'
import type { ModbusException, ModbusRequest, ModbusResponse } from './modbus-rtu.js'
import { Unanswered } from './unanswered.js'
import type { SentRequest } from './unanswered.js'

export interface ModbusClientOptions {
  readonly unit: number
  /**
   * ms to wait for an answer after the request has left; longer while the answers of the device are slower and nothing
   * urgent waits.
   */
  readonly timeout?: number
  /** Further attempts after an answer that did not come or came damaged. */
  readonly retries?: number
  /** ms after which an answer that has not come does not come any more. Default: ten times `timeout`. */
  readonly slowest?: number
}

export interface TransactionOptions {
  /** `urgent` goes ahead of everything that waits, in the order in which urgent ones came. */
  readonly lane?: 'normal' | 'urgent'
  /**
   * Registers behind the last one that a request may take along without harm (written as 0): by its length its answer
   * is told from the late one of a request before it. Without any, a request that another one's late answer would fit
   * waits until that can come no more; an urgent one does not wait. None are taken along when an urgent request is
   * repeated, nor ever again once the device has refused a request with them.
   */
  readonly spare?: number
}

/**
 * What was answered, and to what: host's monotonic ns before the first byte of the answered request left (`asked`: no
 * value in the answer is older), once its last one had left (`written`), and once the answer was whole (`received`).
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
  /** Resolved or rejected: an answer that comes yet is nobody's. */
  ended: boolean
  resolve(transaction: Transaction): void
  reject(reason: DriverError): void
}

/**
 * How an attempt ended: with the answer to a request of its job, or with an error, after which it may be tried again.
 */
type Outcome =
  | { readonly sent: SentRequest<Job>; readonly response: Transaction['response']; readonly received: number }
  | { readonly error: DriverError; readonly again: boolean }

/** Requests in a row that may be unanswered when another one that is not urgent is sent. */
const MOST_UNANSWERED = 3

const isWrite = (request: ModbusRequest): boolean =>
  request.function === 6 || request.function === 16 || request.function === 23

/**
 * Client of one Modbus RTU unit over a byte stream: one transaction at a time, urgent ones first. An answer is given to
 * the request that it belongs to, however late it comes (see `Unanswered`).
 */
export class ModbusClient {
  readonly stats: WireStats = { framesSent: 0, framesReceived: 0, crcErrors: 0, timeouts: 0, reconnects: 0 }
  readonly #stream: ByteStream
  readonly #unit: number
  readonly #timeout: number
  readonly #retries: number
  readonly #slowest: number
  /** ms to wait for an answer, by those that came last. */
  #patience: number
  readonly #assembler: FrameAssembler
  readonly #unanswered: Unanswered<Job>
  readonly #urgent: Job[] = []
  readonly #normal: Job[] = []
  #running = false
  #current: Job | undefined
  #superseded = false
  /** Whether the device may still have the registers behind those that are asked for. */
  #pads = true
  /** Ends the attempt that runs. */
  #end: ((outcome: Outcome) => void) | undefined
  /** Ends the wait for a request that may not be sent yet. */
  #wake: (() => void) | undefined
  /** Ends the wait for an answer that is slower than `timeout`. */
  #hurry: (() => void) | undefined

  constructor(stream: ByteStream, { unit, timeout = 100, retries = 2, slowest = 10 * timeout }: ModbusClientOptions) {
    if (!(Number.isInteger(unit) && unit >= 1 && unit <= 247))
      throw new TypeError(`modbus: "unit" must be 1 to 247, got ${unit}`)
    this.#stream = stream
    this.#unit = unit
    this.#timeout = timeout
    this.#retries = retries
    this.#assembler = new FrameAssembler({ direction: 'responses', unit })
    this.#patience = timeout
    this.#slowest = slowest
    this.#unanswered = new Unanswered(slowest * 1e6)
    stream.on('bytes', bytes => this.#hear(bytes))
    stream.on('lost', reason => {
      this.#unanswered.clear()
      this.#failAll(reason)
    })
    stream.on('back', () => void this.stats.reconnects++)
  }

  /**
   * Rejects with TIMEOUT or CRC when all attempts failed that way, MODBUS_EXCEPTION, UNEXPECTED_REPLY, DISCONNECTED,
   * SUPERSEDED or CLOSED.
   */
  transact(request: ModbusRequest, { lane = 'normal', spare = 0 }: TransactionOptions = {}): Promise<Transaction> {
    return new Promise<Transaction>((resolve, reject) => {
      const urgent = lane === 'urgent'
      const queue = urgent ? this.#urgent : this.#normal
      queue.push({ request, urgent, spare, attempts: 0, ended: false, resolve, reject })
      if (urgent) this.#hurry?.()
      if (this.#running) this.#wake?.()
      else void this.#run()
    })
  }

  /** Rejects every write of the normal lane that has not left yet, and lets one that has left end without a retry. */
  supersedeWrites(): void {
    const reason = new DriverError('SUPERSEDED', 'modbus: the command was dropped for a stop that came after it')
    for (const job of this.#normal.filter(entry => isWrite(entry.request))) {
      this.#normal.splice(this.#normal.indexOf(job), 1)
      this.#fail(job, reason)
    }
    if (this.#current !== undefined && !this.#current.urgent && isWrite(this.#current.request)) this.#superseded = true
  }

  /** Rejects all that waits or runs with CLOSED. */
  close(): void {
    this.#failAll(new DriverError('CLOSED', 'modbus: the client was closed'))
  }

  async #run(): Promise<void> {
    this.#running = true
    for (let job = this.#first(); job !== undefined; job = this.#first()) {
      const { request, wait } = this.#next(job)
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

  /**
   * What is sent for a job, as short as it can be told from everything unanswered, and for how many ns it may not be
   * sent.
   */
  #next(job: Job): { request: ModbusRequest; wait: number } {
    const now = monotonicNs()
    const spare = this.#pads && !(job.urgent && job.attempts > 0) ? job.spare : 0
    const lengths = Array.from({ length: spare + 1 }, (_, more) => lengthened(job.request, more))
    const waits = (owner: Job | undefined): number[] =>
      lengths.map(request => this.#unanswered.wait(request, owner, now))
    const distinct = waits(undefined).indexOf(0)
    if (job.urgent) return { request: lengths[Math.max(0, distinct)]!, wait: 0 }
    const backlog = this.#unanswered.backlog(MOST_UNANSWERED, now)
    if (distinct >= 0) return { request: lengths[distinct]!, wait: backlog }
    const own = waits(job)
    const soonest = Math.min(...own)
    return { request: lengths[own.indexOf(soonest)]!, wait: Math.max(soonest, backlog) }
  }

  /** Resolves after `wait` ns, or as soon as something has changed. */
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
      return await Promise.race([ended, this.#silence(expiry.signal).then(() => this.#expired(crcBefore))])
    } catch (error) {
      if (sent !== undefined)
        this.#unanswered.failed(sent, monotonicNs(), { left: error instanceof DriverError && error.code === 'TIMEOUT' })
      if (error instanceof DriverError) return { error, again: false }
      return { error: new DriverError('BAD_COMMAND', `modbus: ${String(error)}`), again: false }
    } finally {
      expiry.abort()
      this.#current = this.#end = this.#hurry = undefined
    }
  }

  /** Resolves once no answer is waited for any longer. */
  async #silence(signal: AbortSignal): Promise<void> {
    await elapsed(this.#timeout, signal)
    if (this.#patience <= this.#timeout || this.#urgent.length > 0) return
    const hurried = new Promise<void>(resolve => {
      this.#hurry = resolve
    })
    await Promise.race([hurried, elapsed(this.#patience - this.#timeout, signal)])
  }

  /** Half as long again as an answer took; forgotten over some ten quicker ones. `took`: ns. */
  #learn(took: number): void {
    this.#patience = Math.max(this.#timeout, Math.min(this.#slowest, (1.5 * took) / 1e6), 0.9 * this.#patience)
  }

  #conclude(job: Job, outcome: Outcome): void {
    if (!('error' in outcome)) {
      job.ended = true
      const {
        sent: { asked, written },
        response,
        received,
      } = outcome
      job.resolve({ response: shortened(response, job.request), asked, written, received })
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
      // Refused was perhaps what it took along, so this attempt does not count.
      this.#pads = false
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

  #hear(bytes: Uint8Array): void {
    const frames = this.#assembler.push(bytes)
    this.stats.crcErrors = this.#assembler.crcErrors
    this.stats.framesReceived += frames.length
    for (const frame of frames) this.#hearFrame(frame)
    this.#wake?.()
  }

  #hearFrame(frame: Uint8Array): void {
    const response = decodeResponse(frame)
    const sent = response && this.#unanswered.take(response)
    if (response === undefined || sent === undefined) {
      const code = frame[1]! & 0x7f
      const what = `modbus unit ${this.#unit}: sent a frame (function ${code}) that answers nothing that was asked`
      this.#end?.({ error: new DriverError('UNEXPECTED_REPLY', what), again: true })
      return
    }
    this.#learn(monotonicNs() - sent.asked)
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

/** The request with so many more registers behind its own. */
function lengthened(request: ModbusRequest, more: number): ModbusRequest {
  if (more === 0 || request.function === 6) return request
  if (request.function === 16) return { ...request, values: [...request.values, ...new Array<number>(more).fill(0)] }
  return { ...request, count: request.count + more }
}

/** The response without what the request that was asked for has not in it. */
function shortened(response: Transaction['response'], request: ModbusRequest): Transaction['response'] {
  if ('values' in response && 'count' in request)
    return { ...response, values: response.values.slice(0, request.count) }
  if ('start' in response && request.function === 16) return { ...response, count: request.values.length }
  return response
}
