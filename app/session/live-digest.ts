import type { Observation } from '../../fusion/observation.js'
import { ObservationDigest, pixelSums } from '../../fusion/observation-line.js'

/** The sha256 over a live run's observations, in their order; their pixels are hashed on other threads. */
export class LiveDigest {
  readonly #digest = new ObservationDigest()
  #added = Promise.resolve()

  add(observation: Observation): void {
    const sums = pixelSums(observation)
    this.#added = this.#added.then(async () => void this.#digest.add(observation, await sums))
  }

  /** Hex, once everything is added. */
  async sum(): Promise<string> {
    await this.#added
    return this.#digest.digest()
  }
}
