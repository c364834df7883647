import { clockOf } from '../../fusion/reference.js'
import type { Stream } from '../../robots/robot.js'
import type { Header } from '../../middleware/messages.js'

export interface HeaderJudgeOptions {
  /** The stamp is used: a header without one is a fault. Default true. */
  readonly stamped?: boolean
  /** Something about the headers that their user should know; one line, told once each. */
  readonly onNotice?: ((text: string) => void) | undefined
}

/** A name that is no frame's: the number of a picture. */
const NUMBER = /^\d+$/
/** Times that a frame has to differ from those before to be believed beside them. */
const RETURNS = 4
/** Frames that are believed at once, at most; where there are more, frames tell nothing. */
const MOST_FRAMES = 8
/** Characters of a name in a notice. */
const MOST_SHOWN = 60

/** What is wrong with a header. */
export type HeaderFault = 'zero_stamp' | 'frame_id'

/**
 * Tells which headers of one source are to be believed. A stamp of 0 is none; any other may be of any clock. A frame_id
 * that differs from that of the messages before costs one message: where the next one says the same again, the source
 * has moved to that frame; where it says yet another (a driver that counts in it), frames tell nothing of this source
 * and are looked at no more. A frame that has come so four times is one of two sources', or of one that goes to and
 * fro: it is believed beside the other from there on. Each is told once, with the names.
 */
export class HeaderJudge {
  readonly #options: HeaderJudgeOptions
  #frameId: string | undefined
  /** Of the message before, where it differed. */
  #other: string | undefined
  #varies = false
  /** How often a frame has differed, by its name; those that are believed whatever came before. */
  readonly #odd = new Map<string, number>()
  readonly #believed = new Set<string>()
  #toldChange = false

  constructor(options: HeaderJudgeOptions = {}) {
    this.#options = options
  }

  /** The judge of a robot file's stream. */
  static of(stream: Stream, onNotice: ((text: string) => void) | undefined): HeaderJudge {
    const { name, topic, timeline } = stream
    return new HeaderJudge({
      stamped: timeline === 'header',
      onNotice: onNotice && (text => onNotice(`stream ${name} (${topic}): ${text}`)),
    })
  }

  /** Whether frame ids are looked at no more. */
  get varies(): boolean {
    return this.#varies
  }

  /** The next header's fault; undefined: it has none. Allocates nothing while frame ids stay the same. */
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

  /** Whether a frame has differed so often that it is believed from this message on. */
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
 * The bus time at which a message of a stream was measured: its stamp, or its arrival where the stream's clock is
 * another than the bus's. NaN where its source wrote none, or one that no bus time is.
 */
export function busTime(stream: Stream): (message: Header, receive: number) => number {
  if (clockOf(stream) === 'receive') return (_message, receive) => receive
  return ({ stamp }) => (stamp === 0 || !Number.isFinite(stamp) ? NaN : stamp)
}
