import type { CellOptions, Placement } from '../simulated-cell.js'
import { drawEpisode } from './episode.js'
import type { Episode } from './episode.js'
import { Judge } from './judge.js'
import type { MainModule } from './mujoco.js'
import { Random } from './random.js'
import { cameraTiming, POSE_TIMING, SensorClock, WIDTH_TIMING, WRENCH_TIMING, WrenchErrors } from './sensors.js'
import type { SensorTiming } from './sensors.js'
import { writeTruth } from './truth.js'
import { World } from './mujoco-world.js'
import type { ObjectModel } from '../objects/object.js'

/** ns of one physics step. */
export const STEP = 1_000_000

/** Receives the samples. The arrays are reused: they are valid until the call returns. */
export interface SensorSink {
  wrench(stamp: number, receive: number, value: Float64Array): void
  toolPose(stamp: number, receive: number, value: Float64Array): void
  gripperWidth(stamp: number, receive: number, value: number): void
  /** The camera's shutter. `qpos` are the joint positions of its picture. */
  trigger(stamp: number, receive: number, qpos: Float64Array): void
}

interface Clocks {
  readonly wrench: SensorClock
  readonly pose: SensorClock
  readonly width: SensorClock
  readonly camera: SensorClock | undefined
}

/** The parts of one episode: its judge, and the noise of its sensors. */
interface Running {
  readonly judge: Judge
  readonly errors: WrenchErrors
  readonly widthNoise: Random
}

/**
 * World, sensors and judge on one time line, without threads. The state at `time` is the sample for every stamp in
 * [time, time + 1 ms). In lockstep everything after a reset depends only on the options and the episode's index, except
 * that the time of the reset is added to each stamp.
 */
export class Simulation {
  readonly world: World
  /** Simulated time, ns. A whole number of steps. */
  time = 0
  episode: Episode | undefined
  readonly #options: CellOptions
  readonly #models: readonly ObjectModel[]
  readonly #sink: SensorSink
  readonly #wrench = new Float64Array(6)
  #clocks: Clocks
  #running: Running | undefined
  #lastTarget = -Infinity

  constructor({
    mj,
    options,
    models,
    sink,
  }: { mj: MainModule; options: CellOptions; models: readonly ObjectModel[]; sink: SensorSink }) {
    this.world = new World(mj)
    this.#options = options
    this.#models = models
    this.#sink = sink
    this.#clocks = clocksOf(options)
  }

  /** The judge of the current episode. */
  get judge(): Judge {
    if (this.#running === undefined) throw new Error('Simulation: reset() comes first')
    return this.#running.judge
  }

  /**
   * Sets up episode `index` at the current time. In lockstep the sensors' clocks start again with it. In real time they
   * run on, because real time cannot be set back.
   */
  reset(index: number, { say, awaitCommand = false }: Placement = {}): Episode {
    const { mode, seed, count, phrases, voiceUntil, sensor, languages } = this.#options
    const episode = drawEpisode(this.#models, seed, index, { say, count, phrases, voiceUntil })
    this.world.reset(episode)
    if (mode === 'lockstep') this.#clocks = clocksOf(this.#options, { index, start: this.time + STEP })
    this.#lastTarget = -Infinity
    this.#running = {
      judge: new Judge(episode, this.world, awaitCommand ? Infinity : this.time, languages),
      errors: new WrenchErrors(seed, index, sensor),
      widthNoise: new Random(seed, `width, episode ${index}`),
    }
    this.episode = episode
    return episode
  }

  /** Takes a set-point for the tool. */
  target(pose: ArrayLike<number>): void {
    if (this.#running === undefined) return
    this.world.arm.target(pose, Math.min((this.time - this.#lastTarget) / 1e9, 1))
    this.#lastTarget = this.time
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
    const { judge, errors, widthNoise } = this.#running
    this.world.step()
    this.time += STEP
    judge.step(this.world, this.time)
    const end = this.time + STEP
    const { wrench, pose, width, camera } = this.#clocks
    for (; wrench.stamp < end; wrench.next()) {
      errors.apply(this.world.wrench, this.#wrench)
      this.#sink.wrench(wrench.stamp, wrench.receive, this.#wrench)
    }
    for (; pose.stamp < end; pose.next()) this.#sink.toolPose(pose.stamp, pose.receive, this.world.tool)
    for (; width.stamp < end; width.next()) {
      this.#sink.gripperWidth(width.stamp, width.receive, this.world.fingers.opening + 0.0001 * widthNoise.normal())
    }
    if (camera !== undefined)
      for (; camera.stamp < end; camera.next()) this.#sink.trigger(camera.stamp, camera.receive, this.world.qpos)
  }

  /** Moves time on without physics and without samples. */
  skip(duration: number): void {
    this.time += STEP * Math.round(duration / STEP)
    const { wrench, pose, width, camera } = this.#clocks
    for (const clock of [wrench, pose, width, camera]) clock?.skipTo(this.time)
  }

  /** Writes the true state and the verdict into `state` (see STATE). */
  writeState(state: Float64Array): void {
    writeTruth(state, { time: this.time, world: this.world, judge: this.#running?.judge })
  }
}

/** The sensors' clocks: of an episode, or from time 0 on. */
function clocksOf({ seed, camera }: CellOptions, episode?: { readonly index: number; readonly start: number }): Clocks {
  const rate = camera === false ? 0 : (camera?.rate ?? 30)
  const clock = (name: string, timing: SensorTiming): SensorClock =>
    new SensorClock(
      timing,
      episode === undefined
        ? { seed, label: name }
        : { seed, label: `${name}, episode ${episode.index}`, start: episode.start },
    )
  return {
    wrench: clock('wrench', WRENCH_TIMING),
    pose: clock('pose', POSE_TIMING),
    width: clock('width', WIDTH_TIMING),
    camera: rate > 0 ? clock('camera', cameraTiming(rate)) : undefined,
  }
}
