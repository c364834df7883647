import { meaningOf, type Meaning } from './stop-word.js'

/** A message of a voice topic: of a recogniser with or without stamps. */
export interface Utterance {
  /** What a VoiceEvent says. */
  readonly text?: string
  /** What a std_msgs/String says. */
  readonly data?: string
  readonly frameId?: string
}

/** The frame_id of what an episode's own script says. */
export const SCRIPTED = 'script'

/**
 * The frame_id of the "resume" with which a goal ends the stop that the goal before it left. The control node has ended
 * that stop by then; the word is for the other nodes.
 */
export const SAID_BY_GOAL = 'goal'

/** `somebody`: whoever is not one of the others, so also everybody on a topic whose messages do not say who spoke. */
export type Voice = 'somebody' | 'script' | 'goal'

/** An utterance that was read once: what it means and whose it is go with it. */
export interface Said {
  readonly text: string
  readonly meaning: Meaning
  readonly by: Voice
}

export const textOf = ({ text, data }: Utterance): string => text ?? data ?? ''

/** Reads an utterance. `languages`: whose words count; default: every language that is known. */
export function saidIn(utterance: Utterance, languages?: readonly string[]): Said {
  const { frameId } = utterance
  const text = textOf(utterance)
  const by = frameId === SCRIPTED ? 'script' : frameId === SAID_BY_GOAL ? 'goal' : 'somebody'
  return { text, meaning: meaningOf(text, languages), by }
}
