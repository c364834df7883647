import { EventEmitter } from 'node:events'
import { startPhysics } from './physics.js'
import type { PhysicsInit, ToPhysics } from './protocol.js'

/**
 * The physics on the calling thread, spoken to as its worker is. Lockstep uses it: the main thread would only wait for
 * a worker, and the hundreds of hops there and back in a simulated second take longer than the physics.
 */
export class PhysicsHere extends EventEmitter {
  readonly #hear: Promise<(message: ToPhysics) => void>

  constructor(init: PhysicsInit) {
    super()
    this.#hear = startPhysics(init, message => this.emit('message', message))
    this.#hear.catch((error: unknown) => this.emit('error', error))
  }

  postMessage(message: ToPhysics): void {
    this.#hear.then(hear => hear(message)).catch((error: unknown) => this.emit('error', error))
  }

  /** Frees what it holds, closed before or not. */
  async terminate(): Promise<void> {
    await this.#hear.then(
      hear => hear({ type: 'close' }),
      () => undefined,
    )
  }
}
