import type { Stream } from '../robots/robot.js'
import type { Bus, Disposable, Publisher } from '../middleware/bus.js'
import type { StringMessage, VoiceEvent } from '../middleware/messages.js'

export type VoiceStream = Pick<Stream, 'topic' | 'type'>

/**
 * Says things on a voice topic, as the type that is read there: a robot file's voice stream may be of texts without
 * stamps, which have no frame_id either.
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

  /** As said now, with certainty 1. `frameId`: who spoke, where that matters. */
  say(text: string, frameId = ''): void {
    this.#events?.publish({ stamp: this.#bus.clock.now(), frameId, text, confidence: 1 })
    this.#texts?.publish({ data: text })
  }

  dispose(): void {
    this.#events?.dispose()
    this.#texts?.dispose()
  }
}
