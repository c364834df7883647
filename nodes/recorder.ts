import { BagWriter } from '../middleware/bag/bag-writer.js'
import type { Bus, Disposable } from '../middleware/bus.js'
import type { TypeName } from '../middleware/messages.js'

/** Writes topics of a bus into a bag, each message with the receive time that every other subscriber saw. */
export class Recorder {
  readonly #writer: BagWriter
  readonly #subscriptions: Disposable[]

  constructor(bus: Bus, writer: BagWriter, topics: readonly { topic: string; type: TypeName }[]) {
    this.#writer = writer
    this.#subscriptions = topics.map(({ topic, type }) =>
      bus.subscribe(topic, type, (message, receive) => writer.write(topic, type, message, receive)),
    )
  }

  /** Bytes that the disk has taken; it grows while `close` waits. */
  get written(): number {
    return this.#writer.written
  }

  /** Hears nothing more. */
  #pause(): void {
    for (const subscription of this.#subscriptions) subscription.dispose()
  }

  /** Ends the recording: the bag is complete, under its final name, when this resolves. */
  async close(): Promise<void> {
    this.#pause()
    await this.#writer.close()
  }

  /** Gives up: nothing is left of the recording. */
  async discard(): Promise<void> {
    this.#pause()
    await this.#writer.discard()
  }
}
