import { readRobot } from '../../app/robot/load-robot.js'
import type { SimulatedCell } from '../../sim/simulated-cell.js'
import { CellLoop, type CellLoopOptions } from '../../app/session/cell-loop.js'
import type { EpisodeResult } from '../../app/session/episodes.js'
import type { Observation } from '../../fusion/observation.js'
import type { ActionChunk, Policy } from '../../policy/policy.js'

/**
 * A motion of the tool in its own frame (z down), m/s and rad/s, and the gripper's width (m) as a function of the
 * episode time (s).
 */
export interface Drive {
  readonly v: readonly [number, number, number]
  readonly yawRate?: number
  readonly width: (seconds: number) => number
}

/** A policy that ignores its observations and always moves on. */
export class Blind implements Policy {
  readonly name = 'blind'
  closed = false
  readonly #drive: Drive
  #first = NaN

  constructor(drive: Drive) {
    this.#drive = drive
  }

  infer({ stamp, values }: Observation): Promise<ActionChunk> {
    const tool = values.get('tool')
    if (Number.isNaN(this.#first)) this.#first = stamp
    const { v, yawRate = 0, width } = this.#drive
    const rows = Array.from({ length: 10 }, (_, i) => {
      const s = (i + 1) / 30
      return [v[0] * s, v[1] * s, v[2] * s, yawRate * s, width((stamp - this.#first) / 1e9), 40]
    })
    return Promise.resolve({
      stamp,
      rate: 30,
      data: Float32Array.from(rows.flat()),
      origin: tool?.kind === 'vector' ? tool.data.slice() : new Float64Array(7).fill(NaN),
      graspSuccess: undefined,
      gate: undefined,
      latent: undefined,
      inferenceMs: 0,
    })
  }

  close(): Promise<void> {
    this.closed = true
    return Promise.resolve()
  }
}

/** A sample of the loop, taken at 100 Hz. `s`: simulated seconds since the episode began. */
export interface Sample {
  readonly s: number
  readonly z: number
  /** m/s, from the true state. */
  readonly speed: number
  readonly hold: string
  readonly state: string
  readonly force: number
}

/** A loop that is sampled, and in which faults happen at given times of the episode (s). */
export class Watched {
  readonly errors: unknown[] = []
  readonly samples: Sample[] = []
  readonly loop: CellLoop
  #start = NaN

  static async start(policy: Policy, more: Partial<CellLoopOptions> = {}): Promise<Watched> {
    const errors: unknown[] = []
    const loop = await CellLoop.start({
      robot: readRobot('cell'),
      mode: 'lockstep',
      seed: 7,
      objects: 'seen',
      policy: () => Promise.resolve(policy),
      say: 'nothing in particular',
      onError: error => errors.push(error),
      ...more,
    })
    return new Watched(loop, errors)
  }

  private constructor(loop: CellLoop, errors: unknown[]) {
    this.loop = loop
    this.errors = errors
  }

  /** Runs one episode and interrupts it after `seconds` if it has not ended. */
  async episode(seconds: number, acts: Readonly<Record<number, () => void>> = {}): Promise<EpisodeResult> {
    const { loop } = this
    const { clock } = loop.bus
    const begun = loop.bus.subscribe('/episode', 'std_msgs/msg/String', () => {
      this.#start = clock.now()
      for (const [at, act] of Object.entries(acts)) clock.at(this.#start + Number(at) * 1e9, act)
      clock.at(this.#start + seconds * 1e9, () => void loop.interrupt())
    })
    const sampling = clock.every(10_000_000, () => this.#sample())
    const result = await loop.episode(0)
    begun.dispose()
    sampling.dispose()
    if (!result) throw new Error('the episode did not begin')
    return result
  }

  between(from: number, to: number): readonly Sample[] {
    return this.samples.filter(({ s }) => s >= from && s <= to)
  }

  #last: { stamp: number; tool: Float64Array } | undefined

  #sample(): void {
    if (Number.isNaN(this.#start)) return
    const { control, cell } = this.loop
    const { stamp, tool } = (cell as SimulatedCell).truth()
    const before = this.#last
    if (before && stamp <= before.stamp) return
    this.#last = { stamp, tool }
    const way = before ? Math.hypot(tool[0] - before.tool[0], tool[1] - before.tool[1], tool[2] - before.tool[2]) : 0
    this.samples.push({
      s: (stamp - this.#start) / 1e9,
      z: tool[2],
      speed: before ? way / ((stamp - before.stamp) / 1e9) : 0,
      hold: control.hold,
      state: control.guard.state,
      force: control.guard.force,
    })
  }
}
