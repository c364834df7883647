import type { Bus } from '../middleware/bus.js'
import type { SpeakerName } from '../middleware/messages.js'
import { LifecycleNode } from '../middleware/lifecycle.js'
import { Speaker } from './speaker.js'

export interface VoiceOptions {
  readonly bus: Bus
  readonly topic: string
  /** What is read on the topic. Default prehend_interfaces/msg/VoiceEvent. */
  readonly type?: string
}

/** Characters of an utterance; the rest is cut. */
export const LONGEST_SAID = 200

/**
 * Publishes what was said: typed lines here, a recogniser's events on a robot. The control node receives it for its stop
 * words, the fusion node for the commands.
 */
export class VoiceNode extends LifecycleNode {
  events = 0
  readonly #options: VoiceOptions
  #speaker: Speaker | undefined

  constructor(options: VoiceOptions) {
    super('voice')
    this.#options = options
  }

  /**
   * Publishes `text` as said now, with confidence 1. Blank text is not published; text of over LONGEST_SAID characters is cut.
   */
  say(text: string, speaker: SpeakerName = 'somebody'): void {
    const said = text.replace(/\s+/g, ' ').trim().slice(0, LONGEST_SAID)
    if (said === '' || this.state !== 'active') return
    this.events++
    this.#speaker?.say(said, speaker)
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
