import { createInterface } from 'node:readline'
import { keyNames } from './key-names.js'

export interface OperatorTerminalOptions {
  /** Called with each key, by its name. */
  readonly onKey: (key: string) => void
  /** Called with each line, where standard input is no terminal. */
  readonly onLine: (line: string) => void
  readonly onInterrupt: () => void
}

/** Standard input of an operator: key by key on a terminal, otherwise line by line. */
export class OperatorTerminal {
  readonly #close: () => void

  constructor({ onKey, onLine, onInterrupt }: OperatorTerminalOptions) {
    const { stdin } = process
    if (!stdin.isTTY) {
      const lines = createInterface({ input: stdin })
      stdin.on('error', () => lines.close())
      lines.on('line', onLine)
      this.#close = () => {
        lines.close()
        stdin.pause()
      }
      return
    }
    const onData = (text: string): void => {
      for (const key of keyNames(text)) {
        if (key === '\u0003') onInterrupt()
        else onKey(key)
      }
    }
    stdin.on('error', onInterrupt)
    stdin.setRawMode(true)
    stdin.setEncoding('utf8')
    stdin.on('data', onData)
    stdin.on('end', onInterrupt)
    stdin.resume()
    this.#close = () => {
      stdin.off('data', onData)
      stdin.off('end', onInterrupt)
      stdin.setRawMode(false)
      stdin.pause()
    }
  }

  close(): void {
    this.#close()
  }
}
