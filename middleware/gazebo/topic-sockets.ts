import type { Publisher, Subscriber } from 'zeromq'
import type { GzSettings } from './settings.js'
import type { ZeroMq } from './zeromq.js'

/** A message as it comes: `topic` is qualified, `type` has its dialect, `data` is never written again. */
export type HearMessage = (topic: string, type: string, data: Buffer) => void

/**
 * ms after which a connection that nobody needs any more is given up: what its publisher sent last may still be on its
 * way.
 */
const GRACE = 3000

/**
 * Topic data over ZeroMQ: one socket that publishes, one that is connected to every publisher it listens to. A message
 * is the frames topic, address of its publisher, data, type and, with topic statistics, {time ms, sequence} (u64 each,
 * little-endian).
 */
export class TopicSockets {
  readonly address: string
  /** Messages that were not of this form. */
  malformed = 0
  readonly #publisher: Publisher
  readonly #subscriber: Subscriber
  readonly #sequences: Map<string, number> | undefined
  /** By address: how many announcements need it, and when it is given up where none does. */
  readonly #connections = new Map<string, { users: number; giveUp: NodeJS.Timeout | undefined }>()
  #reading: Promise<void> | undefined
  /** The frames of topics, types and our address: bytes cost a socket less than text. */
  readonly #texts = new Map<string, Buffer>()
  /** Messages that follow the one being sent. */
  readonly #waiting: Uint8Array[][] = []
  #isSending = false

  private constructor(publisher: Publisher, subscriber: Subscriber, address: string, statistics: boolean) {
    this.#publisher = publisher
    this.#subscriber = subscriber
    this.address = address
    this.#sequences = statistics ? new Map() : undefined
  }

  static async open(zmq: ZeroMq, settings: GzSettings): Promise<TopicSockets> {
    const publisher = new zmq.Publisher({ linger: 0, sendHighWaterMark: settings.sendQueue })
    const subscriber = new zmq.Subscriber({ linger: 0, receiveHighWaterMark: settings.receiveQueue })
    await publisher.bind(`tcp://${settings.address}:*`)
    return new TopicSockets(publisher, subscriber, publisher.lastEndpoint ?? '', settings.statistics)
  }

  /** From here on messages are heard. */
  listen(hear: HearMessage): void {
    this.#reading ??= this.#read(hear)
  }

  subscribe(topic: string): void {
    this.#subscriber.subscribe(topic)
  }

  unsubscribe(topic: string): void {
    this.#subscriber.unsubscribe(topic)
  }

  /** Once for each announcement at this address that is listened to; `disconnect` undoes one. */
  connect(address: string): void {
    const known = this.#connections.get(address)
    if (known) {
      known.users++
      clearTimeout(known.giveUp)
      known.giveUp = undefined
      return
    }
    this.#subscriber.connect(address)
    this.#connections.set(address, { users: 1, giveUp: undefined })
  }

  disconnect(address: string): void {
    const known = this.#connections.get(address)
    if (!known || --known.users > 0) return
    known.giveUp = setTimeout(() => {
      this.#connections.delete(address)
      if (!this.#subscriber.closed) this.#subscriber.disconnect(address)
    }, GRACE)
    known.giveUp.unref()
  }

  /** Goes to whoever listens. `data` belongs to the transport from here on. */
  publish(topic: string, type: string, data: Uint8Array): void {
    const frames = [this.#text(topic), this.#text(this.address), data, this.#text(type)]
    if (this.#sequences) frames.push(this.#statistics(topic, this.#sequences))
    this.#waiting.push(frames)
    if (!this.#isSending) void this.#send()
  }

  /**
   * The socket takes one message at a time, mostly at once: it never waits for listeners; what a slow one's queue
   * cannot take is dropped for it.
   */
  async #send(): Promise<void> {
    this.#isSending = true
    for (
      let next = this.#waiting.shift();
      next !== undefined && !this.#publisher.closed;
      next = this.#waiting.shift()
    ) {
      await this.#publisher.send(next).catch(() => undefined)
    }
    this.#isSending = false
  }

  async close(): Promise<void> {
    for (const { giveUp } of this.#connections.values()) clearTimeout(giveUp)
    this.#publisher.close()
    this.#subscriber.close()
    await this.#reading
  }

  async #read(hear: HearMessage): Promise<void> {
    for await (const frames of this.#subscriber) {
      if (frames.length < 4) this.malformed++
      else hear(frames[0]!.toString(), frames[3]!.toString(), frames[2]!)
    }
  }

  #text(text: string): Buffer {
    let bytes = this.#texts.get(text)
    if (!bytes) this.#texts.set(text, (bytes = Buffer.from(text)))
    return bytes
  }

  #statistics(topic: string, sequences: Map<string, number>): Uint8Array {
    const sequence = sequences.get(topic) ?? 0
    sequences.set(topic, sequence + 1)
    const frame = Buffer.alloc(16)
    frame.writeBigUInt64LE(BigInt(Math.round(performance.now())), 0)
    frame.writeBigUInt64LE(BigInt(sequence), 8)
    return frame
  }
}
