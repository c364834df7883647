import { setTimeout as pause } from 'node:timers/promises'
import type { GzNode } from '../../middleware/gazebo/gz-node.js'
import type {
  CellFrame,
  CellOptions,
  CellStats,
  EpisodeSetup,
  Placement,
  SimulatedCell,
  Truth,
  Verdict,
} from '../simulated-cell.js'
import { drawEpisode } from '../embedded/episode.js'
import { Judge } from '../embedded/judge.js'
import { requirePeers } from '../../peers/peers.js'
import { CELL_PACKAGES } from '../cell-packages.js'
import { loadMujoco, type MainModule } from '../embedded/mujoco.js'
import { cameraTiming, POSE_TIMING, WIDTH_TIMING, WRENCH_TIMING } from '../embedded/sensors.js'
import { source } from '../embedded/source.js'
import { STATE, TruthReader, verdictOf, writeTruth } from '../embedded/truth.js'
import type { PseudoTerminal } from '../firmware/pseudo-terminal.js'
import { RobotiqFirmware } from '../firmware/robotiq-firmware.js'
import { loadObjects } from '../objects/object-file.js'
import type { ObjectModel } from '../objects/object.js'
import { SimError } from '../sim-error.js'
import type { RgbdFrame } from './frame-pairs.js'
import { connectToGazebo, type GazeboConnection } from './gazebo-connection.js'
import { STEP, type GazeboWorld } from './gazebo-world.js'
import { RealTimePace } from './real-time-pace.js'
import { SampleQueues } from './sample-queues.js'
import { sceneObjects } from './world-sdf.js'

/** ms between two attempts after the simulator has refused. */
const RETRY = 1000
/** The queues of samples, one for each sensor. */
const [WRIST, TOOL_POSE, GRIPPER_WIDTH, CAMERA] = [0, 1, 2, 3] as const

/**
 * The cell with Gazebo's physics and sensors. Episodes, firmware, serial port and judge are those of the embedded cell.
 *
 * In lockstep each episode resets the world, whose time starts at 0 again. An offset is added to the stamps, so that
 * the loop's time goes on. A sample is received after the least latency of the embedded cell's sensor.
 *
 * In real time the cell steps the world as long as it exists, as fast as it can but not faster than real time. Other
 * programs may subscribe to the world and take their time from its /clock. All stamps and times are the world's own,
 * which go on from one episode to the next. A sample is received when it comes.
 */
export class GazeboCell implements SimulatedCell {
  readonly ports: SimulatedCell['ports']
  readonly cameras = { color: source<(frame: CellFrame) => void>() }
  readonly wrist = source<(stamp: number, wrench: Float64Array, receive: number) => void>()
  onToolPose: SimulatedCell['onToolPose']
  onGripperWidth: SimulatedCell['onGripperWidth']
  onReceive: SimulatedCell['onReceive']
  onError: SimulatedCell['onError']
  readonly #options: CellOptions
  readonly #models: readonly ObjectModel[]
  readonly #mj: MainModule
  readonly #node: GzNode
  readonly #terminal: PseudoTerminal
  readonly #firmware: RobotiqFirmware
  readonly #world: GazeboWorld
  readonly #state = new Float64Array(STATE.size)
  readonly #samples = new SampleQueues(4)
  readonly #target = new Float64Array(7)
  #isNew = false
  #lastTarget = -Infinity
  #judge: Judge | undefined
  #reader: TruthReader | undefined
  /** The run's time minus the world's time, ns. */
  #offset = 0
  #frames = 0
  #spent = 0
  #simulated = 0
  #closed = false
  /** Real time: tasks that are run between two steps. */
  readonly #tasks: (() => Promise<void>)[] = []
  readonly #running: Promise<void>

  /**
   * Connects to the simulator. Rejects with SimError OBJECTS_INVALID, OBJECTS_MISSING, GAZEBO_FAILED, or INTERRUPTED
   * when `signal` was aborted; with GzError, which has the reason, when no simulator answers.
   */
  static async start(options: CellOptions, signal?: AbortSignal): Promise<GazeboCell> {
    const models = loadObjects(options.objects)
    requirePeers("Gazebo's cell", ...CELL_PACKAGES.gazebo)
    const mj = await loadMujoco()
    let cell: GazeboCell | undefined
    const fail = (error: unknown): void => cell?.onError?.(error instanceof Error ? error : new Error(String(error)))
    const connection = await connectToGazebo(options, fail, signal)
    return (cell = new GazeboCell({ options, models, mj, ...connection }))
  }

  private constructor({
    options,
    models,
    mj,
    node,
    terminal,
    world,
  }: { options: CellOptions; models: readonly ObjectModel[]; mj: MainModule } & GazeboConnection) {
    this.#options = options
    this.#models = models
    this.#mj = mj
    this.#node = node
    this.#terminal = terminal
    this.#world = world
    this.ports = { gripper: terminal.path }
    world.onWrench = (stamp, value) => this.#receiveWrench(stamp, value)
    world.onFrame = frame => this.#receiveFrame(frame)
    this.#firmware = new RobotiqFirmware({ plant: world.fingers, initial: 'activated' })
    terminal.onBytes(bytes => this.#firmware.receive(bytes, reply => terminal.write(reply)))
    this.#running = options.mode === 'realtime' ? this.#run() : Promise.resolve()
  }

  get stats(): CellStats {
    return {
      overruns: 0,
      skippedNs: 0,
      lostSamples: 0,
      realTimeFactor: this.#spent > 0 ? this.#simulated / this.#spent : 0,
      renderedFrames: this.#frames,
      renderMs: 0,
    }
  }

  /** Sets up an episode. In real time it is done between two steps. */
  async reset(index: number, placement: Placement = {}): Promise<EpisodeSetup> {
    if (this.#options.mode === 'lockstep') return this.#place(index, placement)
    return new Promise((resolve, reject) => this.#tasks.push(() => this.#place(index, placement).then(resolve, reject)))
  }

  async #place(index: number, { say, awaitCommand = false }: Placement): Promise<EpisodeSetup> {
    const { mode, seed, count, phrases, voiceUntil } = this.#options
    const episode = drawEpisode(this.#models, seed, index, { say, count, phrases, voiceUntil })
    this.#samples.clear()
    this.#judge = undefined
    const scene = sceneObjects(this.#mj, episode)
    if (mode === 'realtime') await this.#world.rearrange(scene)
    else {
      const now = this.#now
      await this.#world.reset(scene, seed + index)
      this.#offset = now - this.#world.time
    }
    const now = this.#now
    this.#lastTarget = -Infinity
    this.#isNew = false
    this.#judge = new Judge(episode, this.#world, awaitCommand ? Infinity : now, this.#options.languages)
    this.#reader = new TruthReader(episode)
    if (say !== undefined && !awaitCommand) this.said(say)
    this.#firmware.restart(now)
    this.#publish()
    return episode.setup
  }

  /**
   * Lockstep only: steps the world in steps of 1 ms up to `until` (ns), and delivers all samples that are received by
   * then, in order.
   */
  async advance(until: number): Promise<void> {
    this.#needsLockstep('advance')
    const began = process.hrtime.bigint()
    const from = this.#now
    while (this.#now + STEP <= until) {
      if (this.#judge === undefined) this.#offset += STEP
      else await this.#step(this.#judge)
    }
    this.#spent += Number(process.hrtime.bigint() - began)
    this.#simulated += this.#now - from
    this.#publish()
    this.#deliver(until)
  }

  /** Lockstep only: moves time on to `until` (ns) without simulation. */
  async skip(until: number): Promise<void> {
    this.#needsLockstep('skip')
    this.#offset += STEP * Math.max(0, Math.floor((until - this.#now) / STEP))
    this.#publish()
    this.#deliver(until)
    return Promise.resolve()
  }

  setToolTarget(pose: Float64Array): void {
    this.#target.set(pose)
    this.#isNew = true
  }

  said(text: string): void {
    this.#judge?.said(text, this.#now)
  }

  stopSaid(): void {
    this.said('stop')
  }

  verdict(): Verdict {
    return verdictOf(this.#state)
  }

  truth(): Truth {
    if (this.#reader === undefined) throw new SimError('NO_EPISODE', 'truth: reset() comes first')
    return this.#reader.read(this.#state)
  }

  /** Removes the objects, stops the world and closes the serial port. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#running
    try {
      await this.#world.close()
    } finally {
      await Promise.all([this.#node.close(), this.#terminal.close()])
    }
  }

  get #now(): number {
    return this.#world.time + this.#offset
  }

  /**
   * Real time: steps the world and runs the tasks between the steps. An error is reported, and the step is tried again,
   * because a simulator may come back.
   */
  async #run(): Promise<void> {
    const world = this.#world
    const pace = new RealTimePace()
    while (!this.#closed) {
      const [began, from] = [performance.now(), world.time]
      try {
        const task = this.#tasks.shift()
        if (task) await task()
        else await this.#step(this.#judge)
        this.#publish()
        this.#deliver(Infinity)
      } catch (error) {
        // An episode that has failed is not judged any more.
        this.#judge = undefined
        this.onError?.(error instanceof Error ? error : new Error(String(error)))
        await world.join().catch(() => pause(RETRY))
      }
      const stepped = Math.max(0, world.time - from)
      await pace.keep(began, stepped)
      this.#simulated += stepped
      this.#spent += (performance.now() - began) * 1e6
    }
  }

  async #step(judge: Judge | undefined): Promise<void> {
    const world = this.#world
    if (this.#isNew) {
      world.arm.target(this.#target, Math.min((this.#now - this.#lastTarget) / 1e9, 1))
      this.#lastTarget = this.#now
      this.#isNew = false
    }
    await world.step()
    const stamp = this.#now
    judge?.step(world, stamp)
    this.#firmware.step(stamp)
    const steps = world.time / STEP
    if (steps % (POSE_TIMING.period / STEP) === 0) {
      const pose = world.tool.slice()
      this.#samples.add(TOOL_POSE, stamp + POSE_TIMING.latency, receive => this.onToolPose?.(stamp, receive, pose))
    }
    if (steps % (WIDTH_TIMING.period / STEP) === 0) {
      const { opening } = world.fingers
      this.#samples.add(GRIPPER_WIDTH, stamp + WIDTH_TIMING.latency, receive =>
        this.onGripperWidth?.(stamp, receive, opening),
      )
    }
  }

  #needsLockstep(what: string): void {
    if (this.#options.mode !== 'lockstep')
      throw new SimError('NOT_LOCKSTEP', `${what}: this cell runs in real time; start it with mode lockstep`)
  }

  #receiveWrench(worldStamp: number, value: Float64Array): void {
    if (this.#judge === undefined) return
    const stamp = worldStamp + this.#offset
    const wrench = value.slice()
    this.#samples.add(WRIST, stamp + WRENCH_TIMING.latency, receive => this.wrist.listener?.(stamp, wrench, receive))
  }

  #receiveFrame({ stamp: worldStamp, ...picture }: RgbdFrame): void {
    if (this.#judge === undefined) return
    this.#frames++
    const stamp = worldStamp + this.#offset
    this.#samples.add(CAMERA, stamp + cameraTiming(30).latency, receive =>
      this.cameras.color.listener?.({ stamp, receive, ...picture }),
    )
  }

  #deliver(until: number): void {
    this.#samples.deliver(until, receive => this.onReceive?.(receive))
  }

  #publish(): void {
    writeTruth(this.#state, { time: this.#now, world: this.#world, judge: this.#judge })
  }
}
