import { de } from './words/de.js'
import { en } from './words/en.js'
import type { Words } from './words/words.js'
import { zh } from './words/zh.js'

const WORDS: Readonly<Record<string, Words>> = { en, zh, de }

/** The languages that are understood, by their ISO 639-1 codes. By default all of them count. */
export const LANGUAGES: readonly string[] = Object.keys(WORDS)

/** Ordinary words of all languages, whichever are spoken. None of them counts as a misspelt stop. */
const ORDINARY = new Set(Object.values(WORDS).flatMap(({ ordinary }) => ordinary.map(plainText)))

/** A word of at least so many letters may have one misspelling. */
const NEAR_FROM = 4
/** Characters in about five minutes of speech. A longer text is not searched: it is a stop. */
const LONGEST = 4000
/** A negation has at most so many words, or so many characters where words are not separated by spaces. */
const NEGATION_WORDS = 2
const NEGATION_CHARACTERS = 4

/**
 * What an utterance means. `command`: something is said that is neither a stop nor its end, whether it is understood or
 * not. `other`: nothing is said.
 */
export type Meaning = 'stop' | 'resume' | 'command' | 'other'

/**
 * Interprets a text. `languages`: the languages whose words count, by their codes. Throws a TypeError for an unknown
 * code.
 */
export function meaningOf(text: string, languages: readonly string[] = LANGUAGES): Meaning {
  const spoken = wordsOf(languages)
  if (text.length > LONGEST) return 'stop'
  const plain = plainText(text)
  const phrases = phrasesOf(plain)
  if (isStop(plain, phrases, spoken)) return 'stop'
  if (isResume(phrases, spoken)) return 'resume'
  return phrases.length > 0 ? 'command' : 'other'
}

/**
 * Whether the text has a stop word that no negation precedes directly ("do not stop"). "can you stop moving" is a stop,
 * and so are "Stopp", "stpo", "s t o p", "停", "don't move" and "pick the stop sign". A needless stop costs a "resume";
 * a missed stop may cost a collision. A text of more than 4000 characters is always a stop.
 */
function isStop(plain: string, phrases: readonly string[][], spoken: readonly Words[]): boolean {
  return (
    spoken.some(words => words.joined && hasJoined(plain, words)) || phrases.some(phrase => hasStop(phrase, spoken))
  )
}

/** Whether the text releases a stop and says nothing else. A needless release is dangerous. */
function isResume(phrases: readonly string[][], spoken: readonly Words[]): boolean {
  const said = phrases.flat().join(' ')
  return spoken.some(({ resume }) => resume.includes(said))
}

function wordsOf(languages: readonly string[]): Words[] {
  return languages.map(code => {
    if (!Object.hasOwn(WORDS, code))
      throw new TypeError(`language "${code}": not known; known are ${LANGUAGES.join(', ')}`)
    return WORDS[code]!
  })
}

/**
 * The text in lower case, without accents, full-width forms, apostrophes and invisible characters: "ＳＴÓＰ" becomes
 * "stop".
 */
function plainText(text: string): string {
  return text
    .normalize('NFKD')
    .replace(/[\p{M}\p{Cf}'’`´]/gu, '')
    .normalize('NFKC')
    .toLowerCase()
}

/**
 * The words of each phrase between punctuation marks. "don't! stop" has two phrases, so its "don't" negates nothing.
 * Letters that are spelt one by one are one word. Chinese characters and Latin letters beside them are two words
 * ("马上stop"). The German "Not-" belongs to the word behind it and is no negation.
 */
function phrasesOf(plain: string): string[][] {
  const spelt = plain.replace(/(?<![\p{L}\p{N}])\p{L}(?:[\s.\-_]+\p{L}(?![\p{L}\p{N}])){2,}/gu, letters =>
    letters.replace(/[\s.\-_]+/g, ''),
  )
  const parted = spelt
    .replace(/(?<![\p{L}\p{N}])not-(?=\p{L})/gu, 'not')
    .replace(/(?<=\p{L})-(?=\p{L})/gu, ' ')
    .replace(/(?<=\p{Script=Han})(?=[^\p{Script=Han}])|(?<=[^\p{Script=Han}])(?=\p{Script=Han})/gu, ' ')
  return parted
    .split(/[^\p{L}\p{N}\s]+/u)
    .map(part => part.split(/\s+/).filter(word => word !== ''))
    .filter(words => words.length > 0)
}

function hasStop(phrase: readonly string[], spoken: readonly Words[]): boolean {
  const stops = spoken
    .filter(words => !words.joined)
    .flatMap(({ stop, negation }) =>
      stop.map(word => ({ parts: word.split(' '), forbids: negation.some(no => ` ${word} `.includes(` ${no} `)) })),
    )
  const split = spoken.flatMap(({ separable = [] }) => separable).map(verb => ({ ...verb, begun: false }))
  return phrase.some((word, at) => {
    const stop = stops.some(
      ({ parts, forbids }) =>
        parts.every((part, i) => isWord(phrase[at + i], part)) && (forbids || !isNegated(phrase, at, spoken)),
    )
    const ended = split.some(
      ({ begun, particles }) => begun && particles.includes(word) && !isNegated(phrase, at, spoken),
    )
    for (const verb of split) verb.begun ||= verb.forms.includes(word)
    return stop || ended
  })
}

/** Whether a negation stands directly before a word of a phrase. */
function isNegated(phrase: readonly string[], at: number, spoken: readonly Words[]): boolean {
  const before = ` ${phrase.slice(Math.max(0, at - NEGATION_WORDS), at).join(' ')}`
  return spoken.some(words =>
    words.joined ? endsInNegation(before, words) : words.negation.some(no => before.endsWith(` ${no}`)),
  )
}

function isWord(said: string | undefined, stop: string): boolean {
  if (said === stop) return true
  if (said === undefined || stop.length < NEAR_FROM) return false
  // Also a word with a held letter ("stoooop"), and a word that is repeated without a pause ("stopstop").
  const held = said.replace(/(.)\1{2,}/gu, '$1')
  if (held === stop || (said.length > stop.length && said.replaceAll(stop, '') === '')) return true
  return !ORDINARY.has(said) && isNear(held, stop)
}

/**
 * Whether the words differ by one letter more, less or other, or by two neighbouring letters that are swapped: a
 * Damerau-Levenshtein distance of at most 1.
 */
function isNear(a: string, b: string): boolean {
  if (Math.abs(a.length - b.length) > 1) return false
  let start = 0
  while (start < a.length && a[start] === b[start]) start++
  const [restA, restB] = [a.slice(start), b.slice(start)]
  return (
    restA.slice(1) === restB.slice(1) ||
    restA.slice(1) === restB ||
    restA === restB.slice(1) ||
    (restA.length > 1 && restA[0] === restB[1] && restA[1] === restB[0] && restA.slice(2) === restB.slice(2))
  )
}

/**
 * Whether a text without spaces between words has a stop. A speech recogniser may put spaces between Chinese
 * characters; they have no meaning.
 */
function hasJoined(plain: string, words: Words): boolean {
  const { stop, negation } = words
  const solid = plain.replace(/(?<=\p{Script=Han})\s+(?=\p{Script=Han})/gu, '')
  return stop.some(word => {
    const forbids = negation.some(no => word.startsWith(no))
    for (let at = solid.indexOf(word); at >= 0; at = solid.indexOf(word, at + 1)) {
      if (forbids || !endsInNegation(solid.slice(Math.max(0, at - NEGATION_CHARACTERS), at), words)) return true
    }
    return false
  })
}

function endsInNegation(before: string, { negation, ordinary }: Words): boolean {
  return negation.some(no => before.endsWith(no)) && !ordinary.some(word => before.endsWith(word))
}
