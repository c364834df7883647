import { randomUUID } from 'node:crypto'
import { setMaxListeners } from 'node:events'
import type { Disposable } from '../bus.js'
import { DialectChoice } from './dialect-choice.js'
import { Discovery, type DiscoveryCounts, type DiscoveryEvents } from './discovery.js'
import { GzError } from './gz-error.js'
import { GzSockets } from './gz-sockets.js'
import type { Decoder, Draft, Fields, Message, Schema } from './proto.js'
import { Services, type Handler } from './services.js'
import { settingsOf, type GzSettings } from './settings.js'
import { serviceTypes, topicType, whyNoMessage } from './no-message-reason.js'
import { qualify, split } from './gz-topic-name.js'
import { Topics, type GzPublisher, type GzTopicHealth } from './topics.js'

export interface GzNodeOptions {
  /** Default: those of the environment; see settings.ts. */
  readonly settings?: GzSettings
  /**
   * Called with one line that the user should know, about a topic or about discovery (`discovery`). The same line is
   * reported once.
   */
  readonly onWarning?: (topic: string, text: string) => void
  /** A subscription's listener or a service's handler threw. */
  readonly onError?: (error: unknown) => void
}

/** A topic or a service that a process announces in the own partition. */
export interface GzFinding {
  readonly name: string
  /** The types without the dialect: `Wrench`, or `WorldControl → Boolean` for a service. */
  readonly types: string
  readonly address: string
}

/** ms between two calls of discovery's `tick`, and between two repetitions of the subscriptions. */
const TICK = 100
const REMIND = 1000

/**
 * A node of Gazebo's transport (gz-transport 8 to 15 with ZeroMQ; ign-transport from Edifice on, which includes
 * Fortress). It has the topics and services of one partition, which it finds by multicast. Decoders read the messages
 * of others; gz-messages.ts has those that exist.
 */
export class GzNode {
  readonly settings: GzSettings
  readonly #onWarning: (topic: string, text: string) => void
  readonly #process = randomUUID()
  readonly #topicDiscovery: Discovery
  readonly #serviceDiscovery: Discovery
  readonly #sockets: GzSockets
  readonly #topics: Topics
  readonly #services: Services
  readonly #warned = new Set<string>()
  readonly #timers: readonly NodeJS.Timeout[]
  readonly #closing = new AbortController()

  /** Throws GzError GZ_SETTING, GZ_SOCKET, GZ_ZEROMQ. */
  static async open(options: GzNodeOptions = {}): Promise<GzNode> {
    const settings = options.settings ?? settingsOf()
    return new GzNode(settings, options, await GzSockets.open(settings))
  }

  private constructor(settings: GzSettings, options: GzNodeOptions, sockets: GzSockets) {
    this.settings = settings
    setMaxListeners(0, this.#closing.signal)
    this.#onWarning = options.onWarning ?? (() => undefined)
    const fail =
      options.onError ??
      ((error: unknown) =>
        queueMicrotask(() => {
          throw error
        }))
    this.#sockets = sockets
    const common = { process: this.#process, statistics: settings.statistics, hostOnly: settings.hostOnly }
    const dialect = new DialectChoice(settings)
    const ignore = (): void => undefined
    const warn = (text: string): void => this.#warn('discovery', text)
    this.#topicDiscovery = new Discovery({
      ...common,
      wire: sockets.topicDiscovery,
      events: {
        warn,
        appeared: announcement => this.#topics.appeared(announcement),
        vanished: (announcement, how) => this.#topics.vanished(announcement, how),
        connected: announcement => this.#topics.connected(announcement),
        disconnected: announcement => this.#topics.disconnected(announcement),
        subscriptions: () => this.#topics.subscriptions(),
      } satisfies DiscoveryEvents,
    })
    this.#serviceDiscovery = new Discovery({
      ...common,
      wire: sockets.serviceDiscovery,
      events: {
        warn,
        appeared: announcement => this.#services.appeared(announcement),
        vanished: (announcement, how) => this.#services.vanished(announcement, how),
        connected: ignore,
        disconnected: ignore,
        subscriptions: () => [],
      } satisfies DiscoveryEvents,
    })
    this.#topics = new Topics(this.#process, {
      discovery: this.#topicDiscovery,
      sockets: sockets.topics,
      dialect,
      events: { fail, warn: (topic, text) => this.#onWarning(topic, text) },
    })
    this.#services = new Services(this.#process, {
      discovery: this.#serviceDiscovery,
      sockets: sockets.services,
      dialect,
      events: {
        fail,
        why: (service, types) =>
          whyNoMessage(settings, this.#serviceDiscovery, { name: service, types, typesOf: serviceTypes }),
      },
    })
    for (const [socket, discovery] of [
      [sockets.topicDiscovery, this.#topicDiscovery],
      [sockets.serviceDiscovery, this.#serviceDiscovery],
    ] as const) {
      socket.listen({
        onFailure: warn,
        onPacket: (packet, from, local) => discovery.receive(packet, from, local, performance.now()),
      })
    }
    sockets.topics.listen((topic, type, data) => this.#topics.receive(topic, type, data))
    sockets.services.listen(request => this.#services.answer(request))
    const tick = (): void => {
      this.#topicDiscovery.tick(performance.now())
      this.#serviceDiscovery.tick(performance.now())
    }
    tick()
    this.#timers = [setInterval(tick, TICK), setInterval(() => this.#topics.remind(), REMIND)]
  }

  /** Announces a topic and returns its publisher. Throws GzError GZ_NAME or GZ_CLOSED. */
  advertise<F extends Fields>(topic: string, schema: Schema<F>): GzPublisher<F> {
    return this.#topics.advertise(this.#qualify(topic), schema)
  }

  /**
   * Subscribes to a topic. `listener` is called once for each message, in the order of arrival. Publishers of another
   * type are ignored, with one warning. Throws GzError GZ_NAME or GZ_CLOSED.
   */
  subscribe<T>(topic: string, decoder: Decoder<T>, listener: (message: T) => void): Disposable {
    return this.#topics.subscribe(topic, this.#qualify(topic), decoder, listener)
  }

  /**
   * Resolves with the first message that comes from now on. Rejects with GzError GZ_NO_ANSWER after `timeout` ms, with
   * the reason, or with GZ_CLOSED.
   */
  next<T>(topic: string, decoder: Decoder<T>, timeout: number): Promise<T> {
    return new Promise((resolve, reject) => {
      const { signal } = this.#closing
      const done = (): void => {
        clearTimeout(timer)
        signal.removeEventListener('abort', close)
        subscription.dispose()
      }
      const close = (): void => {
        done()
        reject(new GzError('GZ_CLOSED', `${topic} (${decoder.name}): the transport was closed before a message came`))
      }
      const timer = setTimeout(() => {
        const why = this.why(topic, decoder.name)
        done()
        reject(new GzError('GZ_NO_ANSWER', `${topic} (${decoder.name}): no message within ${timeout} ms: ${why}`))
      }, timeout)
      signal.addEventListener('abort', close)
      const subscription = this.subscribe(topic, decoder, message => {
        done()
        resolve(message)
      })
    })
  }

  /** Offers a service. Throws GzError GZ_NAME when this process already serves the name, or GZ_CLOSED. */
  serve<Q extends Fields, A extends Fields>(
    service: string,
    request: Schema<Q>,
    response: Schema<A>,
    handler: Handler<Q, A>,
  ): Disposable {
    return this.#services.serve(this.#qualify(service), { request, response }, handler)
  }

  /**
   * Calls a service as soon as it is found. Rejects with GzError GZ_NO_ANSWER within `timeout` ms (default 5000), with
   * the reason, or with GZ_REFUSED or GZ_MESSAGE.
   */
  async request<Q extends Fields, A extends Fields>(
    service: string,
    request: Schema<Q>,
    message: Draft<Q>,
    response: Schema<A>,
    { timeout = 5000 } = {},
  ): Promise<Message<A>> {
    return this.#services.request(
      { service, qualified: this.#qualify(service) },
      { request, response },
      { message, timeout },
    )
  }

  /** Why no message comes on a topic, in one line. */
  why(topic: string, type: string): string {
    return whyNoMessage(this.settings, this.#topicDiscovery, { name: topic, types: type, typesOf: topicType })
  }

  /** The topics of other processes. */
  topics(): GzFinding[] {
    return this.#findings(this.#topicDiscovery, topicType)
  }

  /** The services of other processes. */
  services(): GzFinding[] {
    return this.#findings(this.#serviceDiscovery, serviceTypes)
  }

  /** The state of every topic that is subscribed to. */
  health(): GzTopicHealth[] {
    return this.#topics.health()
  }

  discoveryCounts(): { readonly topics: DiscoveryCounts; readonly services: DiscoveryCounts } {
    return { topics: this.#topicDiscovery.counts, services: this.#serviceDiscovery.counts }
  }

  /** Tells other processes that this one ends. What was published before is sent. */
  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return
    this.#closing.abort()
    for (const timer of this.#timers) clearInterval(timer)
    this.#topics.close()
    this.#services.close()
    this.#topicDiscovery.bye()
    this.#serviceDiscovery.bye()
    await this.#sockets.close()
  }

  #qualify(name: string): string {
    if (this.#closing.signal.aborted) throw new GzError('GZ_CLOSED', `${name}: Gazebo's transport is closed`)
    return qualify(this.settings.partition, name)
  }

  #findings(discovery: Discovery, typesOf: typeof topicType): GzFinding[] {
    const ours = this.settings.partition.replace(/^\//, '')
    return discovery.found().flatMap(announcement => {
      const name = split(announcement.topic)
      return name?.partition === ours
        ? [{ name: name.topic, types: typesOf(announcement), address: announcement.address }]
        : []
    })
  }

  #warn(topic: string, text: string): void {
    const key = `${topic} ${text}`
    if (this.#warned.has(key)) return
    this.#warned.add(key)
    this.#onWarning(topic, text)
  }
}
