import { closeSync, openSync, writeSync } from 'node:fs'
import { isatty } from 'node:tty'
import { getSystemErrorMap } from 'node:util'
import { jsonLine, printable } from './printable.js'

type Output = 'stdout' | 'stderr'

const SHOW_CURSOR = '\u001b[?25h'
const HIDE_CURSOR = '\u001b[?25l'

/**
 * Standard input, output and error, and their terminal. All lines of the command are written here, without characters
 * that control a terminal. A stream may fail at any time: its reader ends, the disk is full, or the terminal goes away.
 * That never throws. The first failure becomes a request to end, and later output to that stream is dropped.
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
      // As its last step Node resets the terminal, and it aborts the process where the terminal is gone. So the
      // descriptors are replaced before. libuv has reset the mode that we changed by then.
      if (process.platform !== 'win32') for (const descriptor of terminals) attempt(() => replaceByNothing(descriptor))
    })
  }

  /**
   * Sets the function that is called at a failure, with the name of the stream and the code of its error. Without one
   * the process ends at once.
   */
  onFailure(end: (by: string) => void): void {
    this.#onFailure = end
  }

  /** Writes lines for people, without characters that control a terminal. */
  say(name: Output, lines: readonly string[]): void {
    this.#write(name, lines.map(line => `${printable(line)}\n`).join(''))
  }

  /** Writes one object as a line of JSON on standard output. */
  json(object: object): void {
    this.#write('stdout', `${jsonLine(object)}\n`)
  }

  /** Whether standard output is a terminal. */
  get isTerminal(): boolean {
    return process.stdout.isTTY
  }

  /**
   * Whether the terminal takes no output at the moment (a stalled connection, Ctrl-S), so that output waits in memory.
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

  /** Writes a control sequence of our own to the terminal. */
  steer(sequence: string): void {
    this.#write('stdout', sequence)
  }

  /** Resets the terminal, where no exit handler will do it. */
  restore(): void {
    if (this.#isCursorHidden) this.showCursor()
    if (process.stdin.isTTY && process.stdin.isRaw) process.stdin.setRawMode(false)
  }

  /**
   * A stream failed, or the terminal of standard input is gone. The exit code is then not 0, unless the reader of
   * standard output closed its pipe (`prehend … | head`), which is no fault.
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

/** Makes writes to a terminal non-blocking. By default the whole process waits while a terminal takes no output. */
function letStall(stream: object): void {
  const { _handle: handle } = stream as { readonly _handle?: { setBlocking?(blocking: boolean): void } }
  handle?.setBlocking?.(false)
}

/** Makes a descriptor refer to /dev/null: the next file that is opened gets the number of the one that was closed. */
function replaceByNothing(descriptor: number): void {
  closeSync(descriptor)
  openSync('/dev/null', 'r+')
}

function attempt(action: () => unknown): void {
  try {
    action()
  } catch {
    // There is no stream left on which to report it.
  }
}
