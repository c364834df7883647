import type { Stream } from '../robots/robot.js'
import type { Bus, Disposable, Publisher } from '../middleware/bus.js'
import type { SpeakerName, StringMessage, VoiceEvent } from '../middleware/messages.js'

export type VoiceStream = Pick<Stream, 'topic' | 'type'>

/**
 * Publishes on a voice topic, in the type that its subscribers read: a robot file's voice stream may be of
 * std_msgs/String, which has neither a stamp nor a speaker.
 */
export class Speaker implements Disposable {
  readonly #bus: Bus
  readonly #events: Publisher<VoiceEvent> | undefined
  readonly #texts: Publisher<StringMessage> | undefined

  constructor(bus: Bus, { topic, type }: VoiceStream) {
    this.#bus = bus
    if (type === 'std_msgs/msg/String') this.#texts = bus.advertise(topic, type)
    else this.#events = bus.advertise(topic, 'prehend_interfaces/msg/VoiceEvent')
  }

  /** Whether the topic's messages tell who spoke. */
  get marks(): boolean {
    return this.#events !== undefined
  }

  /** Publishes `text` as said now, with confidence 1. */
  say(text: string, speaker: SpeakerName = 'somebody'): void {
    this.#events?.publish({ stamp: this.#bus.clock.now(), frameId: '', text, confidence: 1, speaker })
    this.#texts?.publish({ data: text })
  }

  dispose(): void {
    this.#events?.dispose()
    this.#texts?.dispose()
  }
}
