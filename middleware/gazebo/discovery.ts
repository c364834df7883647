import {
  decodePacket,
  encodePacket,
  forRelay,
  fromRelay,
  NO_CTRL,
  SAYS,
  SCOPE,
  type Announcement,
  type DISCOVERY,
  type Discovery as Said,
} from './discovery-packet.js'
import { GzError } from './gz-error.js'
import type { Draft } from './proto.js'

/**
 * ms. As gz-transport has them: how often a process says that it is there, and after what silence it is taken for dead.
 */
const HEARTBEAT = 1000
const SILENCE = 3000

/** Version of the protocol; with topic statistics 100 more. */
const VERSION = 10
const WITH_STATISTICS = 100

export type Ending = 'said goodbye' | 'fell silent' | 'withdrew it'

/** Where packets go. */
export interface DiscoveryWire {
  multicast(packet: Uint8Array): void
  /** To every relay there is. */
  relay(packet: Uint8Array): void
  learnRelay(address: string): void
}

export interface DiscoveryEvents {
  /**
   * Another process has a topic or service; its address and types never change: a change is an ending and a new
   * appearance.
   */
  appeared(announcement: Announcement): void
  vanished(announcement: Announcement, how: Ending): void
  /** A subscriber of one of our topics says that it is there, or that it ends. */
  connected(announcement: Announcement): void
  disconnected(announcement: Announcement): void
  /** What this process subscribes to: for a peer that asks. */
  subscriptions(): readonly Announcement[]
  /** Said once for each peer and reason. */
  warn(text: string): void
}

/** What came in on one discovery port. */
export interface DiscoveryCounts {
  /** From other processes, understood. */
  packets: number
  malformed: number
  /** Of another version of the protocol. */
  otherVersion: number
  /** From another machine, while only this one is spoken to. */
  elsewhere: number
  /** Processes that fell silent. */
  lost: number
}

interface Process {
  /** When it was last heard, ms. */
  heard: number
  readonly announcements: Map<string, Announcement>
}

export interface DiscoveryOptions {
  /** UUID of this process. */
  readonly process: string
  readonly statistics: boolean
  /** Packets of other machines are not listened to. */
  readonly hostOnly: boolean
  readonly wire: DiscoveryWire
  readonly events: DiscoveryEvents
}

/**
 * Who has which topics (or services: each has its own port). Knows no sockets and no clock: packets and the time come
 * in as values. Every process announces itself and what it has once a second, so whatever is lost on the way comes
 * again.
 */
export class Discovery {
  readonly counts: DiscoveryCounts = { packets: 0, malformed: 0, otherVersion: 0, elsewhere: 0, lost: 0 }
  readonly #options: DiscoveryOptions
  readonly #version: number
  readonly #own = new Map<string, Announcement>()
  readonly #others = new Map<string, Process>()
  readonly #warned = new Set<string>()
  #nextHeartbeat = -Infinity

  constructor(options: DiscoveryOptions) {
    this.#options = options
    this.#version = VERSION + (options.statistics ? WITH_STATISTICS : 0)
  }

  /** To be called every 100 ms or so. `now` in ms, of any clock that does not go back. */
  tick(now: number): void {
    if (now >= this.#nextHeartbeat) {
      this.#nextHeartbeat = now + HEARTBEAT
      this.#say({ type: SAYS.heartbeat })
      for (const announcement of this.#own.values()) this.#say({ type: SAYS.advertise, pub: announcement })
    }
    for (const [uuid, { heard }] of this.#others) {
      if (now - heard <= SILENCE) continue
      this.counts.lost++
      this.#forget(uuid, 'fell silent')
    }
  }

  /**
   * `from`: the IPv4 address it came from; `local`: one of this machine. Never throws: a packet may come from anybody.
   */
  receive(packet: Uint8Array, from: string, local: boolean, now: number): void {
    if (this.#options.hostOnly && !local) {
      this.counts.elsewhere++
      return
    }
    let said: Said
    try {
      said = decodePacket(packet)
    } catch (error) {
      if (!(error instanceof GzError)) throw error
      this.counts.malformed++
      this.#warnOnce(`malformed ${from}`, `${from}: ${error.message}: ignored`)
      return
    }
    if (said.processUuid === this.#options.process) return
    if (said.version !== this.#version) {
      this.counts.otherVersion++
      this.#warnOnce(
        `version ${from} ${said.version}`,
        `${from}: ${otherVersion(said.version, this.#version)}: ignored`,
      )
      return
    }
    const { wire } = this.#options
    if (said.flags?.relay) {
      wire.learnRelay(from)
      wire.multicast(fromRelay(packet))
      return
    }
    if (!said.flags?.noRelay) wire.relay(forRelay(packet))
    this.counts.packets++
    this.#hear(said, local, now)
  }

  advertise(announcement: Announcement): void {
    this.#own.set(keyOf(announcement), announcement)
    this.#say({ type: SAYS.advertise, pub: announcement })
  }

  withdraw(announcement: Announcement): void {
    if (this.#own.delete(keyOf(announcement))) this.#say({ type: SAYS.unadvertise, pub: announcement })
  }

  /** Asks whoever has `topic` (qualified) to say so now. */
  ask(topic: string): void {
    this.#say({ type: SAYS.subscribe, sub: { topic } })
  }

  /** Tells the process of `announcement` that the node `node` of ours listens: it sends nothing before. */
  connect(announcement: Announcement, node: string): void {
    this.#say({ type: SAYS.newConnection, pub: this.#connection(announcement, node) })
  }

  disconnect(announcement: Announcement, node: string): void {
    this.#say({ type: SAYS.endConnection, pub: this.#connection(announcement, node) })
  }

  /** What others have; of `topic` (qualified) where one is given. */
  found(topic?: string): Announcement[] {
    const found: Announcement[] = []
    for (const { announcements } of this.#others.values()) {
      for (const announcement of announcements.values())
        if (topic === undefined || announcement.topic === topic) found.push(announcement)
    }
    return found
  }

  own(): Announcement[] {
    return [...this.#own.values()]
  }

  /** Other processes that are there. */
  get processes(): number {
    return this.#others.size
  }

  /** Whether a process is there. */
  knows(uuid: string): boolean {
    return this.#others.has(uuid)
  }

  bye(): void {
    this.#say({ type: SAYS.bye })
    this.#own.clear()
  }

  #say(message: Draft<typeof DISCOVERY.fields>): void {
    const packet = encodePacket({ version: this.#version, processUuid: this.#options.process, ...message })
    this.#options.wire.multicast(packet)
    this.#options.wire.relay(forRelay(packet))
  }

  /** The publisher's own announcement with our ids in it; its process goes into ctrl. */
  #connection(announcement: Announcement, node: string): Announcement {
    return {
      ...announcement,
      processUuid: this.#options.process,
      nodeUuid: node,
      msgPub: { ctrl: announcement.processUuid, msgType: announcement.msgPub?.msgType ?? '' },
    }
  }

  #hear(said: Said, local: boolean, now: number): void {
    const { events } = this.#options
    const { pub } = said
    if (said.type === SAYS.bye) {
      this.#forget(said.processUuid, 'said goodbye')
      return
    }
    const process = this.#process(said.processUuid, now)
    if (pub && (pub.scope === SCOPE.process || (pub.scope === SCOPE.host && !local))) return
    switch (said.type) {
      case SAYS.advertise:
        if (pub) this.#add(process, pub)
        break
      case SAYS.unadvertise:
        if (pub) this.#remove(process, keyOf(pub), 'withdrew it')
        break
      case SAYS.subscribe:
        for (const announcement of this.#own.values()) {
          if (announcement.topic === said.sub?.topic) this.#say({ type: SAYS.advertise, pub: announcement })
        }
        break
      case SAYS.newConnection:
        if (pub?.msgPub?.ctrl === this.#options.process) events.connected(pub)
        break
      case SAYS.endConnection:
        if (pub?.msgPub?.ctrl === this.#options.process) events.disconnected(pub)
        break
      case SAYS.whoSubscribes:
        for (const subscription of events.subscriptions()) this.#say({ type: SAYS.subscribes, pub: subscription })
        break
    }
  }

  #process(uuid: string, now: number): Process {
    let process = this.#others.get(uuid)
    if (!process) this.#others.set(uuid, (process = { heard: now, announcements: new Map() }))
    process.heard = now
    return process
  }

  #add(process: Process, announcement: Announcement): void {
    const key = keyOf(announcement)
    const known = process.announcements.get(key)
    if (known && sameEnds(known, announcement)) return
    if (known) this.#remove(process, key, 'withdrew it')
    process.announcements.set(key, announcement)
    this.#options.events.appeared(announcement)
  }

  #remove(process: Process, key: string, how: Ending): void {
    const known = process.announcements.get(key)
    if (!known) return
    process.announcements.delete(key)
    this.#options.events.vanished(known, how)
  }

  #forget(uuid: string, how: Ending): void {
    const process = this.#others.get(uuid)
    if (!process) return
    this.#others.delete(uuid)
    for (const key of [...process.announcements.keys()]) this.#remove(process, key, how)
  }

  #warnOnce(key: string, text: string): void {
    if (this.#warned.has(key)) return
    this.#warned.add(key)
    this.#options.events.warn(text)
  }
}

/** An announcement of a topic, as its publisher makes it. */
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

function keyOf({ topic, nodeUuid }: Announcement): string {
  return `${topic} ${nodeUuid}`
}

function sameEnds(a: Announcement, b: Announcement): boolean {
  return (
    a.address === b.address &&
    a.msgPub?.msgType === b.msgPub?.msgType &&
    a.srvPub?.socketId === b.srvPub?.socketId &&
    a.srvPub?.requestType === b.srvPub?.requestType &&
    a.srvPub?.responseType === b.srvPub?.responseType
  )
}

function otherVersion(theirs: number, ours: number): string {
  const alike = ' (set GZ_TRANSPORT_TOPIC_STATISTICS or IGN_TRANSPORT_TOPIC_STATISTICS alike on both sides)'
  const hint = Math.abs(theirs - ours) === WITH_STATISTICS ? alike : ''
  return `speaks version ${theirs} of discovery, not ${ours}${hint}`
}
