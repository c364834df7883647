import { BagWriter } from '../middleware/bag/bag-writer.js'
import type { Bus, Disposable } from '../middleware/bus.js'
import type { TypeName } from '../middleware/messages.js'

/** Writes topics of a bus into a bag. Each message has the receive time that all subscribers saw. */
export class Recorder {
  readonly #writer: BagWriter
  readonly #subscriptions: Disposable[]

  constructor(bus: Bus, writer: BagWriter, topics: readonly { topic: string; type: TypeName }[]) {
    this.#writer = writer
    this.#subscriptions = topics.map(({ topic, type }) =>
      bus.subscribe(topic, type, (message, receive) => writer.write(topic, type, message, receive)),
    )
  }

  /** Bytes that were written to the disk so far, also while `close` waits. */
  get written(): number {
    return this.#writer.written
  }

  #unsubscribe(): void {
    for (const subscription of this.#subscriptions) subscription.dispose()
  }

  /** Ends the recording. When this resolves the bag is complete and has its final name. */
  async close(): Promise<void> {
    this.#unsubscribe()
    await this.#writer.close()
  }

  /** Ends the recording and deletes it. */
  async discard(): Promise<void> {
    this.#unsubscribe()
    await this.#writer.discard()
  }
}
