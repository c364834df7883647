import { LocalBus, type LocalBusOptions } from '../local/local-bus.js'
import { SteppedClock } from '../local/stepped-clock.js'
import { openBag, type Bag } from './bag.js'
import { playBag, publishOn } from './bag-player.js'

/** A bus on which a recording happens again: its clock shows the recording's receive times, whatever the pace. */
export class BagBus extends LocalBus {
  readonly bag: Bag
  readonly #clock: SteppedClock

  static async open(path: string, options: LocalBusOptions = {}): Promise<BagBus> {
    const bag = await openBag(path)
    return new BagBus(bag, new SteppedClock(bag.start), options)
  }

  private constructor(bag: Bag, clock: SteppedClock, options: LocalBusOptions) {
    super(clock, options)
    this.bag = bag
    this.#clock = clock
  }

  /**
   * Publishes the whole recording. Time does not pass work that was promised for earlier. Resolves with the number of
   * messages.
   */
  play(rate: number | 'max', signal?: AbortSignal): Promise<number> {
    const publish = publishOn(this, this.bag.epochSec)
    return playBag(this.bag, {
      rate,
      ...(signal ? { signal } : {}),
      onMessage: message => {
        const deliver = (): void => {
          this.#clock.advanceTo(message.receive)
          publish(message)
        }
        if (this.earliestDue() > message.receive) return deliver()
        return this.settle(message.receive).then(deliver)
      },
    })
  }

  override async close(): Promise<void> {
    await super.close()
    await this.bag.close()
  }
}
