/** The names of the keys that send an escape sequence. */
const SEQUENCES: Readonly<Record<string, string>> = {
  '\u001b[A': 'up',
  '\u001b[B': 'down',
  '\u001b[C': 'right',
  '\u001b[D': 'left',
  '\u001bOA': 'up',
  '\u001bOB': 'down',
  '\u001bOC': 'right',
  '\u001bOD': 'left',
  '\u001b[5~': 'page up',
  '\u001b[6~': 'page down',
}
const KEY = /\u001b(?:\[[0-?]*[ -/]*[@-~]|O[A-Z]|[ -~])?|[^]/gu

/** The names of the keys in what a terminal in raw mode sends. A key without a name is its own character. */
export function keyNames(text: string): string[] {
  return [...text.matchAll(KEY)].map(([key]) => (key === ' ' ? 'space' : (SEQUENCES[key] ?? key)))
}
