import { randomUUID } from 'node:crypto'
import { setMaxListeners } from 'node:events'
import type { Disposable } from '../bus.js'
import { DialectChoice } from './dialect-choice.js'
import { Discovery, type DiscoveryCounts, type DiscoveryEvents } from './discovery.js'
import { DiscoverySocket } from './discovery-socket.js'
import { GzError, messageOf } from './gz-error.js'
import type { Decoder, Draft, Fields, Message, Schema } from './proto.js'
import { ServiceSockets } from './service-sockets.js'
import { Services, type Handler } from './services.js'
import { settingsOf, type GzSettings } from './settings.js'
import { serviceTypes, topicType, whySilent } from './silence.js'
import { qualify, split } from './gz-topic-name.js'
import { TopicSockets } from './topic-sockets.js'
import { Topics, type GzPublisher, type GzTopicHealth } from './topics.js'
import { zeroMq } from './zeromq.js'

export interface GzNodeOptions {
  /** Default: the environment's, see settings.ts. */
  readonly settings?: GzSettings
  /**
   * Something about a topic, or about discovery (`discovery`), that the user should know. One line, said once for what
   * it is about.
   */
  readonly onWarning?: (topic: string, text: string) => void
  /** A subscriber or a service's handler threw. */
  readonly onError?: (error: unknown) => void
}

/** What a process announces in our partition. */
export interface GzFinding {
  readonly name: string
  /** Without the dialect: `Wrench`, or `WorldControl → Boolean` for a service. */
  readonly types: string
  readonly address: string
}

/** ms between two looks at who is still there, and between two reminders. */
const LOOK = 100
const REMIND = 1000

/**
 * A member of Gazebo's transport (gz-transport 8 to 15 with ZeroMQ, ign-transport from Edifice on, Fortress among
 * them): topics and services of one partition, found by multicast. What others send is read by decoders; see
 * messages.ts for those that are there.
 */
export class GzNode {
  readonly settings: GzSettings
  readonly #onWarning: (topic: string, text: string) => void
  readonly #process = randomUUID()
  readonly #topicDiscovery: Discovery
  readonly #serviceDiscovery: Discovery
  readonly #topicSocket: DiscoverySocket
  readonly #serviceSocket: DiscoverySocket
  readonly #topicSockets: TopicSockets
  readonly #serviceSockets: ServiceSockets
  readonly #topics: Topics
  readonly #services: Services
  readonly #warned = new Set<string>()
  readonly #timers: readonly NodeJS.Timeout[]
  readonly #closing = new AbortController()

  /** Throws GzError GZ_SETTING, GZ_SOCKET, GZ_ZEROMQ. */
  static async open(options: GzNodeOptions = {}): Promise<GzNode> {
    const settings = options.settings ?? settingsOf()
    const zmq = await zeroMq()
    const opened: { close(): Promise<void> }[] = []
    const keep = <T extends { close(): Promise<void> }>(part: T): T => {
      opened.push(part)
      return part
    }
    try {
      return new GzNode(settings, options, {
        topicSocket: keep(await DiscoverySocket.open(settings, settings.topicPort)),
        serviceSocket: keep(await DiscoverySocket.open(settings, settings.servicePort)),
        topicSockets: keep(await TopicSockets.open(zmq, settings)),
        serviceSockets: keep(await ServiceSockets.open(zmq, settings)),
      })
    } catch (error) {
      await Promise.allSettled(opened.map(part => part.close()))
      if (error instanceof GzError) throw error
      throw new GzError(
        'GZ_SOCKET',
        `Gazebo's sockets on ${settings.address} (${settings.sources.address}): ${messageOf(error)}`,
      )
    }
  }

  private constructor(
    settings: GzSettings,
    options: GzNodeOptions,
    sockets: {
      topicSocket: DiscoverySocket
      serviceSocket: DiscoverySocket
      topicSockets: TopicSockets
      serviceSockets: ServiceSockets
    },
  ) {
    this.settings = settings
    setMaxListeners(0, this.#closing.signal)
    this.#onWarning = options.onWarning ?? (() => undefined)
    const fail =
      options.onError ??
      ((error: unknown) =>
        queueMicrotask(() => {
          throw error
        }))
    this.#topicSocket = sockets.topicSocket
    this.#serviceSocket = sockets.serviceSocket
    this.#topicSockets = sockets.topicSockets
    this.#serviceSockets = sockets.serviceSockets
    const common = { process: this.#process, statistics: settings.statistics, hostOnly: settings.hostOnly }
    const dialect = new DialectChoice(settings)
    const silent = (): void => undefined
    const warn = (text: string): void => this.#warn('discovery', text)
    this.#topicDiscovery = new Discovery({
      ...common,
      wire: this.#topicSocket,
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
      wire: this.#serviceSocket,
      events: {
        warn,
        appeared: announcement => this.#services.appeared(announcement),
        vanished: (announcement, how) => this.#services.vanished(announcement, how),
        connected: silent,
        disconnected: silent,
        subscriptions: () => [],
      } satisfies DiscoveryEvents,
    })
    this.#topics = new Topics(this.#process, {
      discovery: this.#topicDiscovery,
      sockets: this.#topicSockets,
      dialect,
      events: { fail, warn: (topic, text) => this.#onWarning(topic, text) },
    })
    this.#services = new Services(this.#process, {
      discovery: this.#serviceDiscovery,
      sockets: this.#serviceSockets,
      dialect,
      events: {
        fail,
        why: (service, types) =>
          whySilent(settings, this.#serviceDiscovery, { name: service, types, typesOf: serviceTypes }),
      },
    })
    for (const [socket, discovery] of [
      [this.#topicSocket, this.#topicDiscovery],
      [this.#serviceSocket, this.#serviceDiscovery],
    ] as const) {
      socket.listen({
        onFailure: warn,
        onPacket: (packet, from, local) => discovery.receive(packet, from, local, performance.now()),
      })
    }
    this.#topicSockets.listen((topic, type, data) => this.#topics.hear(topic, type, data))
    this.#serviceSockets.listen(request => this.#services.answer(request))
    const look = (): void => {
      this.#topicDiscovery.tick(performance.now())
      this.#serviceDiscovery.tick(performance.now())
    }
    look()
    this.#timers = [setInterval(look, LOOK), setInterval(() => this.#topics.remind(), REMIND)]
  }

  advertise<F extends Fields>(topic: string, schema: Schema<F>): GzPublisher<F> {
    return this.#topics.advertise(this.#qualify(topic), schema)
  }

  /**
   * `listener` is called once a message, in the order in which they came. Publishers of other types are not heard, and
   * said once.
   */
  subscribe<T>(topic: string, decoder: Decoder<T>, listener: (message: T) => void): Disposable {
    return this.#topics.subscribe(topic, this.#qualify(topic), decoder, listener)
  }

  /**
   * Resolves with the first message that comes from now on. Throws GzError GZ_NO_ANSWER after `timeout` ms, with the
   * reason.
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

  serve<Q extends Fields, A extends Fields>(
    service: string,
    request: Schema<Q>,
    response: Schema<A>,
    handler: Handler<Q, A>,
  ): Disposable {
    return this.#services.serve(this.#qualify(service), { request, response }, handler)
  }

  /**
   * Calls a service, once it is found. Throws GzError GZ_NO_ANSWER within `timeout` ms (default 5000), with the reason,
   * GZ_REFUSED, GZ_MESSAGE.
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

  /** Why nothing is heard of a topic, in one line. */
  why(topic: string, type: string): string {
    return whySilent(this.settings, this.#topicDiscovery, { name: topic, types: type, typesOf: topicType })
  }

  /** What other processes announce. */
  topics(): GzFinding[] {
    return this.#findings(this.#topicDiscovery, topicType)
  }

  services(): GzFinding[] {
    return this.#findings(this.#serviceDiscovery, serviceTypes)
  }

  /** Of every topic that is subscribed to. */
  health(): GzTopicHealth[] {
    return this.#topics.health()
  }

  discoveryCounts(): { readonly topics: DiscoveryCounts; readonly services: DiscoveryCounts } {
    return { topics: this.#topicDiscovery.counts, services: this.#serviceDiscovery.counts }
  }

  /** Says goodbye; what was said before is sent. */
  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return
    this.#closing.abort()
    for (const timer of this.#timers) clearInterval(timer)
    this.#topics.close()
    this.#services.close()
    this.#topicDiscovery.bye()
    this.#serviceDiscovery.bye()
    await Promise.all([
      this.#topicSocket.close(),
      this.#serviceSocket.close(),
      this.#topicSockets.close(),
      this.#serviceSockets.close(),
    ])
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
