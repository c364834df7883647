import { EventEmitter } from 'node:events'

/** Starts a physics: calls `post` with its answers, and resolves with the handler of requests. */
export type StartPhysics<Request, Answer> = (post: (message: Answer) => void) => Promise<(message: Request) => void>

/**
 * The physics on the calling thread, with the interface of a worker. Lockstep uses it. There the main thread would only
 * wait for a worker, and the hundreds of messages in a simulated second would take longer than the physics.
 */
export class PhysicsHere<Request extends { readonly type: string }, Answer> extends EventEmitter {
  readonly #handle: Promise<(message: Request) => void>
  readonly #close: Request

  /** `close`: the request that ends the physics and frees its memory. It may be made more than once. */
  constructor(start: StartPhysics<Request, Answer>, close: Request) {
    super()
    this.#close = close
    this.#handle = start(message => this.emit('message', message))
    this.#handle.catch((error: unknown) => this.emit('error', error))
  }

  postMessage(message: Request): void {
    this.#handle.then(handle => handle(message)).catch((error: unknown) => this.emit('error', error))
  }

  /** Frees all memory. It may be called after `close` too. */
  async terminate(): Promise<void> {
    await this.#handle.then(
      handle => handle(this.#close),
      () => undefined,
    )
  }
}
