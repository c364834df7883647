import { standardStreams } from './standard-streams.js'

const ENDING = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
/** A command that was asked to end has left no part of its work. */
export class Interrupted extends Error {
  readonly exit = 1
}

/** ms after the first request in which another one is the same one again: a launcher's own beside its terminal's, a parent's beside its process group's. */
const SAME = 1000

/**
 * The one request to end that a command hears: Ctrl-C, a request of the system, a terminal or an output that goes away, or the command's own. What is under way is then
 * ended in order. Who asks again later than a second after the first ends the process at once, as if nobody listened.
 */
export class Ending {
  /** Whether any was asked for in this process. */
  static isAsked = false
  readonly #abort = new AbortController()
  #asked = NaN

  /** Listens for as long as the process lives: a repetition must not meet one that has stopped listening. */
  constructor() {
    for (const signal of ENDING) process.on(signal, this.ask)
    // Nobody's second request: the output may fail while what was asked for is under way.
    standardStreams.onFailure(by => {
      if (!this.signal.aborted) this.ask(by)
    })
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
    } else if (now - this.#asked > SAME) {
      for (const signal of ENDING) process.off(signal, this.ask)
      standardStreams.restore()
      process.kill(process.pid, ENDING.find(signal => signal === by) ?? 'SIGINT')
    }
  }

  /** Whoever started this process through a channel of Node's, and is gone, has asked as well. */
  heedParent(): void {
    if (process.send && !process.connected) this.ask('SIGHUP')
    process.once('disconnect', () => this.ask('SIGHUP'))
    process.channel?.unref()
  }

  /** Calls `end` once it is asked for: at once where it was already. */
  whenAsked(end: (by: string) => void): void {
    if (this.signal.aborted) end(String(this.signal.reason))
    else this.signal.addEventListener('abort', () => end(String(this.signal.reason)))
  }
}
