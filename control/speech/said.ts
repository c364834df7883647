import { meaningOf, type Meaning } from './stop-word.js'

/** A message of a voice topic, with or without a stamp. */
export interface Utterance {
  /** The text of a VoiceEvent. */
  readonly text?: string
  /** The text of a std_msgs/String. */
  readonly data?: string
  /** The speaker that a VoiceEvent names. */
  readonly speaker?: Speaker
}

/**
 * Who spoke. `somebody`: a person, a recogniser or another node, and everybody on a topic whose messages do not name
 * the speaker. `script`: the script of an episode of the benchmark. `goal`: the action server. A goal says "resume" to
 * end the stop that the goal before it left. The control node has ended that stop by then, so the word is for the other
 * nodes.
 */
export type Speaker = 'somebody' | 'script' | 'goal'

/** An utterance after it was interpreted: its meaning and its speaker go with the text. */
export interface Said {
  readonly text: string
  readonly meaning: Meaning
  readonly by: Speaker
}

export const textOf = ({ text, data }: Utterance): string => text ?? data ?? ''

/** Interprets an utterance. `languages`: the languages whose words count, by ISO 639-1 codes; default: all. */
export function saidIn(utterance: Utterance, languages?: readonly string[]): Said {
  const text = textOf(utterance)
  return { text, meaning: meaningOf(text, languages), by: utterance.speaker ?? 'somebody' }
}
