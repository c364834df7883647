import { createInterface } from 'node:readline'

/** Lines typed while the loop runs: `onLine` once a line, `onInterrupt` at Ctrl-C. On a terminal the keys are read raw and `typing` is the line so far. */
export class TypedVoice {
  typing = ''
  readonly #close: () => void

  constructor(onLine: (line: string) => void, onInterrupt: () => void) {
    const { stdin } = process
    if (stdin.isTTY) {
      stdin.setRawMode(true)
      stdin.setEncoding('utf8')
      const onData = (keys: string): void => {
        for (const key of keys) {
          if (key === '\u0003') onInterrupt()
          else if (key === '\r' || key === '\n') {
            const line = this.typing
            this.typing = ''
            onLine(line)
          } else if (key === '\u007f' || key === '\b') this.typing = this.typing.slice(0, -1)
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
      lines.on('line', onLine)
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
