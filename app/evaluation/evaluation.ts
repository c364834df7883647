import { messageOf } from '../output/output.js'
import type { Ending } from '../output/ending.js'
import type { EpisodeResult } from '../session/episodes.js'
import { standardStreams } from '../output/standard-streams.js'
import { closeInOrder } from '../session/closing.js'
import { loadDriver, type Driver } from './driver.js'
import type { EvalOptions } from './eval-options.js'
import { checkEvalOptions } from './eval-registry.js'
import { fanOut } from './fan-out.js'
import type { Progress } from './progress.js'
import { provenanceOf, type Provenance } from './provenance.js'
import { fanOutOnRay } from './ray.js'
import { runShare, type Share } from './share.js'
import { summarise, type Summary } from './summary.js'
import type { EpisodeTrace } from './trace.js'

/** What a benchmark has come to. */
export interface Evaluated {
  readonly options: EvalOptions
  readonly provenance: Provenance
  readonly summary: Summary
  /** In the order of the episodes; fewer than were asked for where it was interrupted. */
  readonly results: readonly EpisodeResult[]
  /** Of the episodes that a report may show. */
  readonly traces: readonly EpisodeTrace[]
  readonly meanInferenceMs: number
  readonly wallS: number
  readonly simulatedS: number
  readonly crcErrors: number
  /** Of a simulator beside us: simulated time a unit of time. */
  readonly realTimeFactor: number | undefined
}

/** A benchmark that is prepared: whatever is wrong with it has been said before an output is begun. */
export class Evaluation {
  readonly #options: EvalOptions
  readonly #driver: Driver
  readonly #provenance: Provenance
  readonly #ending: Ending
  readonly #started: number

  /** Checks the options and loads robot file and model; throws what is wrong with them. */
  static async prepare(options: EvalOptions, ending: Ending): Promise<Evaluation> {
    const started = performance.now()
    checkEvalOptions(options)
    const driver = await loadDriver(options, ending.signal)
    try {
      return new Evaluation(options, driver, await provenanceOf(driver), ending, started)
    } catch (error) {
      await closePolicy(driver)
      throw error
    }
  }

  private constructor(options: EvalOptions, driver: Driver, provenance: Provenance, ending: Ending, started: number) {
    this.#options = options
    this.#driver = driver
    this.#provenance = provenance
    this.#ending = ending
    this.#started = started
  }

  /** Runs it, once: in this process, in others beside it or on a cluster, as the options say. */
  async run(progress: Progress): Promise<Evaluated> {
    const options = this.#options
    const shares = await this.#shares(progress)
    const results = shares.flatMap(share => share.results).sort((a, b) => a.index - b.index)
    const sum = (of: (share: Share) => number): number => shares.reduce((total, share) => total + of(share), 0)
    const inferences = sum(share => share.inferences)
    return {
      options,
      provenance: this.#provenance,
      summary: summarise(results),
      results,
      traces: shares.flatMap(share => share.traces),
      meanInferenceMs: inferences === 0 ? 0 : sum(share => share.inferenceMs) / inferences,
      wallS: (performance.now() - this.#started) / 1000,
      simulatedS: results.reduce((total, { seconds }) => total + seconds, 0),
      crcErrors: sum(share => share.crcErrors),
      // One world runs in one share.
      realTimeFactor: options.source === 'gazebo' ? shares[0]?.realTimeFactor : undefined,
    }
  }

  /** Ends what was loaded, also where it was not run. What does not end in time is left, and said. */
  close(): Promise<void> {
    return closePolicy(this.#driver)
  }

  async #shares(progress: Progress): Promise<Share[]> {
    const options = this.#options
    const isHere = options.jobs === 1 && options.ray === undefined
    if (isHere) return [await runShare(options, this.#driver, progress, this.#ending)]
    // Each process loads its own.
    await this.close()
    return options.ray === undefined
      ? fanOut(options, progress, this.#ending)
      : fanOutOnRay(options.ray, options, progress, this.#ending)
  }
}

function closePolicy({ policy }: Driver): Promise<void> {
  return closeInOrder([{ name: 'policy', close: () => policy.close() }], error =>
    standardStreams.say('stderr', [messageOf(error)]),
  )
}
