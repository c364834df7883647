import { de } from './words/de.js'
import { en } from './words/en.js'
import type { Words } from './words/words.js'
import { zh } from './words/zh.js'

const WORDS: Readonly<Record<string, Words>> = { en, zh, de }

/** The languages that are understood, by their ISO 639-1 codes: all of them, where nothing else is said. */
export const LANGUAGES: readonly string[] = Object.keys(WORDS)

/** In every language, whichever are spoken: none of them is a misspelt stop. */
const ORDINARY = new Set(Object.values(WORDS).flatMap(({ ordinary }) => ordinary.map(plainText)))

/** From so many letters on a word may be misspelt by one. */
const NEAR_FROM = 4

/**
 * Whether an utterance means "stop": a stop word anywhere in it, unless it is negated right before ("do not stop"). "can you stop moving" does, and so do
 * "Stopp", "stpo", "s t o p", "停" and "pick the stop sign": a stop too many costs a "resume", one too few a collision.
 */
export function isStop(text: string, languages: readonly string[] = LANGUAGES): boolean {
  const spoken = wordsOf(languages)
  const plain = plainText(text)
  if (spoken.some(words => words.joined && hasJoined(plain, words))) return true
  const spaced = spoken.filter(words => !words.joined)
  return phrasesOf(plain).some(phrase => hasStop(phrase, spaced))
}

/** Whether an utterance releases an earlier stop: the words for it and nothing else. A resume too many is dangerous. */
export function isResume(text: string, languages: readonly string[] = LANGUAGES): boolean {
  const said = phrasesOf(plainText(text)).flat().join(' ')
  return wordsOf(languages).some(({ resume }) => resume.includes(said))
}

/** Whether an utterance asks for something to be done, understood or not: neither a stop nor the end of one. */
export function isCommand(text: string, languages: readonly string[] = LANGUAGES): boolean {
  return phrasesOf(plainText(text)).length > 0 && !isStop(text, languages) && !isResume(text, languages)
}

function wordsOf(languages: readonly string[]): Words[] {
  return languages.map(code => {
    if (!Object.hasOwn(WORDS, code)) throw new TypeError(`language "${code}": not known; known are ${LANGUAGES.join(', ')}`)
    return WORDS[code]
  })
}

/** Lower case, without accents, full-width forms, apostrophes and what is not seen: "ＳＴÓＰ" becomes "stop". */
function plainText(text: string): string {
  return text.normalize('NFKD').replace(/[\p{M}\p{Cf}'’`´]/gu, '').normalize('NFKC').toLowerCase()
}

/** The words of each stretch between marks: "don't! stop" is two, so that its "don't" takes nothing back. Letters said one by one are a word. */
function phrasesOf(plain: string): string[][] {
  const spelt = plain.replace(/(?<![\p{L}\p{N}])\p{L}(?:[\s.\-_]+\p{L}(?![\p{L}\p{N}])){2,}/gu, letters => letters.replace(/[\s.\-_]+/g, ''))
  return spelt.replace(/(?<=\p{L})-(?=\p{L})/gu, ' ').split(/[^\p{L}\p{N}\s]+/u).map(part => part.split(/\s+/).filter(word => word !== '')).filter(words => words.length > 0)
}

function hasStop(phrase: readonly string[], spoken: readonly Words[]): boolean {
  const stops = spoken.flatMap(({ stop }) => stop)
  const negations = spoken.flatMap(({ negation }) => negation)
  return phrase.some((_, at) => {
    const before = ` ${phrase.slice(0, at).join(' ')}`
    return stops.some(stop => {
      const parts = stop.split(' ')
      const said = phrase.slice(at, at + parts.length)
      return said.length === parts.length && parts.every((part, i) => isWord(said[i], part))
    }) && !negations.some(negation => before.endsWith(` ${negation}`))
  })
}

function isWord(said: string, stop: string): boolean {
  if (said === stop) return true
  if (stop.length < NEAR_FROM) return false
  // Letters held ("stoooop"), and the word said in one breath ("stopstop").
  const held = said.replace(/(.)\1{2,}/gu, '$1')
  if (held === stop || (said.length > stop.length && said.replaceAll(stop, '') === '')) return true
  return !ORDINARY.has(said) && isNear(held, stop)
}

/** Whether one letter more, less or other, or two neighbours changed round, make the one of the other: a Damerau-Levenshtein distance of at most 1. */
function isNear(a: string, b: string): boolean {
  if (Math.abs(a.length - b.length) > 1) return false
  let start = 0
  while (start < a.length && a[start] === b[start]) start++
  const [restA, restB] = [a.slice(start), b.slice(start)]
  return restA.slice(1) === restB.slice(1) || restA.slice(1) === restB || restA === restB.slice(1)
    || (restA.length > 1 && restA[0] === restB[1] && restA[1] === restB[0] && restA.slice(2) === restB.slice(2))
}

function hasJoined(plain: string, { stop, negation }: Words): boolean {
  const negated = new RegExp(`(?:${negation.join('|')})\\s*$`, 'u')
  return stop.some(word => {
    for (let at = plain.indexOf(word); at >= 0; at = plain.indexOf(word, at + 1)) if (!negated.test(plain.slice(0, at))) return true
    return false
  })
}
