import { marks, sequence } from './terminal-colour.js'

/** Longest line, in characters. A longer one comes from outside, and its two ends are enough to recognise it. */
const LONGEST = 4000
const HEAD = 2500
const TAIL = 1000

/**
 * Characters that control a terminal, break a line, reverse its direction or are invisible: control characters (C0,
 * C1), line and paragraph separators, format characters except the two joiners that scripts and emoji need, halves of
 * surrogate pairs.
 */
const STEERING = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}]|(?![\u200c\u200d])\p{Cf}/gu

const NAMES: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

function named(character: string): string {
  const code = character.codePointAt(0) ?? 0
  return NAMES[character] ?? (code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`)
}

/**
 * A text as one line for a terminal or a log. Whatever it contains, it changes nothing on the terminal but our own
 * colours, and it is one line. Control characters are shown as escapes (`\n`, `\x1b`, `\u{202e}`). A line of more than
 * 4000 characters is cut in its middle.
 */
export function printable(line: string): string {
  if (line.length > LONGEST) {
    const plain = line.replace(marks(), '')
    return `${escaped(plain.slice(0, HEAD))} … (${plain.length} characters) … ${escaped(plain.slice(-TAIL))}`
  }
  let at = 0
  let result = ''
  for (const mark of line.matchAll(marks())) {
    result += escaped(line.slice(at, mark.index)) + sequence(mark[1]!)
    at = mark.index + mark[0].length
  }
  return result + escaped(line.slice(at))
}

const escaped = (text: string): string => text.replace(STEERING, named)

/**
 * An object as one line of JSON without characters that control a terminal. Those that JSON leaves as they are become
 * `\u` escapes, which read back as the same text.
 */
export function jsonLine(object: object): string {
  return JSON.stringify(object).replace(STEERING, text =>
    Array.from({ length: text.length }, (_, i) => `\\u${text.charCodeAt(i).toString(16).padStart(4, '0')}`).join(''),
  )
}
