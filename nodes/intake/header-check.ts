import { clockOf } from '../../fusion/stream-clock.js'
import type { Stream } from '../../robots/robot.js'
import type { Header } from '../../middleware/messages.js'

export interface HeaderCheckOptions {
  /** Whether the stamp is used. A header without a stamp is then a fault. Default true. */
  readonly stamped?: boolean
  /** Told in one line what a user should know about the headers. Each is told once. */
  readonly onNotice?: ((text: string) => void) | undefined
}

/** A frame_id that is the number of a picture. */
const NUMBER = /^\d+$/
/** How often a frame must differ from the current one until both are accepted. */
const RETURNS = 4
/** Frames that are accepted at the same time. A source with more of them gets no more checks. */
const MOST_FRAMES = 8
/** Characters of a name that a notice shows. */
const MOST_SHOWN = 60

/** What is wrong with a header. */
export type HeaderFault = 'zero_stamp' | 'frame_id'

/**
 * Checks the headers of one source. A stamp of 0 counts as no stamp. Any other stamp passes, whatever its clock.
 *
 * A message whose frame_id differs from the current one is dropped. The message after it decides:
 * - It has the same new frame_id: the source has moved to that frame, which becomes the current one.
 * - It has a third frame_id, as from a driver that counts pictures in it: frame ids are not checked any more.
 * - It has the current frame_id again: the different one was odd. The fourth time that the same frame differs, the
 * topic has two sources, or a source with two frames. From then on both frames are accepted.
 *
 * Each of these is told once, with the names.
 */
export class HeaderCheck {
  readonly #options: HeaderCheckOptions
  #frameId: string | undefined
  /** The frame_id of the message before, if it differed from the current one. */
  #other: string | undefined
  #varies = false
  /** How often each frame differed from the current one; and the frames that are always accepted. */
  readonly #odd = new Map<string, number>()
  readonly #believed = new Set<string>()
  #toldChange = false

  constructor(options: HeaderCheckOptions = {}) {
    this.#options = options
  }

  /** The check for a stream of a robot file. */
  static of(stream: Stream, onNotice: ((text: string) => void) | undefined): HeaderCheck {
    const { name, topic, timeline } = stream
    return new HeaderCheck({
      stamped: timeline === 'header',
      onNotice: onNotice && (text => onNotice(`stream ${name} (${topic}): ${text}`)),
    })
  }

  /** Whether frame ids are no longer checked. */
  get varies(): boolean {
    return this.#varies
  }

  /** What is wrong with the next header; undefined: nothing. Allocates nothing while frame ids stay the same. */
  fault({ stamp, frameId }: Header): HeaderFault | undefined {
    if (stamp === 0 && this.#options.stamped !== false) return 'zero_stamp'
    if (this.#frameId === undefined || this.#varies) this.#frameId = frameId
    if (frameId === this.#frameId || this.#believed.has(frameId)) {
      this.#other = undefined
      return undefined
    }
    if (NUMBER.test(frameId) && NUMBER.test(this.#frameId)) {
      this.#vary(`${shown(this.#frameId)}, then ${shown(frameId)}`)
      return undefined
    }
    if (this.#other === undefined) {
      if (this.#isBelievedNow(frameId)) return undefined
      this.#other = frameId
      return 'frame_id'
    }
    const names = `${shown(this.#frameId)}, then ${shown(this.#other)}`
    if (frameId !== this.#other) this.#vary(`${names}, then ${shown(frameId)}`)
    else if (!this.#toldChange) this.#options.onNotice?.(`frame_id was ${names} from then on: the change is followed`)
    this.#toldChange = true
    this.#frameId = frameId
    this.#other = undefined
    return undefined
  }

  /** Counts a frame that differs. Returns whether it is accepted from this message on. */
  #isBelievedNow(frameId: string): boolean {
    const times = (this.#odd.get(frameId) ?? 0) + 1
    if (this.#odd.size >= MOST_FRAMES && times === 1) this.#odd.clear()
    this.#odd.set(frameId, times)
    if (times < RETURNS) return false
    const before = this.#frameId as string
    if (this.#believed.size === 0)
      this.#options.onNotice?.(
        `frame_id changes to and fro, ${shown(before)} and ${shown(frameId)}: messages of both are used`,
      )
    this.#believed.add(before).add(frameId)
    if (this.#believed.size > MOST_FRAMES) this.#vary(`${shown(before)}, then ${shown(frameId)}, then others`)
    return true
  }

  #vary(seen: string): void {
    this.#varies = true
    this.#options.onNotice?.(`frame_id was ${seen}: it changes from message to message and is looked at no more`)
  }
}

const shown = (name: string): string =>
  name.length > MOST_SHOWN ? `"${name.slice(0, MOST_SHOWN)}… (${name.length} characters)"` : `"${name}"`

/**
 * The bus time (ns) at which a message of a stream was measured. That is its stamp, or its receive time where the
 * stream's clock is not the bus's. NaN where the stamp is missing or no bus time.
 */
export function busTime(stream: Stream): (message: Header, receive: number) => number {
  if (clockOf(stream) === 'receive') return (_message, receive) => receive
  return ({ stamp }) => (stamp === 0 || !Number.isFinite(stamp) ? NaN : stamp)
}
