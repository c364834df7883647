import type { Observation } from '../../fusion/observation.js'
import { ObservationDigest, pixelSums } from '../../fusion/observation-line.js'

/** The sha256 over a live run's observations, in their order. Other threads hash the pixels. */
export class LiveDigest {
  readonly #digest = new ObservationDigest()
  #added = Promise.resolve()

  add(observation: Observation): void {
    const sums = pixelSums(observation)
    this.#added = this.#added.then(async () => void this.#digest.add(observation, await sums))
  }

  /** Resolves with the sum in hex, once all observations are added. */
  async sum(): Promise<string> {
    await this.#added
    return this.#digest.digest()
  }
}
