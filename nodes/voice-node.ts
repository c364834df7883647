import type { Bus } from '../middleware/bus.js'
import { LifecycleNode } from '../middleware/lifecycle.js'
import { Speaker } from './speaker.js'

export interface VoiceOptions {
  readonly bus: Bus
  readonly topic: string
  /** What is read on the topic. Default prehend_interfaces/msg/VoiceEvent. */
  readonly type?: string
}

const LONGEST = 200

/** Publishes what was said: typed lines here, a recogniser's events on a robot. */
export class VoiceNode extends LifecycleNode {
  events = 0
  readonly #options: VoiceOptions
  #speaker: Speaker | undefined

  constructor(options: VoiceOptions) {
    super('voice')
    this.#options = options
  }

  /**
   * Publishes `text` as said now, with certainty 1; `frameId` tells who spoke where that matters. Blank text is nothing
   * said; longer than 200 characters is cut.
   */
  say(text: string, frameId = ''): void {
    const said = text.replace(/\s+/g, ' ').trim().slice(0, LONGEST)
    if (said === '' || this.state !== 'active') return
    this.events++
    this.#speaker?.say(said, frameId)
  }

  protected override onConfigure(): void {
    const { bus, topic, type = 'prehend_interfaces/msg/VoiceEvent' } = this.#options
    this.#speaker = new Speaker(bus, { topic, type })
  }

  protected override onCleanup(): void {
    this.#speaker?.dispose()
    this.#speaker = undefined
  }
}
