import { randomUUID } from 'node:crypto'
import type { Router } from 'zeromq'
import type { Announcement } from './discovery-packet.js'
import type { GzSettings } from './settings.js'
import type { ZeroMq } from './zeromq.js'

/** A call that came in. `topic` is qualified, types have their dialect. */
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
  /** Nothing is answered, so nothing is waited for. */
  readonly oneWay: boolean
  /** Ends the wait. */
  readonly signal: AbortSignal
}

/** Answers a call; undefined where there is nothing to be said (one-way services). Never throws. */
export type AnswerCall = (request: ServiceRequest) => Promise<ServiceResponse | undefined>

/** ms. A connection that is new takes some; after this without a call it is given up. */
const RETRY = 5
const IDLE = 10_000
/** How long an answer may wait for the connection to whoever asked. */
const ANSWERING = 2000

/** Identity of the socket, topic, sender, destination, node, call, data, request type, response type. */
type CallFrames = readonly [Buffer, Buffer, Buffer, Buffer, Buffer, Buffer, Buffer, Buffer, Buffer]

const isCall = (frames: readonly Buffer[]): frames is CallFrames => frames.length >= 9

/**
 * Service calls over ZeroMQ, router to router. A call is the frames topic, our address, our id, node, call id, data,
 * request type, response type, sent to the provider's id; the answer, on a connection of the provider's making, is
 * topic, node, call id, data, '1' or '0', sent to our id.
 */
export class ServiceSockets {
  /** Where calls of others are taken. */
  readonly address: string
  /** The id by which a call is routed to us. */
  readonly id: string
  /** Frames that were no call and no answer, and answers nobody waited for any more. */
  malformed = 0
  /** Answers that did not reach whoever asked. */
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
    // What cannot leave at once is refused and tried again: a peer that takes no connection would else hold up whatever
    // is said to others, and the end.
    const requester = new zmq.Router({ linger: 0, mandatory: true, sendTimeout: 0 })
    const replier = new zmq.Router({ linger: 0, mandatory: true, sendTimeout: 0, routingId: ids.replier })
    const receiver = new zmq.Router({ linger: 0, routingId: ids.receiver })
    await receiver.bind(`tcp://${settings.address}:*`)
    await replier.bind(`tcp://${settings.address}:*`)
    return new ServiceSockets({ requester, replier, receiver }, ids)
  }

  /** From here on calls and answers are heard. */
  listen(answer: AnswerCall): void {
    this.#reading ??= Promise.all([this.#readCalls(answer), this.#readAnswers()])
  }

  /**
   * Calls the service of `announcement`. Undefined when it has not answered within the timeout, or when the signal
   * ended the wait.
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

/** What a router sends, one message after another, over connections that it makes as they are needed. */
class Sending {
  readonly #router: Router
  /** When each address was last used. */
  readonly #connections = new Map<string, number>()
  #last: Promise<unknown> = Promise.resolve()

  constructor(router: Router) {
    this.#router = router
  }

  /**
   * Whether it was handed over to the connection before `goOn` said no. The first frame is the id of whom it is for.
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
   * A router takes one message at a time. It refuses one for an id that it does not know yet: its connection is still
   * being made.
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
