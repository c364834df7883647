import { randomUUID } from 'node:crypto'
import type { Router } from 'zeromq'
import type { Announcement } from './discovery-packet.js'
import type { GzSettings } from './settings.js'
import type { ZeroMq } from './zeromq.js'

/** A service call of another process. `topic` has its partition in front; the types have their dialect. */
export interface ServiceRequest {
  readonly topic: string
  readonly requestType: string
  readonly responseType: string
  readonly data: Buffer
}

export interface ServiceResponse {
  readonly ok: boolean
  readonly data: Uint8Array
}

export interface CallOptions {
  /** ms */
  readonly timeout: number
  /** The service sends no answer, so the call does not wait for one. */
  readonly oneWay: boolean
  /** Aborts the wait. */
  readonly signal: AbortSignal
}

/** Answers a call; undefined when no answer is sent (one-way services). Never rejects. */
export type AnswerCall = (request: ServiceRequest) => Promise<ServiceResponse | undefined>

/** ms between two attempts to send on a new connection; ms without a call after which a connection is closed. */
const RETRY = 5
const IDLE = 10_000
/** ms for which an answer may wait for the connection to the caller. */
const ANSWERING = 2000

/** Identity of the socket, topic, sender, destination, node, call, data, request type, response type. */
type CallFrames = readonly [Buffer, Buffer, Buffer, Buffer, Buffer, Buffer, Buffer, Buffer, Buffer]

const isCall = (frames: readonly Buffer[]): frames is CallFrames => frames.length >= 9

/**
 * Service calls over ZeroMQ, from router to router. A call has these frames: topic, own address, own id, node, call id,
 * data, request type, response type. It is sent to the provider's id. The provider opens a connection for its answer
 * and sends the frames topic, node, call id, data, '1' or '0' to the caller's id.
 */
export class ServiceSockets {
  /** Address at which this process receives calls. */
  readonly address: string
  /** Routing id of calls to this process. */
  readonly id: string
  /** Number of messages that were neither a call nor an answer, and of answers that came too late. */
  malformed = 0
  /** Number of answers that did not reach their caller. */
  undelivered = 0
  readonly #requester: Sending
  readonly #replier: Sending
  readonly #calls: Router
  readonly #receiver: Router
  readonly #receiverId: string
  readonly #node = randomUUID()
  readonly #waiting = new Map<string, (response: ServiceResponse | undefined) => void>()
  #reading: Promise<unknown> | undefined
  readonly #idle: NodeJS.Timeout

  private constructor(
    routers: { requester: Router; replier: Router; receiver: Router },
    ids: { replier: string; receiver: string },
  ) {
    this.#requester = new Sending(routers.requester)
    this.#replier = new Sending(routers.replier)
    this.#calls = routers.replier
    this.#receiver = routers.receiver
    this.#receiverId = ids.receiver
    this.address = routers.replier.lastEndpoint ?? ''
    this.id = ids.replier
    this.#idle = setInterval(() => {
      this.#requester.giveUpIdle()
      this.#replier.giveUpIdle()
    }, IDLE / 4)
    this.#idle.unref()
  }

  static async open(zmq: ZeroMq, settings: GzSettings): Promise<ServiceSockets> {
    const ids = { replier: randomUUID(), receiver: randomUUID() }
    // A message that cannot leave at once is refused, and `Sending` tries again. Otherwise a peer that accepts no
    // connection would delay the messages to other peers, and the end of the process.
    const requester = new zmq.Router({ linger: 0, mandatory: true, sendTimeout: 0 })
    const replier = new zmq.Router({ linger: 0, mandatory: true, sendTimeout: 0, routingId: ids.replier })
    const receiver = new zmq.Router({ linger: 0, routingId: ids.receiver })
    await receiver.bind(`tcp://${settings.address}:*`)
    await replier.bind(`tcp://${settings.address}:*`)
    return new ServiceSockets({ requester, replier, receiver }, ids)
  }

  /** Starts to receive calls and answers. */
  listen(answer: AnswerCall): void {
    this.#reading ??= Promise.all([this.#readCalls(answer), this.#readAnswers()])
  }

  /**
   * Calls the service of `announcement`. Undefined when no answer came within the timeout, or when the signal aborted
   * the wait.
   */
  async call(
    { topic, address, srvPub }: Announcement,
    data: Uint8Array,
    options: CallOptions,
  ): Promise<ServiceResponse | undefined> {
    const { timeout, oneWay, signal } = options
    const call = randomUUID()
    const end = performance.now() + timeout
    let ended: () => void = () => undefined
    const answered = new Promise<ServiceResponse | undefined>(resolve => {
      const timer = setTimeout(() => resolve(undefined), timeout)
      const stop = (): void => resolve(undefined)
      signal.addEventListener('abort', stop)
      ended = () => {
        clearTimeout(timer)
        signal.removeEventListener('abort', stop)
      }
      this.#waiting.set(call, resolve)
    })
    try {
      const { socketId = '', requestType = '', responseType = '' } = srvPub ?? {}
      const frames = [
        socketId,
        topic,
        this.#receiver.lastEndpoint ?? '',
        this.#receiverId,
        this.#node,
        call,
        data,
        requestType,
        responseType,
      ]
      const sent = await this.#requester.send(address, frames, () => performance.now() < end && !signal.aborted)
      if (!sent) return undefined
      return oneWay ? { ok: true, data: new Uint8Array(0) } : await answered
    } finally {
      ended()
      this.#waiting.delete(call)
    }
  }

  async close(): Promise<void> {
    clearInterval(this.#idle)
    this.#requester.close()
    this.#replier.close()
    this.#receiver.close()
    for (const resolve of this.#waiting.values()) resolve(undefined)
    await this.#reading
  }

  async #readCalls(answer: AnswerCall): Promise<void> {
    for await (const frames of this.#calls) {
      if (isCall(frames)) void this.#answer(frames, answer)
      else this.malformed++
    }
  }

  async #answer(
    [, topic, sender, destination, node, call, data, requestType, responseType]: CallFrames,
    answer: AnswerCall,
  ): Promise<void> {
    const response = await answer({
      topic: topic.toString(),
      requestType: requestType.toString(),
      responseType: responseType.toString(),
      data,
    })
    if (!response) return
    const end = performance.now() + ANSWERING
    const frames = [destination, topic, node, call, response.data, response.ok ? '1' : '0']
    const sent = await this.#replier.send(sender.toString(), frames, () => performance.now() < end)
    if (!sent) this.undelivered++
  }

  async #readAnswers(): Promise<void> {
    for await (const frames of this.#receiver) {
      const resolve = frames.length < 6 ? undefined : this.#waiting.get(frames[3]!.toString())
      if (resolve) resolve({ ok: frames[5]!.toString() === '1', data: frames[4]! })
      else this.malformed++
    }
  }
}

/** The outgoing messages of a router, one after the other, over connections that are opened when they are needed. */
class Sending {
  readonly #router: Router
  /** Time of the last use of each address, ms. */
  readonly #connections = new Map<string, number>()
  #last: Promise<unknown> = Promise.resolve()

  constructor(router: Router) {
    this.#router = router
  }

  /**
   * Resolves with true when the connection has taken the message, with false when `goOn` returned false before. The
   * first frame is the receiver's id.
   */
  async send(address: string, frames: (string | Uint8Array)[], goOn: () => boolean): Promise<boolean> {
    try {
      if (!this.#connections.has(address)) this.#router.connect(address)
    } catch {
      return false
    }
    this.#connections.set(address, performance.now())
    do {
      if (await this.#sent(frames)) return true
      await new Promise(resolve => setTimeout(resolve, RETRY))
    } while (goOn() && !this.#router.closed)
    return false
  }

  /** Closes connections that were not used for a while. */
  giveUpIdle(): void {
    const before = performance.now() - IDLE
    for (const [address, used] of this.#connections) {
      if (used > before || this.#router.closed) continue
      this.#connections.delete(address)
      this.#router.disconnect(address)
    }
  }

  close(): void {
    this.#router.close()
  }

  /**
   * Sends one message at a time. The router refuses a message to an id that it does not know yet, because the
   * connection is still being set up.
   */
  #sent(frames: (string | Uint8Array)[]): Promise<boolean> {
    const sent = this.#last
      .then(() => this.#router.send(frames))
      .then(
        () => true,
        () => false,
      )
    this.#last = sent
    return sent
  }
}
