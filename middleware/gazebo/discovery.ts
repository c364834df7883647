import {
  decodePacket,
  encodePacket,
  forRelay,
  fromRelay,
  NO_CTRL,
  PACKET_TYPE,
  SCOPE,
  type Announcement,
  type DISCOVERY,
  type Discovery as DiscoveryMessage,
} from './discovery-packet.js'
import { GzError } from './gz-error.js'
import { keyOf, KnownProcesses, type AnnouncementEvents } from './known-processes.js'
import type { Draft } from './proto.js'

/** ms between two heartbeats of a process, as in gz-transport. */
const HEARTBEAT = 1000

/** Version of the protocol. With topic statistics it is higher by 100. */
const VERSION = 10
const WITH_STATISTICS = 100

/** Where discovery sends its packets. */
export interface DiscoveryWire {
  multicast(packet: Uint8Array): void
  /** Sends to every known relay. */
  relay(packet: Uint8Array): void
  learnRelay(address: string): void
}

export interface DiscoveryEvents extends AnnouncementEvents {
  /** A subscriber of an own topic connects or disconnects. */
  connected(announcement: Announcement): void
  disconnected(announcement: Announcement): void
  /** The subscriptions of this process, for another process that asks. */
  subscriptions(): readonly Announcement[]
  /** Called once for each process and reason. */
  warn(text: string): void
}

/** Counters of the packets on one discovery port. */
export interface DiscoveryCounts {
  /** Packets of other processes that were understood. */
  packets: number
  malformed: number
  /** Of another version of the protocol. */
  otherVersion: number
  /** From another machine while only this machine's processes are accepted. */
  elsewhere: number
  /** Processes that stopped sending. */
  lost: number
}

export interface DiscoveryOptions {
  /** UUID of this process. */
  readonly process: string
  readonly statistics: boolean
  /** Ignore packets of other machines. */
  readonly hostOnly: boolean
  readonly wire: DiscoveryWire
  readonly events: DiscoveryEvents
}

/**
 * Knows which process has which topics (or services; each of the two has its own port). It uses no sockets and no
 * clock: packets and the time are arguments. Every process announces itself and its topics once a second, so a lost
 * packet is made up for.
 */
export class Discovery {
  readonly counts: DiscoveryCounts = { packets: 0, malformed: 0, otherVersion: 0, elsewhere: 0, lost: 0 }
  readonly #options: DiscoveryOptions
  readonly #version: number
  readonly #own = new Map<string, Announcement>()
  readonly #others: KnownProcesses
  readonly #warned = new Set<string>()
  #nextHeartbeat = -Infinity

  constructor(options: DiscoveryOptions) {
    this.#options = options
    this.#others = new KnownProcesses(options.events)
    this.#version = VERSION + (options.statistics ? WITH_STATISTICS : 0)
  }

  /** To be called about every 100 ms. `now`: ms of a clock that does not go back. */
  tick(now: number): void {
    if (now >= this.#nextHeartbeat) {
      this.#nextHeartbeat = now + HEARTBEAT
      this.#send({ type: PACKET_TYPE.heartbeat })
      for (const announcement of this.#own.values()) this.#send({ type: PACKET_TYPE.advertise, pub: announcement })
    }
    this.counts.lost += this.#others.forgetSilent(now)
  }

  /** Takes a packet from the IPv4 address `from`; `local`: of this machine. Never throws, whatever the bytes are. */
  receive(packet: Uint8Array, from: string, local: boolean, now: number): void {
    if (this.#options.hostOnly && !local) {
      this.counts.elsewhere++
      return
    }
    let message: DiscoveryMessage
    try {
      message = decodePacket(packet)
    } catch (error) {
      if (!(error instanceof GzError)) throw error
      this.counts.malformed++
      this.#warnOnce(`malformed ${from}`, `${from}: ${error.message}: ignored`)
      return
    }
    if (message.processUuid === this.#options.process) return
    if (message.version !== this.#version) {
      this.counts.otherVersion++
      this.#warnOnce(
        `version ${from} ${message.version}`,
        `${from}: ${otherVersion(message.version, this.#version)}: ignored`,
      )
      return
    }
    const { wire } = this.#options
    if (message.flags?.relay) {
      wire.learnRelay(from)
      wire.multicast(fromRelay(packet))
      return
    }
    if (!message.flags?.noRelay) wire.relay(forRelay(packet))
    this.counts.packets++
    this.#handle(message, local, now)
  }

  /** Announces a topic or a service, now and with every heartbeat. */
  advertise(announcement: Announcement): void {
    this.#own.set(keyOf(announcement), announcement)
    this.#send({ type: PACKET_TYPE.advertise, pub: announcement })
  }

  /** Ends an announcement. */
  withdraw(announcement: Announcement): void {
    if (this.#own.delete(keyOf(announcement))) this.#send({ type: PACKET_TYPE.unadvertise, pub: announcement })
  }

  /** Asks every process that has `topic` (with its partition) to announce it now. */
  ask(topic: string): void {
    this.#send({ type: PACKET_TYPE.subscribe, sub: { topic } })
  }

  /** Tells a publisher that the own node `node` subscribes. A publisher sends nothing before it knows a subscriber. */
  connect(announcement: Announcement, node: string): void {
    this.#send({ type: PACKET_TYPE.newConnection, pub: this.#connection(announcement, node) })
  }

  /** Tells a publisher that the own node `node` has ended its subscription. */
  disconnect(announcement: Announcement, node: string): void {
    this.#send({ type: PACKET_TYPE.endConnection, pub: this.#connection(announcement, node) })
  }

  /** The announcements of other processes; only those of `topic` (with its partition) when it is given. */
  found(topic?: string): Announcement[] {
    return this.#others.announcements(topic)
  }

  own(): Announcement[] {
    return [...this.#own.values()]
  }

  /** Number of other processes that are alive. */
  get processes(): number {
    return this.#others.count
  }

  /** Whether a process is alive. */
  knows(uuid: string): boolean {
    return this.#others.has(uuid)
  }

  /** Tells all processes that this one ends. */
  bye(): void {
    this.#send({ type: PACKET_TYPE.bye })
    this.#own.clear()
  }

  #send(message: Draft<typeof DISCOVERY.fields>): void {
    const packet = encodePacket({ version: this.#version, processUuid: this.#options.process, ...message })
    this.#options.wire.multicast(packet)
    this.#options.wire.relay(forRelay(packet))
  }

  /** The publisher's own announcement with the ids of this process; the publisher's process goes into `ctrl`. */
  #connection(announcement: Announcement, node: string): Announcement {
    return {
      ...announcement,
      processUuid: this.#options.process,
      nodeUuid: node,
      msgPub: { ctrl: announcement.processUuid, msgType: announcement.msgPub?.msgType ?? '' },
    }
  }

  #handle(message: DiscoveryMessage, local: boolean, now: number): void {
    const { events } = this.#options
    const { pub } = message
    if (message.type === PACKET_TYPE.bye) {
      this.#others.forget(message.processUuid, 'said goodbye')
      return
    }
    const process = this.#others.heard(message.processUuid, now)
    if (pub && (pub.scope === SCOPE.process || (pub.scope === SCOPE.host && !local))) return
    switch (message.type) {
      case PACKET_TYPE.advertise:
        if (pub) this.#others.add(process, pub)
        break
      case PACKET_TYPE.unadvertise:
        if (pub) this.#others.remove(process, keyOf(pub), 'withdrew it')
        break
      case PACKET_TYPE.subscribe:
        for (const announcement of this.#own.values()) {
          if (announcement.topic === message.sub?.topic) this.#send({ type: PACKET_TYPE.advertise, pub: announcement })
        }
        break
      case PACKET_TYPE.newConnection:
        if (pub?.msgPub?.ctrl === this.#options.process) events.connected(pub)
        break
      case PACKET_TYPE.endConnection:
        if (pub?.msgPub?.ctrl === this.#options.process) events.disconnected(pub)
        break
      case PACKET_TYPE.whoSubscribes:
        for (const subscription of events.subscriptions())
          this.#send({ type: PACKET_TYPE.subscribes, pub: subscription })
        break
    }
  }

  #warnOnce(key: string, text: string): void {
    if (this.#warned.has(key)) return
    this.#warned.add(key)
    this.#options.events.warn(text)
  }
}

/** The announcement of a topic, as its publisher makes it. */
export function topicAnnouncement(
  topic: string,
  address: string,
  processUuid: string,
  nodeUuid: string,
  msgType: string,
): Announcement {
  return {
    topic,
    address,
    processUuid,
    nodeUuid,
    scope: SCOPE.all,
    msgPub: { ctrl: NO_CTRL, msgType },
    srvPub: undefined,
  }
}

function otherVersion(theirs: number, ours: number): string {
  const alike = ' (set GZ_TRANSPORT_TOPIC_STATISTICS or IGN_TRANSPORT_TOPIC_STATISTICS alike on both sides)'
  const hint = Math.abs(theirs - ours) === WITH_STATISTICS ? alike : ''
  return `speaks version ${theirs} of discovery, not ${ours}${hint}`
}
