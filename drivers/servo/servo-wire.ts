import type { ByteStream } from '../byte-stream.js'
import { monotonicNs } from '../byte-stream.js'
import { DriverError } from '../driver-error.js'
import type { WireStats } from '../gripper.js'
import { PacketAssembler } from './packet-assembler.js'
import { answering } from './servo-answers.js'
import type { MissingServo, ServoAnswers } from './servo-answers.js'
import { BROADCAST } from './servo-protocol.js'
import type { ServoProtocol, ServoRequest, ServoStatus } from './servo-protocol.js'

export interface ServoWireOptions {
  readonly protocol: ServoProtocol
  /** bit/s. */
  readonly baud: number
  /**
   * True: the adapter gives back what is sent, since both directions share one wire. It cannot be found out by itself:
   * on some protocols a status can have the same bytes as its request.
   */
  readonly echo?: boolean
  /** ms to wait for an answer beyond the time that request and answer take on the wire. Default 50. */
  readonly patience?: number
  /** Number of further attempts after an answer that is missing or damaged. Default 2. */
  readonly retries?: number
}

/** How the requests to one servo went wrong. An attempt counts once. */
export interface ServoErrorCounts {
  timeouts: number
  damaged: number
  /** Answers of a servo that was not asked, or a second time. */
  stray: number
}

interface Job {
  readonly request: ServoRequest
  readonly urgent: boolean
  readonly bytes: Uint8Array
  /** Ids that are to answer. `any`: whoever there is. */
  readonly expected: readonly number[] | 'any'
  attempts: number
  resolve(answers: ServoAnswers): void
  reject(reason: DriverError): void
}

/** Bits of one byte on the wire: start, eight of data, stop. */
const BITS = 10

/**
 * The host's end of a half-duplex bus of servos: one request at a time, urgent ones first. An answer carries no number
 * of its request. So after an answer that did not come the wire is left alone for `patience` ms, and what comes
 * meanwhile is discarded.
 */
export class ServoWire {
  readonly stats: WireStats = { framesSent: 0, framesReceived: 0, crcErrors: 0, timeouts: 0, reconnects: 0 }
  /** By id. */
  readonly errors = new Map<number, ServoErrorCounts>()
  readonly #stream: ByteStream
  readonly #protocol: ServoProtocol
  readonly #byteTime: number
  readonly #echo: boolean
  readonly #patience: number
  readonly #retries: number
  readonly #assembler: PacketAssembler
  readonly #urgent: Job[] = []
  readonly #normal: Job[] = []
  #current: Job | undefined
  #statuses: ServoStatus[] = []
  #twice: number | undefined
  #asked = 0
  #written = NaN
  /** Bytes of the echo that have not come. */
  #echoed: Uint8Array = new Uint8Array()
  /** True: a servo that was asked has answered with another number of bytes. */
  #misfit = false
  #checksumErrors = 0
  #discarded = 0
  #timer: NodeJS.Timeout | undefined
  #settling = false

  constructor(stream: ByteStream, { protocol, baud, echo = false, patience = 50, retries = 2 }: ServoWireOptions) {
    if (!(patience > 0)) throw new TypeError(`servo bus: "patience" must be positive, got ${patience} ms`)
    this.#stream = stream
    this.#protocol = protocol
    this.#byteTime = (BITS * 1000) / baud
    this.#echo = echo
    this.#patience = patience
    this.#retries = retries
    this.#assembler = new PacketAssembler(protocol.framing)
    stream.on('bytes', bytes => this.#receive(bytes))
    stream.on('lost', reason => this.#failAll(reason))
    stream.on('back', () => void this.stats.reconnects++)
  }

  /**
   * Sends a request and resolves when the answers are there, or when all attempts have ended. Rejects with DISCONNECTED
   * or another error of the port, with CLOSED, or with BAD_COMMAND for a request that the protocol cannot say.
   */
  ask(request: ServoRequest, { urgent = false }: { readonly urgent?: boolean } = {}): Promise<ServoAnswers> {
    return new Promise<ServoAnswers>((resolve, reject) => {
      let bytes: Uint8Array
      try {
        bytes = this.#protocol.encodeRequest(request)
      } catch (error) {
        reject(new DriverError('BAD_COMMAND', `servo bus: ${(error as Error).message}`))
        return
      }
      const job = { request, urgent, bytes, expected: answering(request), attempts: 0, resolve, reject }
      this.#queueOf(job).push(job)
      this.#next()
    })
  }

  /** Rejects all requests with CLOSED. */
  close(): void {
    this.#failAll(new DriverError('CLOSED', 'servo bus: was closed'))
  }

  #queueOf({ urgent }: Job): Job[] {
    return urgent ? this.#urgent : this.#normal
  }

  #next(): void {
    if (this.#current !== undefined || this.#settling) return
    const job = this.#urgent.shift() ?? this.#normal.shift()
    if (job === undefined) return
    this.#current = job
    job.attempts++
    this.#assembler.reset()
    this.#checksumErrors = this.#assembler.checksumErrors
    this.#discarded = this.#assembler.discarded
    this.#statuses = []
    this.#twice = undefined
    this.#misfit = false
    this.#echoed = this.#echo ? job.bytes : new Uint8Array()
    this.#asked = monotonicNs()
    this.#written = NaN
    this.stats.framesSent++
    // What nobody answers ends with its last byte, for which the port has a limit of its own.
    if (this.#echo || job.expected.length > 0) this.#wait(this.#limit(job))
    this.#stream.write(job.bytes).then(
      stamp => this.#left(job, stamp),
      (reason: unknown) => {
        if (this.#current === job) this.#fail(job, asDriverError(reason))
      },
    )
  }

  /** ms in which the answers to a job must have come. */
  #limit({ bytes, expected, request }: Job): number {
    const count = request.kind === 'read' || request.kind === 'sync read' ? request.count : 0
    const data = request.kind === 'ping' ? this.#protocol.pingData : count
    const answers = expected === 'any' ? 0 : expected.length * this.#protocol.statusLength(data)
    return this.#patience + this.#byteTime * (bytes.length + answers)
  }

  #left(job: Job, stamp: number): void {
    if (this.#current !== job) return
    this.#written = stamp
    if (job.expected !== 'any' && job.expected.length === 0 && this.#echoed.length === 0) this.#succeed(job)
  }

  #receive(bytes: Uint8Array): void {
    const behind = this.#withoutEcho(bytes)
    if (behind === undefined) return this.#spoilt()
    const packets = this.#assembler.push(behind)
    this.stats.crcErrors = this.#assembler.checksumErrors
    this.stats.framesReceived += packets.length
    for (const packet of packets) {
      const status = this.#protocol.decodeStatus(packet)
      if (status !== undefined) this.#take(status)
    }
    const job = this.#current
    if (job === undefined) return
    if (job.expected === 'any') this.#wait(this.#patience)
    else if (this.#echoed.length === 0 && this.#complete(job.expected)) this.#succeed(job)
  }

  #complete(expected: readonly number[]): boolean {
    if (expected.length > 0) return this.#statuses.length === expected.length
    return !Number.isNaN(this.#written)
  }

  /** What is left of received bytes behind the echo; undefined where they differ from what was sent. */
  #withoutEcho(bytes: Uint8Array): Uint8Array | undefined {
    const count = Math.min(bytes.length, this.#echoed.length)
    const same = this.#echoed.subarray(0, count).every((byte, index) => byte === bytes[index])
    this.#echoed = same ? this.#echoed.subarray(count) : new Uint8Array()
    return same ? bytes.subarray(count) : undefined
  }

  /** Ends an attempt whose echo is damaged: what follows could be the rest of the request, which may look like a status. */
  #spoilt(): void {
    const job = this.#current
    if (job === undefined) return
    this.#again(job, { id: job.expected === 'any' ? BROADCAST : (job.expected[0] ?? BROADCAST), why: 'damaged' })
  }

  #take(status: ServoStatus): void {
    const job = this.#current
    const { id, data } = status
    if (job === undefined || !this.#isExpected(job, id, data.length)) {
      this.#misfit ||= job !== undefined && job.expected !== 'any' && job.expected.includes(id)
      this.#count(id, 'stray')
      return
    }
    if (this.#statuses.some(other => other.id === id)) {
      this.#twice = id
      this.#count(id, 'stray')
      if (job.expected !== 'any') return
    }
    this.#statuses.push(status)
  }

  /** Whether an answer is one to this request, by its id and its number of data bytes. */
  #isExpected({ expected, request }: Job, id: number, size: number): boolean {
    if (expected === 'any') return true
    const asked = request.kind === 'read' || request.kind === 'sync read' ? request.count : undefined
    return expected.includes(id) && (asked === undefined || size === asked || (size === 0 && this.#protocol.refuses))
  }

  #wait(limit: number): void {
    clearTimeout(this.#timer)
    const due = performance.now() + limit
    const job = this.#current
    this.#timer = setTimeout(() => {
      if (job === undefined || this.#current !== job) return
      // This process was stalled and could not receive an answer.
      if (performance.now() - due > limit / 4) this.#timer = setTimeout(() => this.#expired(job), limit)
      else this.#expired(job)
    }, limit)
  }

  #expired(job: Job): void {
    if (this.#current !== job) return
    if (job.expected === 'any') return this.#succeed(job)
    const id = job.expected.find(one => !this.#statuses.some(status => status.id === one)) ?? BROADCAST
    const { checksumErrors, discarded, pending } = this.#assembler
    const damaged = this.#misfit || checksumErrors > this.#checksumErrors || discarded + pending > this.#discarded
    if (!damaged) this.stats.timeouts++
    this.#again(job, { id, why: damaged ? 'damaged' : 'silent' })
  }

  /** Tries a job once more, or ends it without the answer of this servo. */
  #again(job: Job, missing: MissingServo): void {
    clearTimeout(this.#timer)
    this.#count(missing.id, missing.why === 'damaged' ? 'damaged' : 'timeouts')
    this.#settle()
    if (job.attempts <= this.#retries) {
      this.#current = undefined
      this.#queueOf(job).unshift(job)
      return
    }
    this.#end(job, missing)
  }

  #succeed(job: Job): void {
    this.#end(job, this.#twice === undefined ? undefined : { id: this.#twice, why: 'twice' })
  }

  #end(job: Job, missing: MissingServo | undefined): void {
    clearTimeout(this.#timer)
    this.#current = undefined
    const written = Number.isNaN(this.#written) ? monotonicNs() : this.#written
    job.resolve({ statuses: this.#statuses, missing, asked: this.#asked, written })
    this.#next()
  }

  /** Leaves the wire alone until a late answer must have come. */
  #settle(): void {
    this.#settling = true
    setTimeout(() => {
      this.#settling = false
      this.#next()
    }, this.#patience)
  }

  #fail(job: Job, reason: DriverError): void {
    clearTimeout(this.#timer)
    this.#current = undefined
    job.reject(reason)
    this.#next()
  }

  #failAll(reason: DriverError): void {
    clearTimeout(this.#timer)
    const waiting = [...this.#urgent.splice(0), ...this.#normal.splice(0)]
    if (this.#current !== undefined) waiting.unshift(this.#current)
    this.#current = undefined
    for (const job of waiting) job.reject(reason)
  }

  #count(id: number, kind: keyof ServoErrorCounts): void {
    const counts = this.errors.get(id) ?? { timeouts: 0, damaged: 0, stray: 0 }
    counts[kind]++
    this.errors.set(id, counts)
  }
}

function asDriverError(reason: unknown): DriverError {
  return reason instanceof DriverError ? reason : new DriverError('PORT_FAILED', `servo bus: ${String(reason)}`)
}
