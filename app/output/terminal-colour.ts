import { randomBytes } from 'node:crypto'
import picocolors from 'picocolors'

/**
 * A random key, known to this process alone. Text from outside cannot contain a mark with it, so its escape sequences
 * never count as colours of ours.
 */
const KEY = randomBytes(6).toString('base64url')
const MARK = `\u001b<${KEY}:(\\d+)>`

/** Matches every mark that a colour leaves in a text. Its group is the code of the terminal's sequence. */
export const marks = (): RegExp => new RegExp(MARK, 'g')

/** The terminal's sequence for the code of a mark. */
export const sequence = (code: string): string => `\u001b[${code}m`

type Paint = (text: string) => string

/** Replaces the colour codes around a text by marks. */
function marked(paint: Paint): Paint {
  const [open, close] = paint('|')
    .split('|')
    .map(codes => codes.replace(/\[(\d+)m/g, `<${KEY}:$1>`))
  return text => open + text + close
}

/** Colours for lines. `printable` lets them through to a terminal. Without `enabled` they leave a text as it is. */
export function colours(enabled: boolean) {
  const { bold, dim, red, yellow, green, cyan } = picocolors.createColors(enabled)
  return {
    bold: marked(bold),
    dim: marked(dim),
    red: marked(red),
    yellow: marked(yellow),
    green: marked(green),
    cyan: marked(cyan),
  }
}

export const color = colours(picocolors.isColorSupported)
