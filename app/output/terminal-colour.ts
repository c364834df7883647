import { randomBytes } from 'node:crypto'
import picocolors from 'picocolors'

/**
 * Known to this process alone: text from outside cannot contain a mark, so no escape sequence of its own ever passes
 * for a colour of ours.
 */
const KEY = randomBytes(6).toString('base64url')
const MARK = `\u001b<${KEY}:(\\d+)>`

/** Matches every mark that a colour leaves in a text; its group is the code of the terminal's sequence. */
export const marks = (): RegExp => new RegExp(MARK, 'g')

/** What a mark becomes on the terminal. */
export const sequence = (code: string): string => `\u001b[${code}m`

type Paint = (text: string) => string

/** The codes around a text become marks. */
function marked(paint: Paint): Paint {
  const [open, close] = paint('|')
    .split('|')
    .map(codes => codes.replace(/\[(\d+)m/g, `<${KEY}:$1>`))
  return text => open + text + close
}

/** Colours for lines, which `printable` lets through to a terminal; without `enabled` they leave a text as it is. */
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
