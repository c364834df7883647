import { isResume, isStop } from './stop-word.js'

/** Something that was said, by a recogniser with or without stamps. */
export interface Utterance {
  /** What a VoiceEvent says. */
  readonly text?: string
  /** What a std_msgs/String says. */
  readonly data?: string
  readonly frameId?: string
}

/**
 * The frame_id of a stop that an episode's own script says: it lasts until the next episode. Whatever else is said,
 * somebody said.
 */
export const SCRIPTED = 'script'

/**
 * The frame_id of the "resume" with which a goal ends the stop that the goal before it left: the control node has ended
 * it by then, the word is for the others.
 */
export const SAID_BY_GOAL = 'goal'

export const textOf = ({ text, data }: Utterance): string => text ?? data ?? ''

/** Whether a stop stands that no episode ends: somebody said "stop", whoever that was, and nobody "resume" since. */
export class StandingStop {
  lasts = false
  readonly #languages: readonly string[] | undefined

  /** Whose words count; default: every language that is known. */
  constructor(languages?: readonly string[]) {
    this.#languages = languages
  }

  hear(utterance: Utterance): void {
    const text = textOf(utterance)
    if (isStop(text, this.#languages)) this.lasts ||= utterance.frameId !== SCRIPTED
    else if (isResume(text, this.#languages)) this.lasts = false
  }
}
