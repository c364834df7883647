import { Random } from './random.js'

/** Timing of a sensor. */
export interface SensorTiming {
  /** ns between samples. */
  readonly period: number
  /** Standard deviation of a stamp from its nominal time, ns. It is limited to a third of the period. */
  readonly jitter: number
  /** Least latency from stamp to receiver, and the mean of its exponential part, ns. */
  readonly latency: number
  readonly tail: number
}

const MS = 1e6

export const WRENCH_TIMING: SensorTiming = { period: MS, jitter: 0.04 * MS, latency: 0.3 * MS, tail: 0.08 * MS }
export const POSE_TIMING: SensorTiming = { period: 4 * MS, jitter: 0.08 * MS, latency: 0.4 * MS, tail: 0.1 * MS }
export const WIDTH_TIMING: SensorTiming = { period: 4 * MS, jitter: 0.1 * MS, latency: 0.5 * MS, tail: 0.1 * MS }
export const cameraTiming = (rate: number): SensorTiming => ({
  period: 1e9 / rate,
  jitter: 0.3 * MS,
  latency: 9 * MS,
  tail: 0.8 * MS,
})
/** Limit on the exponential part of the latency, ns. */
const LONGEST_TAIL = 3 * MS

/**
 * The clock of a sensor: with its own phase, some tens of ppm off, with jitter. Stamps and receive times are whole ns
 * after `start` and always grow. A different `start` only adds to them.
 */
export class SensorClock {
  stamp: number
  receive: number
  readonly #timing: SensorTiming
  readonly #random: Random
  readonly #period: number
  readonly #start: number
  /** Nominal time of the next sample, ns after the start. */
  #nominal: number

  /** `start`: whole ns. */
  constructor(timing: SensorTiming, { seed, label, start = 0 }: { seed: number; label: string; start?: number }) {
    this.#timing = timing
    this.#random = new Random(seed, `clock ${label}`)
    this.#start = this.stamp = this.receive = start
    this.#period = timing.period * (1 + this.#random.uniform(-50e-6, 50e-6))
    this.#nominal = this.#period * this.#random.unit()
    this.next()
  }

  /** Moves on to the next sample. */
  next(): void {
    const { jitter, latency, tail, period } = this.#timing
    const off = Math.min(Math.max(jitter * this.#random.normal(), -period / 3), period / 3)
    this.stamp = Math.max(this.stamp + 1, this.#start + Math.round(this.#nominal + off))
    this.receive = Math.max(
      this.receive + 1,
      this.stamp + Math.round(latency + Math.min(this.#random.exponential(tail), LONGEST_TAIL)),
    )
    this.#nominal += this.#period
  }

  /** Skips all samples before `time`. */
  skipTo(time: number): void {
    while (this.stamp < time) this.next()
  }
}

/**
 * Errors of the force-torque sensor in one episode: white noise, a bias, and a slow drift (a random walk from 0 with a
 * pull back to 0).
 */
export class WrenchErrors {
  readonly #random: Random
  readonly #scale: { readonly noise: number; readonly drift: number }
  readonly #bias = new Float64Array(6)
  readonly #drift = new Float64Array(6)

  constructor(
    seed: number,
    index: number,
    { noise = 1, bias = 1, drift = 1 }: { noise?: number; bias?: number; drift?: number } = {},
  ) {
    this.#random = new Random(seed, `wrench, episode ${index}`)
    this.#scale = { noise, drift }
    for (let i = 0; i < 6; i++) this.#bias[i] = bias * this.#random.uniform(-1, 1) * (i < 3 ? 3 : 0.05)
  }

  /** Writes `wrench` with the errors of one sample into `out`. Allocates nothing. */
  apply(wrench: Float64Array, out: Float64Array): void {
    for (let i = 0; i < 6; i++) {
      const unit = i < 3 ? 1 : 0.02
      const drift = (this.#drift[i] ?? 0) * (1 - 2e-5) + this.#scale.drift * unit * 0.001 * this.#random.normal()
      this.#drift[i] = drift
      out[i] =
        (wrench[i] ?? 0) +
        (this.#bias[i] ?? 0) +
        drift +
        this.#scale.noise * (i < 3 ? 0.05 : 0.002) * this.#random.normal()
    }
  }
}
