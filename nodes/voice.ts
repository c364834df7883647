import type { Bus, Publisher } from '../middleware/bus.js'
import { LifecycleNode } from '../middleware/lifecycle.js'
import type { VoiceEvent } from '../middleware/messages.js'

export interface VoiceOptions {
  readonly bus: Bus
  readonly topic: string
}

const LONGEST = 200

/** Publishes what was said: typed lines here, a recogniser's events on a robot. */
export class VoiceNode extends LifecycleNode {
  events = 0
  readonly #options: VoiceOptions
  #publisher: Publisher<VoiceEvent> | undefined

  constructor(options: VoiceOptions) {
    super('voice')
    this.#options = options
  }

  /** Publishes `text` as said now, with certainty 1; `frameId` tells who spoke where that matters. Blank text is nothing said; longer than 200 characters is cut. */
  say(text: string, frameId = ''): void {
    const said = text.replace(/\s+/g, ' ').trim().slice(0, LONGEST)
    if (said === '' || this.state !== 'active') return
    this.events++
    this.#publisher?.publish({ stamp: this.#options.bus.clock.now(), frameId, text: said, confidence: 1 })
  }

  protected override onConfigure(): void {
    this.#publisher = this.#options.bus.advertise(this.#options.topic, 'prehend_interfaces/msg/VoiceEvent')
  }

  protected override onCleanup(): void {
    this.#publisher?.dispose()
    this.#publisher = undefined
  }
}
