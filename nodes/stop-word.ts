const STOP = /^(?:(?:please|no|oh|hey|now|and|robot|just)\s+)*(?:stop|halt|freeze|abort|emergency stop)(?:\s+(?:it|now|please|right now|immediately|moving|there|stop))*$/
const RESUME = /^(?:resume|continue|go on|carry on)$/

const plain = (text: string): string => text.toLowerCase().replace(/[^a-z]+/g, ' ').trim()

/** Whether an utterance means "stop": the word itself with nothing but politeness around it, so that "the stop sign" is no stop. */
export function isStop(text: string): boolean {
  return STOP.test(plain(text))
}

/** Whether an utterance releases an earlier stop. */
export function isResume(text: string): boolean {
  return RESUME.test(plain(text))
}
