import { randomUUID } from 'node:crypto'
import type { Disposable } from '../bus.js'
import { shortName, typeName } from './dialect.js'
import type { DialectChoice } from './dialect-choice.js'
import { topicAnnouncement, type Discovery } from './discovery.js'
import type { Announcement } from './discovery-packet.js'
import { GzError } from './gz-error.js'
import { messageOf } from '../message-of.js'
import type { Ending } from './known-processes.js'
import type { Decoder, Draft, Fields, Schema } from './proto.js'
import { topicType } from './no-message-reason.js'
import type { TopicSockets } from './topic-sockets.js'

export interface GzPublisher<F extends Fields> extends Disposable {
  publish(message: Draft<F>): void
  /** Number of subscribers in other processes that are connected. A message without any reaches nobody. */
  readonly subscribers: number
}

/** The state of a topic that is subscribed to. */
export interface GzTopicHealth {
  readonly topic: string
  /** The type without its dialect, such as Wrench. */
  readonly type: string
  received: number
  /** Number of messages whose bytes could not be read. */
  malformed: number
  /** Number of messages of another type. */
  otherType: number
  /** Number of publishers that are connected now. */
  publishers: number
  /** Number of publishers that stopped answering or said goodbye. */
  lost: number
}

interface Subscription {
  readonly health: GzTopicHealth
  readonly qualified: string
  readonly decoder: Decoder<unknown>
  readonly node: string
  listeners: readonly ((message: never) => void)[]
  readonly links: Set<Announcement>
  /** Messages received up to the last `remind`. A publisher that has sent nothing since is told of us again. */
  receivedBefore: number
  /** The type's name on the wire in the last message. */
  type: string
}

interface Publication {
  announcement: Announcement
  readonly name: string
  /** The process of each subscriber, by process and node. */
  readonly listeners: Map<string, string>
}

export interface TopicEvents {
  /** A line about a topic that the user should know. */
  warn(topic: string, text: string): void
  /** A subscription's listener threw. */
  fail(error: unknown): void
}

/** The publishers and subscriptions of this process. They follow what discovery finds. */
export class Topics {
  readonly #process: string
  readonly #discovery: Discovery
  readonly #sockets: TopicSockets
  readonly #dialect: DialectChoice
  readonly #events: TopicEvents
  readonly #subscriptions = new Map<string, Subscription[]>()
  readonly #publications = new Set<Publication>()

  constructor(
    process: string,
    parts: { discovery: Discovery; sockets: TopicSockets; dialect: DialectChoice; events: TopicEvents },
  ) {
    this.#process = process
    this.#discovery = parts.discovery
    this.#sockets = parts.sockets
    this.#dialect = parts.dialect
    this.#events = parts.events
  }

  advertise<F extends Fields>(qualified: string, schema: Schema<F>): GzPublisher<F> {
    const type = typeName(this.#dialect.dialect, schema.name)
    const publication: Publication = {
      announcement: topicAnnouncement(qualified, this.#sockets.address, this.#process, randomUUID(), type),
      name: schema.name,
      listeners: new Map(),
    }
    this.#publications.add(publication)
    this.#discovery.advertise(publication.announcement)
    const discovery = this.#discovery
    return {
      publish: message => {
        if (!this.#publications.has(publication))
          throw new GzError('GZ_CLOSED', `${qualified}: published after its publisher was disposed of`)
        const data = schema.encode(message)
        const wire = publication.announcement.msgPub?.msgType ?? type
        this.#sockets.publish(qualified, wire, data)
        if (this.#subscriptions.has(qualified)) this.receive(qualified, wire, data)
      },
      get subscribers() {
        return [...publication.listeners.values()].filter(process => discovery.knows(process)).length
      },
      dispose: () => {
        if (this.#publications.delete(publication)) this.#discovery.withdraw(publication.announcement)
      },
    }
  }

  subscribe<T>(topic: string, qualified: string, decoder: Decoder<T>, listener: (message: T) => void): Disposable {
    const subscription = this.#subscription(topic, qualified, decoder)
    const own = (message: T): void => listener(message)
    subscription.listeners = [...subscription.listeners, own]
    return {
      dispose: () => {
        subscription.listeners = subscription.listeners.filter(other => other !== own)
        if (subscription.listeners.length === 0) this.#end(subscription)
      },
    }
  }

  health(): GzTopicHealth[] {
    return this.#all().map(({ health }) => health)
  }

  /** The own subscriptions as announcements, for a process that asks for them. */
  subscriptions(): Announcement[] {
    return this.#all().map(({ qualified, node, decoder }) => {
      return topicAnnouncement(
        qualified,
        this.#sockets.address,
        this.#process,
        node,
        typeName(this.#dialect.dialect, decoder.name),
      )
    })
  }

  appeared(announcement: Announcement): void {
    if (this.#dialect.learn(announcement.msgPub?.msgType ?? '')) this.#announceAgain()
    for (const subscription of this.#subscriptions.get(announcement.topic) ?? []) this.#link(subscription, announcement)
  }

  vanished(announcement: Announcement, how: Ending): void {
    for (const { health, links } of this.#subscriptions.get(announcement.topic) ?? []) {
      if (!links.delete(announcement)) continue
      health.publishers = links.size
      this.#sockets.disconnect(announcement.address)
      if (how === 'withdrew it') continue
      health.lost++
      this.#events.warn(
        health.topic,
        `its publisher at ${announcement.address} ${how}${links.size > 0 ? '' : ': nothing comes until it is back'}`,
      )
    }
  }

  connected({ topic, msgPub, processUuid, nodeUuid }: Announcement): void {
    for (const { announcement, listeners } of this.#publications) {
      if (announcement.topic === topic && announcement.msgPub?.msgType === msgPub?.msgType)
        listeners.set(`${processUuid} ${nodeUuid}`, processUuid)
    }
  }

  disconnected({ topic, processUuid, nodeUuid }: Announcement): void {
    for (const { announcement, listeners } of this.#publications)
      if (announcement.topic === topic) listeners.delete(`${processUuid} ${nodeUuid}`)
  }

  /** To be called once a second. A publisher that missed the announcement of our subscription would never send. */
  remind(): void {
    for (const { health, links, node, receivedBefore } of this.#all()) {
      if (health.received === receivedBefore)
        for (const announcement of links) this.#discovery.connect(announcement, node)
    }
    for (const subscription of this.#all()) subscription.receivedBefore = subscription.health.received
  }

  /** Takes a message of another process, or an own one. */
  receive(qualified: string, type: string, data: Uint8Array): void {
    for (const subscription of this.#subscriptions.get(qualified) ?? []) this.#receive(subscription, type, data)
  }

  close(): void {
    for (const subscription of this.#all()) this.#end(subscription)
    for (const { announcement } of this.#publications) this.#discovery.withdraw(announcement)
    this.#publications.clear()
  }

  #all(): Subscription[] {
    return [...this.#subscriptions.values()].flat()
  }

  /** The subscription to a topic with this decoder. All its listeners get the same message object. */
  #subscription(topic: string, qualified: string, decoder: Decoder<unknown>): Subscription {
    const others = this.#subscriptions.get(qualified) ?? []
    const known = others.find(subscription => subscription.decoder === decoder)
    if (known) return known
    const subscription: Subscription = {
      health: { topic, type: decoder.name, received: 0, malformed: 0, otherType: 0, publishers: 0, lost: 0 },
      qualified,
      decoder,
      node: randomUUID(),
      listeners: [],
      links: new Set(),
      receivedBefore: 0,
      type: '',
    }
    this.#subscriptions.set(qualified, [...others, subscription])
    if (others.length === 0) this.#sockets.subscribe(qualified)
    this.#discovery.ask(qualified)
    for (const announcement of this.#discovery.found(qualified)) this.#link(subscription, announcement)
    return subscription
  }

  #end(subscription: Subscription): void {
    const { qualified, node, links } = subscription
    const others = (this.#subscriptions.get(qualified) ?? []).filter(other => other !== subscription)
    if (others.length > 0) this.#subscriptions.set(qualified, others)
    else if (this.#subscriptions.delete(qualified)) this.#sockets.unsubscribe(qualified)
    for (const announcement of links) {
      this.#discovery.disconnect(announcement, node)
      this.#sockets.disconnect(announcement.address)
    }
    links.clear()
  }

  #link({ health, decoder, links, node }: Subscription, announcement: Announcement): void {
    if (links.has(announcement)) return
    if (topicType(announcement) !== decoder.name) {
      this.#events.warn(
        health.topic,
        `${announcement.address} publishes ${announcement.msgPub?.msgType}, not ${decoder.name}: it is not heard`,
      )
      return
    }
    try {
      this.#sockets.connect(announcement.address)
    } catch (error) {
      this.#events.warn(health.topic, `its publisher cannot be reached at ${announcement.address}: ${messageOf(error)}`)
      return
    }
    links.add(announcement)
    health.publishers = links.size
    this.#discovery.connect(announcement, node)
    if (health.lost > 0) this.#events.warn(health.topic, `a publisher is there again, at ${announcement.address}`)
  }

  #receive(subscription: Subscription, type: string, data: Uint8Array): void {
    const { health, decoder, listeners } = subscription
    if (type !== subscription.type) {
      if (shortName(type) !== decoder.name) {
        if (health.otherType++ === 0)
          this.#events.warn(health.topic, `a message of type ${type}, not ${decoder.name}: ignored`)
        return
      }
      subscription.type = type
    }
    health.received++
    let message: unknown
    try {
      message = decoder.decode(data)
    } catch (error) {
      if (!(error instanceof GzError)) throw error
      if (health.malformed++ === 0) this.#events.warn(health.topic, `${error.message}: ignored`)
      return
    }
    for (const listener of listeners) {
      try {
        listener(message as never)
      } catch (error) {
        this.#events.fail(error)
      }
    }
  }

  #announceAgain(): void {
    for (const publication of this.#publications) {
      this.#discovery.withdraw(publication.announcement)
      const { topic, address, processUuid, nodeUuid } = publication.announcement
      publication.announcement = topicAnnouncement(
        topic,
        address,
        processUuid,
        nodeUuid,
        typeName(this.#dialect.dialect, publication.name),
      )
      publication.listeners.clear()
      this.#discovery.advertise(publication.announcement)
    }
  }
}
