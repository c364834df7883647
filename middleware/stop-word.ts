const FILLER = '(?:please|no|oh|hey|now|and|wait|ok|okay|robot|just)'
const WORD = '(?:stop|halt|freeze|abort|emergency stop)'
/** A stop word first, or last and not negated. A stop too many costs a "resume", one too few a collision. */
const STOP = new RegExp(`^(?:${FILLER} )*${WORD}\\b|(?<!\\b(?:not|never|don t|dont) )\\b${WORD}(?: ${FILLER})*$`)
const RESUME = /^(?:resume|continue|go on|carry on)$/

const plain = (text: string): string => text.toLowerCase().replace(/[^a-z]+/g, ' ').trim()

/** Whether an utterance means "stop": "stop the robot", "no, stop!", "that is enough, stop"; not "do not stop" or "pick the stop sign". */
export function isStop(text: string): boolean {
  return STOP.test(plain(text))
}

/** Whether an utterance releases an earlier stop. */
export function isResume(text: string): boolean {
  return RESUME.test(plain(text))
}

/** Whether an utterance asks for something to be done, understood or not: neither a stop nor the end of one. */
export function isCommand(text: string): boolean {
  return plain(text) !== '' && !isStop(text) && !isResume(text)
}
