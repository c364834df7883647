import type { MainModule } from '../embedded/mujoco.js'
import { cameraTiming, SensorClock, WRENCH_TIMING, WrenchErrors } from '../embedded/sensors.js'
import type { ObjectModel } from '../objects/object.js'
import type { CellOptions, Placement } from '../simulated-cell.js'
import { drawEpisode } from './episode.js'
import type { So101Episode } from './episode.js'
import { So101Judge } from './judge.js'
import { So101Servos } from './so101-servos.js'
import { So101World } from './so101-world.js'

/** ns of one physics step. */
export const STEP = 1_000_000

/** The cameras by their names in the MJCF. */
export const CAMERAS = ['overhead', 'wrist'] as const
export type CameraName = (typeof CAMERAS)[number]

/** Receives the samples. The arrays are reused: they are valid until the call returns. */
export interface So101Sink {
  wrench(stamp: number, receive: number, value: Float64Array): void
  /** A camera's shutter. `qpos` are the joint positions of its picture. */
  trigger(camera: CameraName, stamp: number, receive: number, qpos: Float64Array): void
}

interface Clocks {
  readonly wrench: SensorClock
  readonly cameras: readonly (readonly [CameraName, SensorClock])[]
}

interface Running {
  readonly episode: So101Episode
  readonly judge: So101Judge
  readonly errors: WrenchErrors
}

/** Options of the cell that the simulation reads. */
export type So101Options = Pick<CellOptions, 'mode' | 'seed' | 'count' | 'phrases' | 'languages' | 'camera' | 'sensor'>

/**
 * World, servos, sensors and judge on one time line, without threads. The state at `time` is the sample for every stamp
 * in [time, time + 1 ms). In lockstep everything after a reset depends only on the options, the episode's index and what
 * comes over the bus, except that the time of the reset is added to each stamp. The cameras run on clocks of their own,
 * as two USB cameras do.
 */
export class So101Simulation {
  readonly world: So101World
  readonly servos: So101Servos
  /** Simulated time, ns. A whole number of steps. */
  time = 0
  readonly #options: So101Options
  readonly #models: readonly ObjectModel[]
  readonly #sink: So101Sink
  readonly #wrench = new Float64Array(6)
  #clocks: Clocks
  #running: Running | undefined

  constructor({
    mj,
    options,
    models,
    sink,
  }: {
    readonly mj: MainModule
    readonly options: So101Options
    readonly models: readonly ObjectModel[]
    readonly sink: So101Sink
  }) {
    this.world = new So101World(mj)
    this.servos = new So101Servos(this.world.servos)
    this.#options = options
    this.#models = models
    this.#sink = sink
    this.#clocks = clocksOf(options)
  }

  get episode(): So101Episode | undefined {
    return this.#running?.episode
  }

  /** The judge of the current episode. Undefined before the first one. */
  get judge(): So101Judge | undefined {
    return this.#running?.judge
  }

  /**
   * Sets up episode `index` at the current time: the arm at home with its servos holding it, as after power-on. In
   * lockstep the sensors' clocks start again with it.
   */
  reset(index: number, { say, awaitCommand = false }: Placement = {}): So101Episode {
    const { mode, seed, count, phrases, sensor, languages } = this.#options
    const episode = drawEpisode(this.#models, seed, index, { say, count, phrases })
    this.world.reset(episode)
    this.servos.restart(this.time)
    if (mode === 'lockstep') this.#clocks = clocksOf(this.#options, { index, start: this.time + STEP })
    this.#running = {
      episode,
      judge: new So101Judge(episode, this.world, awaitCommand ? Infinity : this.time, languages),
      errors: new WrenchErrors(seed, index, sensor),
    }
    return episode
  }

  /** Tells the judge what was said. */
  said(text: string): void {
    this.#running?.judge.said(text, this.time)
  }

  /** Simulates one physics step and takes its samples. Before the first reset only time moves on. */
  step(): void {
    if (this.#running === undefined) {
      this.skip(STEP)
      return
    }
    const { judge, errors } = this.#running
    this.world.step()
    this.time += STEP
    this.servos.step(this.time)
    judge.step(this.world, this.time)
    const end = this.time + STEP
    const { wrench, cameras } = this.#clocks
    for (; wrench.stamp < end; wrench.next()) {
      errors.apply(this.world.wrench, this.#wrench)
      this.#sink.wrench(wrench.stamp, wrench.receive, this.#wrench)
    }
    for (const [name, clock] of cameras)
      for (; clock.stamp < end; clock.next()) this.#sink.trigger(name, clock.stamp, clock.receive, this.world.qpos)
  }

  /** Moves time on without physics and without samples. */
  skip(duration: number): void {
    this.time += STEP * Math.round(duration / STEP)
    this.#clocks.wrench.skipTo(this.time)
    for (const [, clock] of this.#clocks.cameras) clock.skipTo(this.time)
  }
}

/** The sensors' clocks: of an episode, or from time 0 on. */
function clocksOf(
  { seed, camera }: So101Options,
  episode?: { readonly index: number; readonly start: number },
): Clocks {
  const rate = camera === false ? 0 : (camera?.rate ?? 30)
  const of = (name: string): { seed: number; label: string; start?: number } =>
    episode === undefined
      ? { seed, label: `so101 ${name}` }
      : { seed, label: `so101 ${name}, episode ${episode.index}`, start: episode.start }
  return {
    wrench: new SensorClock(WRENCH_TIMING, of('wrench')),
    cameras: rate > 0 ? CAMERAS.map(name => [name, new SensorClock(cameraTiming(rate), of(name))] as const) : [],
  }
}
