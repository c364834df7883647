import { createInterface } from 'node:readline'
import { isatty } from 'node:tty'
import { standardStreams } from '../output/standard-streams.js'

/** The escape sequences that arrow and function keys send. */
const ESCAPE_SEQUENCE = /\u001b(?:\[[0-?]*[ -/]*[@-~]|O.|.)?/g

/**
 * Lines that are typed while the loop runs. It calls `onLine` for each line, and `onInterrupt` at Ctrl-C. With `raw`,
 * on a terminal, it reads key by key, and `typing` is the line so far, for the live view. Otherwise the terminal edits
 * the line, and Ctrl-C comes as a signal. `standardStreams` is told when the terminal goes away. Any other input that
 * fails counts as ended.
 */
export class TypedVoice {
  typing = ''
  /** Whether standard input has ended, so that no more lines come. */
  ended = false
  /** Called when standard input ends. */
  onEnd: (() => void) | undefined
  readonly #close: () => void

  constructor(onLine: (line: string) => void, onInterrupt: () => void, { raw }: { readonly raw: boolean }) {
    const { stdin } = process
    const wasTerminal = stdin.isTTY
    const check = (error: NodeJS.ErrnoException): void => {
      if (wasTerminal && !isatty(0)) standardStreams.fail('stdin', error)
    }
    // These listeners stay after `close`, since setting the mode of a terminal that is gone fails too.
    stdin.on('error', check)
    stdin.on('end', () => check(Object.assign(new Error('the terminal is gone'), { code: 'EIO' })))
    if (raw && stdin.isTTY) {
      stdin.setRawMode(true)
      stdin.setEncoding('utf8')
      const onData = (keys: string): void => {
        for (const key of keys.replace(ESCAPE_SEQUENCE, '')) {
          if (key === '\u0003') onInterrupt()
          else if (key === '\r' || key === '\n') {
            const line = this.typing
            this.typing = ''
            onLine(line)
          } else if (key === '\u007f' || key === '\b') this.typing = this.typing.slice(0, -1)
          else if (key === '\u0015') this.typing = ''
          else if (key >= ' ' && this.typing.length < 200) this.typing += key
        }
      }
      stdin.on('data', onData)
      stdin.resume()
      this.#close = () => {
        stdin.off('data', onData)
        stdin.setRawMode(false)
        stdin.pause()
      }
    } else {
      const lines = createInterface({ input: stdin })
      stdin.on('error', () => lines.close())
      lines.on('line', onLine)
      lines.on('close', () => {
        this.ended = true
        this.onEnd?.()
      })
      this.#close = () => {
        lines.close()
        stdin.pause()
      }
    }
  }

  close(): void {
    this.#close()
  }
}
