/** ns that the tool's poses must have come in one frame alone before they are believed again. */
const ALONE = 1_000_000_000

/**
 * The frame that the tool's poses are in: that of an episode's first. Coordinates in another one lie elsewhere, even
 * turned round, so a pose in another is not believed. Where a second follows within a second, several publish on the
 * topic, or the source has moved: which of them is right nobody knows, and none is believed. That is told once. Times
 * in ns. Allocates nothing while poses are in one frame.
 */
export class ToolFrame {
  #id: string | undefined
  #strangers = 0
  #strangeAt = -Infinity
  readonly #onNotice: ((text: string) => void) | undefined

  /** `onNotice`: takes one line. */
  constructor(onNotice: ((text: string) => void) | undefined) {
    this.#onNotice = onNotice
  }

  /** An episode begins: the next pose says in which frame. */
  restart(): void {
    this.#id = undefined
  }

  /** Whether a pose in the frame `frameId`, received at `receive`, is to be believed. */
  takes(frameId: string, receive: number): boolean {
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
