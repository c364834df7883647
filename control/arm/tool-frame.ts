import { isSameFrame } from '../same-frame.js'

/** After poses in another frame, poses are believed again once they have come in one frame alone for this long (ns). */
const ALONE = 1_000_000_000

/** The frame that the robot file names, and what the nodes put before it. */
export interface DeclaredFrame {
  readonly frame: string
  readonly prefix: string
}

/**
 * The frame of the tool poses: that of the first pose of an episode. Coordinates in another frame mean another place,
 * so a pose in another frame is not believed. Where a second such pose follows within a second, several nodes publish
 * on the topic, or the source has changed its frame. It is not known which of them is right, so no pose is believed.
 * This is reported once. Where the robot file names the frame, no pose in another one is believed, which is reported once
 * too. Times in ns. Allocates nothing while poses are in one frame.
 */
export class ToolFrame {
  #id: string | undefined
  #strangers = 0
  #strangeAt = -Infinity
  readonly #onNotice: ((text: string) => void) | undefined
  readonly #declared: DeclaredFrame | undefined
  #isTold = false

  /** `onNotice`: called with one line. */
  constructor(onNotice: ((text: string) => void) | undefined, declared?: DeclaredFrame) {
    this.#onNotice = onNotice
    this.#declared = declared
  }

  /** An episode begins. The next pose names the frame. */
  restart(): void {
    this.#id = undefined
  }

  /** Whether a pose in the frame `frameId`, received at `receive`, is to be believed. */
  takes(frameId: string, receive: number): boolean {
    const declared = this.#declared
    if (declared && frameId !== '' && !isSameFrame(frameId, declared.frame, declared.prefix)) {
      if (!this.#isTold)
        this.#onNotice?.(
          `frame_id is "${frameId}", and the frame of the arm is "${declared.prefix}${declared.frame}": which place the tool has is not known, ` +
            'and the arm holds; correct `frame` of the arm in the robot file, or what publishes there',
        )
      this.#isTold = true
      return false
    }
    if (Math.abs(receive - this.#strangeAt) > ALONE) this.#strangers = 0
    this.#id ??= frameId
    if (frameId === this.#id) return this.#strangers < 2
    this.#strangeAt = receive
    this.#strangers++
    if (this.#strangers === 2) {
      this.#onNotice?.(
        `frame_id is "${this.#id}" and "${frameId}": which place the tool has is not known, and the arm ` +
          'holds; let one source publish there, or begin an episode where that has changed its frame',
      )
    }
    return false
  }
}
