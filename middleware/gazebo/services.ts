import { randomUUID } from 'node:crypto'
import { setMaxListeners } from 'node:events'
import type { Disposable } from '../bus.js'
import { shortName, typeName } from './dialect.js'
import type { DialectChoice } from './dialect-choice.js'
import type { Discovery } from './discovery.js'
import { SCOPE, type Announcement } from './discovery-packet.js'
import { GzError } from './gz-error.js'
import type { Ending } from './known-processes.js'
import type { Draft, Fields, Message, Schema } from './proto.js'
import type { ServiceRequest, ServiceResponse, ServiceSockets } from './service-sockets.js'
import { serviceTypes } from './no-message-reason.js'

/** Handles a service call. It throws or rejects to refuse the call. */
export type Handler<Q extends Fields, A extends Fields> = (request: Message<Q>) => Draft<A> | Promise<Draft<A>>

interface Provision {
  announcement: Announcement
  readonly request: Schema<Fields>
  readonly response: Schema<Fields>
  readonly handler: Handler<Fields, Fields>
}

/** The message types of a service. */
export interface ServiceTypes<Q extends Fields, A extends Fields> {
  readonly request: Schema<Q>
  readonly response: Schema<A>
}

export interface ServiceName {
  readonly service: string
  /** The name with its partition. */
  readonly qualified: string
}

export interface ServiceEvents {
  /** The reason why a service does not answer, in words. */
  why(service: string, types: string): string
  /** A handler threw. */
  fail(error: unknown): void
}

/** A service with this response type sends no answer. */
const ONE_WAY = 'Empty'
const CLOSED = 'the transport was closed before it answered'

/** The services of this process, and its calls to other processes. */
export class Services {
  readonly #process: string
  readonly #discovery: Discovery
  readonly #sockets: ServiceSockets
  readonly #dialect: DialectChoice
  readonly #events: ServiceEvents
  readonly #provisions = new Map<string, Provision>()
  /** Calls that wait for a provider, by qualified name. */
  readonly #waiting = new Map<string, Set<(announcement: Announcement) => void>>()
  readonly #closing = new AbortController()
  /**
   * Aborts the calls to a provider. One controller serves all calls to it: it is made for the first call and kept while
   * the provider is alive.
   */
  readonly #owing = new Map<Announcement, AbortController>()

  constructor(
    process: string,
    parts: { discovery: Discovery; sockets: ServiceSockets; dialect: DialectChoice; events: ServiceEvents },
  ) {
    this.#process = process
    this.#discovery = parts.discovery
    this.#sockets = parts.sockets
    this.#dialect = parts.dialect
    this.#events = parts.events
    setMaxListeners(0, this.#closing.signal)
  }

  /** Offers a service. Throws GzError GZ_NAME when the name is already served. */
  serve<Q extends Fields, A extends Fields>(
    qualified: string,
    { request, response }: ServiceTypes<Q, A>,
    handler: Handler<Q, A>,
  ): Disposable {
    if (this.#provisions.has(qualified)) throw new GzError('GZ_NAME', `service ${qualified}: served already`)
    const announcement = this.#announcement(qualified, request.name, response.name)
    const provision = { announcement, request, response, handler } as unknown as Provision
    this.#provisions.set(qualified, provision)
    this.#discovery.advertise(provision.announcement)
    return {
      dispose: () => {
        if (this.#provisions.get(qualified) !== provision) return
        this.#provisions.delete(qualified)
        this.#discovery.withdraw(provision.announcement)
      },
    }
  }

  /**
   * Calls a service. Rejects with GzError GZ_NO_ANSWER within `timeout` ms (with the reason), GZ_REFUSED, GZ_MESSAGE.
   */
  async request<Q extends Fields, A extends Fields>(
    name: ServiceName,
    { request, response }: ServiceTypes<Q, A>,
    { message, timeout }: { readonly message: Draft<Q>; readonly timeout: number },
  ): Promise<Message<A>> {
    const { service, qualified } = name
    const data = request.encode(message)
    const types = `${request.name} → ${response.name}`
    const end = performance.now() + timeout
    const own = this.#provisions.get(qualified)
    const answered =
      own?.request.name === request.name && own.response.name === response.name
        ? await this.#run(own, Buffer.from(data))
        : await this.#call(await this.#provider(name, types, timeout), data, end, response.name)
    if (!answered) throw this.#noAnswer(service, types, timeout)
    if (typeof answered === 'string') throw new GzError('GZ_NO_ANSWER', `service ${service} (${types}): ${answered}`)
    if (!answered.ok) throw new GzError('GZ_REFUSED', `service ${service} (${types}): refused the call`)
    return response.decode(answered.data)
  }

  /**
   * Answers a call of another process. As in gz-transport, a call for an unknown service or with other types gets no
   * answer.
   */
  async answer({ topic, requestType, responseType, data }: ServiceRequest): Promise<ServiceResponse | undefined> {
    const provision = this.#provisions.get(topic)
    if (
      !provision ||
      shortName(requestType) !== provision.request.name ||
      shortName(responseType) !== provision.response.name
    )
      return undefined
    const response = await this.#run(provision, data)
    return provision.response.name === ONE_WAY ? undefined : response
  }

  appeared(announcement: Announcement): void {
    if (this.#dialect.learn(announcement.srvPub?.requestType ?? '')) this.#announceAgain()
    for (const resolve of this.#waiting.get(announcement.topic) ?? []) resolve(announcement)
  }

  vanished(announcement: Announcement, how: Ending): void {
    this.#owing.get(announcement)?.abort(`its provider ${how}`)
    this.#owing.delete(announcement)
  }

  close(): void {
    for (const { announcement } of this.#provisions.values()) this.#discovery.withdraw(announcement)
    this.#provisions.clear()
    this.#closing.abort()
    for (const controller of this.#owing.values()) controller.abort(CLOSED)
    this.#owing.clear()
  }

  /** The process that offers the service with these types. It is waited for. */
  async #provider({ service, qualified }: ServiceName, types: string, timeout: number): Promise<Announcement> {
    const fits = (announcement: Announcement): boolean => serviceTypes(announcement) === types
    const known = this.#discovery.found(qualified).find(fits)
    if (known) return known
    this.#discovery.ask(qualified)
    const waiting = this.#waiting.get(qualified) ?? new Set()
    this.#waiting.set(qualified, waiting)
    return new Promise((resolve, reject) => {
      const done = (): void => {
        clearTimeout(timer)
        this.#closing.signal.removeEventListener('abort', close)
        waiting.delete(look)
        if (waiting.size === 0 && this.#waiting.get(qualified) === waiting) this.#waiting.delete(qualified)
      }
      const look = (announcement: Announcement): void => {
        if (!fits(announcement)) return
        done()
        resolve(announcement)
      }
      const close = (): void => {
        done()
        reject(new GzError('GZ_CLOSED', `service ${service} (${types}): ${CLOSED}`))
      }
      this.#closing.signal.addEventListener('abort', close)
      const timer = setTimeout(() => {
        done()
        reject(this.#noAnswer(service, types, timeout))
      }, timeout)
      waiting.add(look)
    })
  }

  /** The answer, or the reason why there is none, or undefined when none came in time. */
  async #call(
    provider: Announcement,
    data: Uint8Array,
    end: number,
    responseName: string,
  ): Promise<ServiceResponse | string | undefined> {
    const { signal } = this.#controller(provider)
    const timeout = Math.max(0, end - performance.now())
    const answered = await this.#sockets.call(provider, data, { timeout, oneWay: responseName === ONE_WAY, signal })
    return answered ?? (signal.aborted ? String(signal.reason) : undefined)
  }

  #controller(provider: Announcement): AbortController {
    let controller = this.#owing.get(provider)
    if (!controller) {
      controller = new AbortController()
      setMaxListeners(0, controller.signal)
      this.#owing.set(provider, controller)
    }
    return controller
  }

  async #run({ request, response, handler }: Provision, data: Uint8Array): Promise<ServiceResponse> {
    try {
      return { ok: true, data: response.encode(await handler(request.decode(data))) }
    } catch (error) {
      this.#events.fail(error)
      return { ok: false, data: new Uint8Array(0) }
    }
  }

  #announceAgain(): void {
    for (const [qualified, provision] of this.#provisions) {
      this.#discovery.withdraw(provision.announcement)
      provision.announcement = this.#announcement(qualified, provision.request.name, provision.response.name)
      this.#discovery.advertise(provision.announcement)
    }
  }

  #noAnswer(service: string, types: string, timeout: number): GzError {
    return new GzError(
      'GZ_NO_ANSWER',
      `service ${service} (${types}): no answer within ${timeout} ms: ${this.#events.why(service, types)}`,
    )
  }

  #announcement(topic: string, requestName: string, responseName: string): Announcement {
    const { dialect } = this.#dialect
    return {
      topic,
      address: this.#sockets.address,
      processUuid: this.#process,
      nodeUuid: randomUUID(),
      scope: SCOPE.all,
      msgPub: undefined,
      srvPub: {
        socketId: this.#sockets.id,
        requestType: typeName(dialect, requestName),
        responseType: typeName(dialect, responseName),
      },
    }
  }
}
