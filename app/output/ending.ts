import { standardStreams } from './standard-streams.js'

const ENDING = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
/** A command was asked to end, and has discarded its unfinished work. */
export class Interrupted extends Error {
  readonly exit = 1
}

/**
 * ms after the first request in which another one counts as the same request. A launcher and its terminal, or a parent
 * and its process group, may send one signal each.
 */
const SAME = 1000

/**
 * The request to end a command. It comes from Ctrl-C, another signal, a terminal or an output that goes away, or the
 * command itself. The command then ends its work in order. A second signal, more than a second after the first request,
 * ends the process at once. Any other second request has no effect.
 */
export class Ending {
  /** Whether this process was asked to end. */
  static isAsked = false
  readonly #abort = new AbortController()
  #asked = NaN

  /** Handles signals for as long as the process lives, since a repeated signal must be handled too. */
  constructor() {
    for (const signal of ENDING) process.on(signal, this.ask)
    standardStreams.onFailure(this.ask)
  }

  /** Aborted at the first request. The reason is the name of who asked. */
  get signal(): AbortSignal {
    return this.#abort.signal
  }

  readonly ask = (by: string): void => {
    const now = performance.now()
    if (!this.signal.aborted) {
      this.#asked = now
      Ending.isAsked = true
      this.#abort.abort(by)
      return
    }
    const signal = ENDING.find(signal => signal === by)
    if (signal === undefined || now - this.#asked <= SAME) return
    for (const signal of ENDING) process.off(signal, this.ask)
    standardStreams.restore()
    // No exit handler runs when a signal ends the process. They are called here, since they end child processes that
    // would outlive it.
    process.emit('exit', 1)
    process.kill(process.pid, signal)
  }

  /**
   * Also treats the end of the parent process as a request, where the parent has a channel of Node's to this process.
   */
  endWithParent(): void {
    if (process.send && !process.connected) this.ask('its parent')
    process.once('disconnect', () => this.ask('its parent'))
    process.channel?.unref()
  }

  /** Calls `end` at the first request, or now if there was one. */
  whenAsked(end: (by: string) => void): void {
    if (this.signal.aborted) end(String(this.signal.reason))
    else this.signal.addEventListener('abort', () => end(String(this.signal.reason)))
  }
}
