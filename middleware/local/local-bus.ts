import type { Bus, Clock, Disposable, Listener, Publisher, TopicInfo } from '../bus.js'
import { BusError } from '../bus-error.js'
import type { MessageTypes, TypeName } from '../messages.js'

interface Topic {
  readonly type: TypeName
  publishers: number
  listeners: readonly Listener<never>[]
}

/** Whom a local bus tells of errors. */
export interface LocalBusOptions {
  /** A subscription's listener threw. The other listeners still got the message. */
  readonly onError?: (error: unknown) => void
}

/**
 * A bus inside one process. `publish` calls every subscription's listener, in the order of subscription, without a copy
 * of the message, and then returns.
 */
export class LocalBus implements Bus {
  readonly clock: Clock
  readonly #topics = new Map<string, Topic>()
  readonly #work = new Set<{ readonly due: number; readonly promise: Promise<unknown> }>()
  readonly #onError: (error: unknown) => void

  constructor(clock: Clock, options: LocalBusOptions = {}) {
    this.clock = clock
    this.#onError =
      options.onError ??
      (error =>
        queueMicrotask(() => {
          throw error
        }))
  }

  advertise<T extends TypeName>(topic: string, type: T): Publisher<MessageTypes[T]> {
    const entry = this.#topic(topic, type)
    entry.publishers++
    let open = true
    return {
      publish: message => {
        if (!open) throw new BusError('PUBLISHER_DISPOSED', `${topic}: published after its publisher was disposed of`)
        const receive = this.clock.now()
        for (const listener of entry.listeners as readonly Listener<MessageTypes[T]>[]) {
          try {
            listener(message, receive)
          } catch (error) {
            this.#onError(error)
          }
        }
      },
      dispose: () => {
        if (open) entry.publishers--
        open = false
      },
    }
  }

  subscribe<T extends TypeName>(topic: string, type: T, listener: Listener<MessageTypes[T]>): Disposable {
    const entry = this.#topic(topic, type)
    const own: Listener<MessageTypes[T]> = (message, receive) => listener(message, receive)
    entry.listeners = [...entry.listeners, own]
    return {
      dispose: () => {
        entry.listeners = entry.listeners.filter(other => other !== own)
      },
    }
  }

  topics(): TopicInfo[] {
    return [...this.#topics].map(([topic, { type, publishers, listeners }]) => ({
      topic,
      type,
      publishers,
      subscribers: listeners.length,
    }))
  }

  work(promise: Promise<unknown>, due = this.clock.now()): void {
    const entry = { due, promise }
    this.#work.add(entry)
    const done = (): void => {
      this.#work.delete(entry)
    }
    promise.then(done, done)
  }

  /** Bus time of the earliest unfinished work; Infinity when there is none. */
  earliestDue(): number {
    let earliest = Infinity
    for (const { due } of this.#work) earliest = Math.min(earliest, due)
    return earliest
  }

  /**
   * Resolves when all work that is due at or before `until` is finished, and all work that it led to. Work that fails
   * counts as finished.
   */
  async settle(until: number): Promise<void> {
    for (;;) {
      const due = [...this.#work].filter(entry => entry.due <= until)
      if (due.length === 0) return
      await Promise.allSettled(due.map(entry => entry.promise))
    }
  }

  /** Ends all subscriptions. Unfinished work is not waited for; it belongs to the nodes that began it. */
  async close(): Promise<void> {
    for (const topic of this.#topics.values()) topic.listeners = []
    this.#topics.clear()
  }

  #topic(topic: string, type: TypeName): Topic {
    const known = this.#topics.get(topic)
    if (known && known.type !== type) {
      throw new BusError('TOPIC_TYPE', `${topic}: is ${known.type} already, not ${type}: two types on one topic`)
    }
    const entry = known ?? { type, publishers: 0, listeners: [] }
    if (!known) this.#topics.set(topic, entry)
    return entry
  }
}
