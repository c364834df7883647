import type { Publisher, Subscriber } from 'zeromq'
import type { GzSettings } from './settings.js'
import type { ZeroMq } from './zeromq.js'

/** Takes a message: `topic` has its partition in front, `type` its dialect, and `data` never changes. */
export type ReceiveMessage = (topic: string, type: string, data: Buffer) => void

/**
 * ms after which an unused connection is closed. The last messages of its publisher may still be on their way.
 */
const GRACE = 3000

/**
 * Topic data over ZeroMQ: one socket that publishes, and one that is connected to every publisher of a subscribed
 * topic. A message has these frames: topic, address of its publisher, data, type. With topic statistics a frame {time
 * in ms, sequence number} follows (u64 each, little-endian).
 */
export class TopicSockets {
  readonly address: string
  /** Number of messages of another form. */
  malformed = 0
  readonly #publisher: Publisher
  readonly #subscriber: Subscriber
  readonly #sequences: Map<string, number> | undefined
  /** By address: the number of announcements that need the connection, and the timer that closes an unused one. */
  readonly #connections = new Map<string, { users: number; giveUp: NodeJS.Timeout | undefined }>()
  #reading: Promise<void> | undefined
  /** Texts as bytes: topics, types and the own address. A socket takes bytes faster than text. */
  readonly #texts = new Map<string, Buffer>()
  /** Messages behind the one that is being sent. */
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

  /** Starts to receive messages. */
  listen(receive: ReceiveMessage): void {
    this.#reading ??= this.#read(receive)
  }

  subscribe(topic: string): void {
    this.#subscriber.subscribe(topic)
  }

  unsubscribe(topic: string): void {
    this.#subscriber.unsubscribe(topic)
  }

  /** Called once for each announcement at this address that a subscription uses; `disconnect` takes one call back. */
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

  /** Sends a message to all subscribers. `data` must not change afterwards. */
  publish(topic: string, type: string, data: Uint8Array): void {
    const frames = [this.#text(topic), this.#text(this.address), data, this.#text(type)]
    if (this.#sequences) frames.push(this.#statistics(topic, this.#sequences))
    this.#waiting.push(frames)
    if (!this.#isSending) void this.#send()
  }

  /**
   * The socket takes one message at a time, mostly at once. It does not wait for its subscribers: a message that does
   * not fit into the queue of a slow subscriber is dropped for that one.
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

  async #read(receive: ReceiveMessage): Promise<void> {
    for await (const frames of this.#subscriber) {
      if (frames.length < 4) this.malformed++
      else receive(frames[0]!.toString(), frames[3]!.toString(), frames[2]!)
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
