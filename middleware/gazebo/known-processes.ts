import type { Announcement } from './discovery-packet.js'

/** How the announcement of another process ended; a part of messages to the user. */
export type Ending = 'said goodbye' | 'fell silent' | 'withdrew it'

/** ms without a packet after which a process counts as dead, as in gz-transport. */
const SILENCE = 3000

export interface AnnouncementEvents {
  /**
   * Another process has a topic or a service. Its address and types never change: a change is reported as `vanished`
   * and `appeared`.
   */
  appeared(announcement: Announcement): void
  vanished(announcement: Announcement, how: Ending): void
}

/** Another process of the transport. */
export interface KnownProcess {
  /** Time of its last packet, ms. */
  heard: number
  readonly announcements: Map<string, Announcement>
}

/** The other processes of the transport, and what they announce. */
export class KnownProcesses {
  readonly #events: AnnouncementEvents
  readonly #processes = new Map<string, KnownProcess>()

  constructor(events: AnnouncementEvents) {
    this.#events = events
  }

  /** Number of other processes that are alive. */
  get count(): number {
    return this.#processes.size
  }

  /** Whether a process is alive. */
  has(uuid: string): boolean {
    return this.#processes.has(uuid)
  }

  /** The process that has sent a packet at `now` (ms). */
  heard(uuid: string, now: number): KnownProcess {
    let process = this.#processes.get(uuid)
    if (!process) this.#processes.set(uuid, (process = { heard: now, announcements: new Map() }))
    process.heard = now
    return process
  }

  /** The announcements of all processes; only those of `topic` (with its partition) when it is given. */
  announcements(topic?: string): Announcement[] {
    const found: Announcement[] = []
    for (const { announcements } of this.#processes.values()) {
      for (const announcement of announcements.values())
        if (topic === undefined || announcement.topic === topic) found.push(announcement)
    }
    return found
  }

  /** Takes an announcement of a process. */
  add(process: KnownProcess, announcement: Announcement): void {
    const key = keyOf(announcement)
    const known = process.announcements.get(key)
    if (known && sameEnds(known, announcement)) return
    if (known) this.remove(process, key, 'withdrew it')
    process.announcements.set(key, announcement)
    this.#events.appeared(announcement)
  }

  /** Removes the announcement of a process, by `keyOf`. */
  remove(process: KnownProcess, key: string, how: Ending): void {
    const known = process.announcements.get(key)
    if (!known) return
    process.announcements.delete(key)
    this.#events.vanished(known, how)
  }

  /** Removes a process and all that it announced. */
  forget(uuid: string, how: Ending): void {
    const process = this.#processes.get(uuid)
    if (!process) return
    this.#processes.delete(uuid)
    for (const key of [...process.announcements.keys()]) this.remove(process, key, how)
  }

  /** Removes the processes that have sent nothing for too long, at `now` (ms). Returns how many there were. */
  forgetSilent(now: number): number {
    let lost = 0
    for (const [uuid, { heard }] of this.#processes) {
      if (now - heard <= SILENCE) continue
      lost++
      this.forget(uuid, 'fell silent')
    }
    return lost
  }
}

/** The key of an announcement within its process. */
export function keyOf({ topic, nodeUuid }: Announcement): string {
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
