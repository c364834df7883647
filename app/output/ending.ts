import { standardStreams } from './standard-streams.js'

const ENDING = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
/** A command that was asked to end has left no part of its work. */
export class Interrupted extends Error {
  readonly exit = 1
}

/**
 * ms after the first request in which another one is the same one again: a launcher's own beside its terminal's, a
 * parent's beside its process group's.
 */
const SAME = 1000

/**
 * The one request to end that a command hears: Ctrl-C, a request of the system, a terminal or an output that goes away,
 * or the command's own. What is under way is then ended in order. A signal or a Ctrl-C later than a second after the
 * first request ends the process at once, as if nobody listened; whatever else asks again only asks for the same.
 */
export class Ending {
  /** Whether any was asked for in this process. */
  static isAsked = false
  readonly #abort = new AbortController()
  #asked = NaN

  /** Listens for as long as the process lives: a repetition must not meet one that has stopped listening. */
  constructor() {
    for (const signal of ENDING) process.on(signal, this.ask)
    standardStreams.onFailure(this.ask)
  }

  /** Aborted, with who asked as its reason, once it is asked for. */
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
    // No exit handler runs where a signal ends the process: those of children that would outlive it must.
    process.emit('exit', 1)
    process.kill(process.pid, signal)
  }

  /** Whoever started this process through a channel of Node's, and is gone, has asked as well. */
  heedParent(): void {
    if (process.send && !process.connected) this.ask('its parent')
    process.once('disconnect', () => this.ask('its parent'))
    process.channel?.unref()
  }

  /** Calls `end` once it is asked for: at once where it was already. */
  whenAsked(end: (by: string) => void): void {
    if (this.signal.aborted) end(String(this.signal.reason))
    else this.signal.addEventListener('abort', () => end(String(this.signal.reason)))
  }
}
