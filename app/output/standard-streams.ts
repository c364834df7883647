import { closeSync, openSync, writeSync } from 'node:fs'
import { isatty } from 'node:tty'
import { getSystemErrorMap } from 'node:util'
import { jsonLine, printable } from './printable.js'

type Output = 'stdout' | 'stderr'

const SHOW_CURSOR = '\u001b[?25h'
const HIDE_CURSOR = '\u001b[?25l'

/**
 * Standard input, output and error, and the terminal behind them. Every line of the command goes out here, cleaned of
 * what could steer a terminal. Any of them may fail at any time: its reader ends, the disk is full, the terminal goes
 * away. That never throws: it is told once, as a request to end, and what would be written there later is left out.
 */
class StandardStreams {
  readonly #gone = new Set<Output>()
  #onFailure: ((by: string) => void) | undefined
  #isCursorHidden = false

  /** To be called first, once in a process. */
  guard(): void {
    for (const name of ['stdout', 'stderr'] as const) {
      process[name].on('error', (error: NodeJS.ErrnoException) => this.fail(name, error))
      if (process[name].isTTY) letStall(process[name])
    }
    const terminals = [0, 1, 2].filter(descriptor => isatty(descriptor))
    process.on('exit', () => {
      if (this.#isCursorHidden) attempt(() => writeSync(1, SHOW_CURSOR))
      // Node sets a terminal back as its last step, and aborts where that fails because the terminal is gone; the mode
      // that we changed is set back by libuv before.
      if (process.platform !== 'win32') for (const descriptor of terminals) attempt(() => replaceByNothing(descriptor))
    })
  }

  /** `end` is called with the name and the code of the first failure. Without it the process ends at once. */
  onFailure(end: (by: string) => void): void {
    this.#onFailure = end
  }

  /** Lines for people, each cleaned for itself. */
  say(name: Output, lines: readonly string[]): void {
    this.#write(name, lines.map(line => `${printable(line)}\n`).join(''))
  }

  /** One object, on standard output. */
  json(object: object): void {
    this.#write('stdout', `${jsonLine(object)}\n`)
  }

  /** Whether what is said on standard output is drawn on a terminal. */
  get isTerminal(): boolean {
    return process.stdout.isTTY
  }

  /**
   * A terminal that takes nothing at the moment (a connection that stalls, Ctrl-S): what is written waits in memory.
   */
  get isStalled(): boolean {
    return process.stdout.writableLength > 0
  }

  hideCursor(): void {
    this.#isCursorHidden = true
    this.steer(HIDE_CURSOR)
  }

  showCursor(): void {
    this.#isCursorHidden = false
    this.steer(SHOW_CURSOR)
  }

  /** A control sequence of our own for the terminal behind standard output. */
  steer(sequence: string): void {
    this.#write('stdout', sequence)
  }

  /** Puts the terminal back as it was: where no exit handler runs any more. */
  restore(): void {
    if (this.#isCursorHidden) this.showCursor()
    if (process.stdin.isTTY && process.stdin.isRaw) process.stdin.setRawMode(false)
  }

  /**
   * One of them failed, or the terminal that is read from is gone. A reader that closes the pipe of standard output
   * (`prehend … | head`) has what it wanted; after anything else the exit code is not 0.
   */
  fail(name: Output | 'stdin', error: NodeJS.ErrnoException): void {
    if (name !== 'stdin') {
      if (this.#gone.has(name)) return
      this.#gone.add(name)
    }
    if (name !== 'stdout' || error.code !== 'EPIPE') {
      process.exitCode ||= 1
      const reason = getSystemErrorMap().get(error.errno ?? 0)?.[1] ?? error.message
      this.say('stderr', [`prehend: ${name}: ${reason}`])
    }
    if (this.#onFailure) this.#onFailure(`${name} (${error.code ?? error.message})`)
    else process.exit()
  }

  #write(name: Output, text: string): void {
    if (!this.#gone.has(name)) process[name].write(text)
  }
}

export const standardStreams = new StandardStreams()

/** By default Node waits for a terminal that takes nothing, and with it everything else in the process. */
function letStall(stream: object): void {
  const { _handle: handle } = stream as { readonly _handle?: { setBlocking?(blocking: boolean): void } }
  handle?.setBlocking?.(false)
}

/** A descriptor that is closed leaves its number to the next that is opened. */
function replaceByNothing(descriptor: number): void {
  closeSync(descriptor)
  openSync('/dev/null', 'r+')
}

function attempt(action: () => unknown): void {
  try {
    action()
  } catch {
    // There is nobody to tell.
  }
}
