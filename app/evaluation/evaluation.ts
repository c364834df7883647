import { requireAll } from '../../peers/peers.js'
import { messageOf } from '../../middleware/message-of.js'
import type { Ending } from '../output/ending.js'
import type { EpisodeResult } from '../session/episodes.js'
import { standardStreams } from '../output/standard-streams.js'
import { policyFor, policyNeed } from '../policies/policies.js'
import type { Robot } from '../../robots/robot.js'
import { readRobot } from '../robot/load-robot.js'
import { cellNeed, requireFit } from '../session/cells.js'
import { closeInOrder } from '../session/closing.js'
import { loadPolicyUnderTest, type PolicyUnderTest } from './policy-under-test.js'
import type { EvalOptions } from './eval-options.js'
import { checkEvalOptions } from './eval-registry.js'
import { fanOut } from './fan-out.js'
import type { Progress } from './progress.js'
import { provenanceOf, type Provenance } from './provenance.js'
import { fanOutOnRay } from './ray.js'
import { runShare, type Share } from './share.js'
import { summarise, type Summary } from './summary.js'
import type { EpisodeTrace } from './trace.js'

/** The outcome of a benchmark. */
export interface Evaluated {
  readonly options: EvalOptions
  readonly provenance: Provenance
  readonly summary: Summary
  /** In the order of the episodes. An interrupted benchmark has fewer than were asked for. */
  readonly results: readonly EpisodeResult[]
  /** Of the episodes that a report may show. */
  readonly traces: readonly EpisodeTrace[]
  readonly meanInferenceMs: number
  readonly wallS: number
  readonly simulatedS: number
  readonly crcErrors: number
  /** Simulated time a unit of wall time, of a simulator in another process. */
  readonly realTimeFactor: number | undefined
  /** As in `Ran`. */
  readonly execution: string | undefined
}

/**
 * A benchmark whose options are checked and whose model is loaded, so that errors come before an output file is begun.
 */
export class Evaluation {
  readonly #options: EvalOptions
  readonly #subject: PolicyUnderTest
  readonly #provenance: Provenance
  readonly #ending: Ending
  readonly #started: number

  /**
   * Checks the options, and loads robot file and model. Throws UsageError, RobotError, PolicyError or
   * MissingPackageError.
   */
  static async prepare(options: EvalOptions, ending: Ending): Promise<Evaluation> {
    const started = performance.now()
    checkEvalOptions(options)
    const robot = readRobot(options.robot)
    requireFit(robot)
    requirePackages(options, robot)
    const subject = await loadPolicyUnderTest(options, ending.signal)
    try {
      return new Evaluation(options, subject, await provenanceOf(subject), ending, started)
    } catch (error) {
      await closePolicy(subject)
      throw error
    }
  }

  private constructor(
    options: EvalOptions,
    subject: PolicyUnderTest,
    provenance: Provenance,
    ending: Ending,
    started: number,
  ) {
    this.#options = options
    this.#subject = subject
    this.#provenance = provenance
    this.#ending = ending
    this.#started = started
  }

  /** Runs the benchmark, once: in this process, in several, or on a cluster, as the options say. */
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
      // A Gazebo world serves one process, so there is one share.
      realTimeFactor: options.source === 'gazebo' ? shares[0]?.realTimeFactor : undefined,
      execution: shares[0]?.execution,
    }
  }

  /**
   * Closes the policy, also where the benchmark did not run. A policy that does not close in time is left, and standard
   * error says so.
   */
  close(): Promise<void> {
    return closePolicy(this.#subject)
  }

  async #shares(progress: Progress): Promise<Share[]> {
    const options = this.#options
    const isHere = options.jobs === 1 && options.ray === undefined
    if (isHere) return [await runShare(options, this.#subject, progress, this.#ending)]
    // Each worker loads a policy of its own.
    await this.close()
    return options.ray === undefined
      ? fanOut(options, progress, this.#ending)
      : fanOutOnRay(options.ray, options, progress, this.#ending)
  }
}

/** Throws MissingPackageError where this process, or a worker on this machine, lacks an optional package. */
function requirePackages({ source, ray, trace, policy, precision }: EvalOptions, robot: Robot): void {
  const needs = [...policyNeed(policyFor(policy, robot, precision), precision)]
  // On a cluster the episodes run on other machines, which have packages of their own.
  if (ray === undefined) {
    needs.unshift(cellNeed(robot, source))
    if (trace) needs.push({ purpose: 'a report', packages: ['sharp'] })
  }
  requireAll(needs)
}

function closePolicy({ policy }: PolicyUnderTest): Promise<void> {
  return closeInOrder([{ name: 'policy', close: () => policy.close() }], error =>
    standardStreams.say('stderr', [messageOf(error)]),
  )
}
