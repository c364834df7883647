import { setTimeout as pause } from 'node:timers/promises'
import { GzNode } from '../../middleware/gazebo/gz-node.js'
import type { SimulatedCell } from '../embedded/cell-handle.js'
import type { CellFrame, CellOptions, CellStats, EpisodeSetup, Placement, Truth, Verdict } from '../simulated-cell.js'
import { drawEpisode } from '../embedded/episode.js'
import { Judge } from '../embedded/judge.js'
import { loadMujoco } from '../embedded/mujoco.js'
import type { MainModule } from '../embedded/mujoco.js'
import { cameraTiming, POSE_TIMING, WIDTH_TIMING, WRENCH_TIMING } from '../embedded/sensors.js'
import { source } from '../embedded/source.js'
import { STATE, TruthReader, verdictOf, writeTruth } from '../embedded/truth.js'
import { openPseudoTerminal } from '../firmware/pseudo-terminal.js'
import type { PseudoTerminal } from '../firmware/pseudo-terminal.js'
import { RobotiqFirmware } from '../firmware/robotiq-firmware.js'
import { loadObjects } from '../objects/object-file.js'
import type { ObjectModel } from '../objects/object.js'
import { SimError } from '../sim-error.js'
import type { Frame } from './frame-pairs.js'
import { GazeboWorld, STEP } from './gazebo-world.js'
import { sceneObjects } from './world-sdf.js'

/** A sample on its way to the loop. Times: ns since the run's epoch. */
interface Sample {
  readonly receive: number
  deliver(): void
}

/** ms that the world may be ahead of real time before it is waited for. */
const AHEAD = 2
/** ms after which a simulator that refuses is asked again. */
const RETRY = 1000

/**
 * The cell with Gazebo's physics and sensors: the same episodes, firmware, serial wire and judge as the embedded one.
 *
 * In lockstep each episode resets the world, whose time begins at 0 again; stamps are laid end to end, so that the
 * loop's time goes on. A sample is received as long after its stamp as the embedded cell's at least is.
 *
 * In real time the cell steps the world for as long as it lives, as fast as it can and no faster than time passes, for
 * others who listen to the world themselves and take their time from its /clock. Stamps and all times are the world's,
 * which go on from one episode to the next; a sample is received when it comes.
 */
export class GazeboCell implements SimulatedCell {
  readonly gripperPort: string
  readonly camera = source<(frame: CellFrame) => void>()
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
  readonly #ways: readonly Sample[][] = [[], [], [], []]
  readonly #target = new Float64Array(7)
  #isNew = false
  #lastTarget = -Infinity
  #judge: Judge | undefined
  #reader: TruthReader | undefined
  /** ns between the world's time and the run's. */
  #offset = 0
  #frames = 0
  #spent = 0
  #simulated = 0
  #closed = false
  /** What waits for its turn between two steps, in real time. */
  readonly #errands: (() => Promise<void>)[] = []
  readonly #running: Promise<void>

  /**
   * Finds the simulator. Throws SimError OBJECTS_INVALID, OBJECTS_MISSING, GAZEBO_FAILED, INTERRUPTED where `signal`
   * ended the wait; GzError where none answers, with the reason.
   */
  static async start(options: CellOptions, signal?: AbortSignal): Promise<GazeboCell> {
    const models = loadObjects(options.objects)
    const mj = await loadMujoco()
    let cell: GazeboCell | undefined
    const fail = (error: unknown): void => cell?.onError?.(error instanceof Error ? error : new Error(String(error)))
    // Others on this machine are warned of too, and a world that is busy: what keeps the world from its steps ends the
    // run, with the last of these.
    let warning = ''
    const node = await GzNode.open({
      onWarning: (topic, text) => {
        warning = `${topic}: ${text}`
      },
      onError: fail,
    })
    let terminal: PseudoTerminal | undefined
    // What is waited for ends with the node.
    const interrupt = (): void => void node.close()
    signal?.addEventListener('abort', interrupt)
    try {
      signal?.throwIfAborted()
      terminal = openPseudoTerminal()
      const world = await GazeboWorld.open(node, () => warning)
      if (options.mode === 'realtime') await world.join()
      return (cell = new GazeboCell({ options, models, mj, node, terminal, world }))
    } catch (error) {
      await Promise.allSettled([terminal?.close(), node.close()])
      throw signal?.aborted ? new SimError('INTERRUPTED', 'interrupted while Gazebo was waited for') : error
    } finally {
      signal?.removeEventListener('abort', interrupt)
    }
  }

  private constructor({
    options,
    models,
    mj,
    node,
    terminal,
    world,
  }: {
    options: CellOptions
    models: readonly ObjectModel[]
    mj: MainModule
    node: GzNode
    terminal: PseudoTerminal
    world: GazeboWorld
  }) {
    this.#options = options
    this.#models = models
    this.#mj = mj
    this.#node = node
    this.#terminal = terminal
    this.#world = world
    this.gripperPort = terminal.path
    world.onWrench = (stamp, value) => this.#feel(stamp, value)
    world.onFrame = frame => this.#see(frame)
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

  async reset(index: number, placement: Placement = {}): Promise<EpisodeSetup> {
    if (this.#options.mode === 'lockstep') return this.#place(index, placement)
    return new Promise((resolve, reject) =>
      this.#errands.push(() => this.#place(index, placement).then(resolve, reject)),
    )
  }

  async #place(index: number, { say, awaitCommand = false }: Placement): Promise<EpisodeSetup> {
    const { mode, seed, count, phrases, voiceUntil } = this.#options
    const episode = drawEpisode(this.#models, seed, index, { say, count, phrases, voiceUntil })
    for (const way of this.#ways) way.length = 0
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
   * Steps the world, a millisecond at a time, up to `until` (ns) and delivers everything that is received by then, in
   * receive order.
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

  /** Leaves the world without its objects, stopped, and hangs up the serial port. */
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
   * Real time: between the steps errands have their turn. What fails is reported, and tried again: a simulator may come
   * back.
   */
  async #run(): Promise<void> {
    const world = this.#world
    // When the time that the world has reached was due, had it kept pace since it last fell behind; ms.
    let due = performance.now()
    while (!this.#closed) {
      const [began, from] = [performance.now(), world.time]
      try {
        const errand = this.#errands.shift()
        if (errand) await errand()
        else await this.#step(this.#judge)
        this.#publish()
        this.#deliver(Infinity)
      } catch (error) {
        // Nobody judges an episode that has failed.
        this.#judge = undefined
        this.onError?.(error instanceof Error ? error : new Error(String(error)))
        await world.join().catch(() => pause(RETRY))
      }
      const stepped = Math.max(0, world.time - from)
      due = Math.max(due, began) + stepped / 1e6
      const ahead = due - performance.now()
      if (ahead > AHEAD) await pause(ahead)
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
    const beat = world.time / STEP
    if (beat % (POSE_TIMING.period / STEP) === 0) {
      const pose = world.tool.slice()
      this.#send(1, stamp + POSE_TIMING.latency, receive => this.onToolPose?.(stamp, receive, pose))
    }
    if (beat % (WIDTH_TIMING.period / STEP) === 0) {
      const { opening } = world.fingers
      this.#send(2, stamp + WIDTH_TIMING.latency, receive => this.onGripperWidth?.(stamp, receive, opening))
    }
  }

  #needsLockstep(what: string): void {
    if (this.#options.mode !== 'lockstep')
      throw new SimError('NOT_LOCKSTEP', `${what}: this cell runs in real time; start it with mode lockstep`)
  }

  #feel(worldStamp: number, value: Float64Array): void {
    if (this.#judge === undefined) return
    const stamp = worldStamp + this.#offset
    const wrench = value.slice()
    this.#send(0, stamp + WRENCH_TIMING.latency, receive => this.wrist.listener?.(stamp, wrench, receive))
  }

  #see({ stamp: worldStamp, ...picture }: Frame): void {
    if (this.#judge === undefined) return
    this.#frames++
    const stamp = worldStamp + this.#offset
    this.#send(3, stamp + cameraTiming(30).latency, receive => this.camera.listener?.({ stamp, receive, ...picture }))
  }

  #send(way: number, receive: number, deliver: (receive: number) => void): void {
    this.#ways[way]?.push({ receive, deliver: () => deliver(receive) })
  }

  #deliver(until: number): void {
    for (;;) {
      let first: Sample[] | undefined
      for (const way of this.#ways)
        if (way[0] !== undefined && (first?.[0] === undefined || way[0].receive < first[0].receive)) first = way
      const sample = first?.[0]
      if (first === undefined || sample === undefined || sample.receive > until) return
      first.shift()
      this.onReceive?.(sample.receive)
      sample.deliver()
    }
  }

  #publish(): void {
    writeTruth(this.#state, { time: this.#now, world: this.#world, judge: this.#judge })
  }
}
