import type { FromCamera } from '../embedded/protocol.js'
import type { SampleRing } from '../embedded/sample-ring.js'
import { source } from '../embedded/source.js'
import type { Source } from '../embedded/source.js'
import type { RobotCell } from '../robot-cell.js'
import { SimError } from '../sim-error.js'
import type { CellFrame, CellOptions, CellStats, EpisodeSetup, Placement, Verdict } from '../simulated-cell.js'
import { setupOf } from './episode.js'
import type { So101Episode } from './episode.js'
import { forCameras } from './protocol.js'
import type { FromPhysics, ToPhysics } from './protocol.js'
import { CAMERAS } from './so101-simulation.js'
import type { CameraName } from './so101-simulation.js'
import { startThreads } from './so101-threads.js'
import type { So101Threads } from './so101-threads.js'
import { STATE, truthIn, verdictIn } from './state.js'
import type { So101Truth } from './truth.js'

/** Longest simulated time of one request to the physics, ns, so that no ring overflows. */
const LONGEST_SLICE = 1e9

type Reply = Extract<FromPhysics, { type: 'reset' | 'advanced' | 'closed' }>

/**
 * The cell with an arm of the SO-101's kind. Physics, servos and judge run in one worker thread (in lockstep on the main
 * thread), each camera in another. Callbacks get the samples in receive order. Their arrays are valid during the call
 * only, except for a frame's buffers, which belong to the receiver.
 */
export class So101Cell implements RobotCell<So101Truth> {
  readonly ports: { readonly arm: string }
  readonly cameras: Readonly<Record<CameraName, Source<(frame: CellFrame) => void>>>
  readonly wrist = source<(stamp: number, wrench: Float64Array, receive: number) => void>()
  onReceive: RobotCell['onReceive']
  onError: RobotCell['onError']
  readonly #options: CellOptions
  readonly #threads: So101Threads
  readonly #state = new Float64Array(STATE.size)
  readonly #frames = forCameras(() => new Map<number, CellFrame>())
  #episode: So101Episode | undefined
  #reply: { resolve: (reply: Reply) => void; reject: (error: Error) => void } | undefined
  #frameWaiter: (() => void) | undefined
  #failure: Error | undefined
  #isClosing = false
  #rendered = 0
  #renderMs = 0

  /**
   * Starts the threads. Rejects with SimError OBJECTS_INVALID, OBJECTS_MISSING, OBJECTS_FEW, CAMERA_INVALID or
   * CELL_FAILED, or with MissingPackageError.
   */
  static async start(options: CellOptions): Promise<So101Cell> {
    return new So101Cell(options, await startThreads(options))
  }

  private constructor(options: CellOptions, threads: So101Threads) {
    this.#options = options
    this.#threads = threads
    this.ports = { arm: threads.port }
    this.cameras = forCameras(() => source<(frame: CellFrame) => void>())
    threads.physics.on('message', (message: FromPhysics) => this.#receive(message))
    threads.physics.on('error', (error: Error) => this.#fail(error))
    threads.physics.on('exit', (code: number) => this.#exited('the physics', code))
    for (const name of CAMERAS) {
      const worker = threads.cameras?.[name]
      worker?.on('message', (message: FromCamera) => this.#receiveFrame(name, message))
      worker?.on('error', (error: Error) => this.#fail(error))
      worker?.on('exit', (code: number) => this.#exited(`camera ${name}`, code))
    }
  }

  get stats(): CellStats {
    const { state, wrench, triggers } = this.#threads.shared
    state.read(this.#state)
    const [overruns = NaN, skippedNs = NaN, realTimeFactor = NaN] = this.#state.subarray(STATE.stats, STATE.stats + 3)
    return {
      overruns,
      skippedNs,
      realTimeFactor,
      lostSamples: CAMERAS.reduce((sum, name) => sum + triggers[name].lost, wrench.lost),
      renderedFrames: this.#rendered,
      renderMs: this.#rendered === 0 ? 0 : this.#renderMs / this.#rendered,
    }
  }

  async reset(index: number, { say, awaitCommand = false }: Placement = {}): Promise<EpisodeSetup> {
    const reply = await this.#ask({ type: 'reset', index, say, awaitCommand })
    if (reply.type !== 'reset') throw new SimError('CELL_FAILED', `the physics answered reset with "${reply.type}"`)
    this.#episode = reply.episode
    // The caller announces the episode when this resolves, before the event loop goes on.
    if (this.#options.mode === 'realtime') setImmediate(() => this.#threads.physics.postMessage({ type: 'begun' }))
    return setupOf(reply.episode)
  }

  async advance(until: number): Promise<void> {
    this.#needsLockstep('advance')
    for (;;) {
      const to = Math.min(until, this.#now() + LONGEST_SLICE)
      await this.#ask({ type: 'advance', until: to })
      await this.#deliver(to)
      if (to >= until) return
    }
  }

  async skip(until: number): Promise<void> {
    this.#needsLockstep('skip')
    await this.#ask({ type: 'skip', until })
    await this.#deliver(until)
  }

  said(text: string): void {
    this.#threads.physics.postMessage({ type: 'said', text } satisfies ToPhysics)
  }

  stopSaid(): void {
    this.said('stop')
  }

  verdict(): Verdict {
    this.#threads.shared.state.read(this.#state)
    return verdictIn(this.#state)
  }

  truth(): So101Truth {
    if (this.#episode === undefined) throw new SimError('NO_EPISODE', 'truth: reset() comes first')
    this.#threads.shared.state.read(this.#state)
    return truthIn(this.#state, this.#episode)
  }

  /** Ends the threads. A request that is under way is refused with CELL_CLOSED. */
  async close(): Promise<void> {
    this.#isClosing = true
    const { physics, cameras } = this.#threads
    if (this.#failure === undefined) await this.#ask({ type: 'close' }).catch(() => undefined)
    this.#end(new SimError('CELL_CLOSED', 'the cell is closed'))
    await Promise.all([physics, ...Object.values(cameras ?? {})].map(thread => thread.terminate()))
  }

  #needsLockstep(what: string): void {
    if (this.#options.mode !== 'lockstep')
      throw new SimError('NOT_LOCKSTEP', `${what}: this cell runs in real time; start it with mode lockstep`)
  }

  #now(): number {
    this.#threads.shared.state.read(this.#state)
    return this.#state[STATE.stamp]!
  }

  /** ns of the wall clock since stamp 0. */
  #wall(): number {
    return Number(process.hrtime.bigint() - this.#threads.started)
  }

  #ask(message: ToPhysics): Promise<Reply> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure)
    if (this.#reply !== undefined)
      return Promise.reject(new SimError('CELL_BUSY', `${message.type}: the request before is not answered yet`))
    return new Promise((resolve, reject) => {
      this.#reply = { resolve, reject }
      this.#threads.physics.postMessage(message)
    })
  }

  #receive(message: FromPhysics): void {
    if (message.type === 'samples') {
      Atomics.store(this.#threads.shared.wake, 0, 0)
      const { wrench } = this.#threads.shared
      for (const now = this.#wall(); wrench.peek(); ) this.#emitWrench(now)
    } else if (message.type === 'failed') {
      this.#fail(new SimError(message.code, message.message))
    } else if (message.type !== 'ready') {
      const reply = this.#reply
      this.#reply = undefined
      reply?.resolve(message)
    }
  }

  #receiveFrame(name: CameraName, message: FromCamera): void {
    if (message.type === 'failed') this.#fail(new SimError(message.code, message.message))
    if (message.type !== 'frame') return
    const { stamp, receive, rgb, depth, renderMs } = message
    this.#rendered++
    this.#renderMs += renderMs
    const frame: CellFrame = { stamp, receive, ...this.#threads.size, rgb, depth }
    if (this.#options.mode === 'lockstep') {
      this.#frames[name].set(stamp, frame)
      this.#frameWaiter?.()
      return
    }
    const now = this.#wall()
    this.onReceive?.(now)
    this.cameras[name].listener?.({ ...frame, receive: now })
  }

  #fail(error: Error): void {
    this.#end(error)
    this.onError?.(error)
  }

  /** What is under way, and all that is asked for later, is refused with the first error. */
  #end(error: Error): void {
    this.#failure ??= error
    this.#reply?.reject(this.#failure)
    this.#reply = undefined
    this.#frameWaiter?.()
  }

  /** A worker that has ended answers nothing any more. It is a failure unless the cell is being closed. */
  #exited(what: string, code: number): void {
    const error = new SimError('CELL_FAILED', `${what} ended with exit code ${code}`)
    if (this.#isClosing) this.#end(error)
    else if (this.#failure === undefined) this.#fail(error)
  }

  #emitWrench(receive: number): void {
    const { wrench } = this.#threads.shared
    wrench.take()
    this.onReceive?.(receive)
    this.wrist.listener?.(wrench.stamp, wrench.value, receive)
  }

  /** Lockstep: delivers all samples that are received by `until`. A frame is waited for when it is due, not earlier. */
  async #deliver(until: number): Promise<void> {
    const { wrench, triggers } = this.#threads.shared
    for (;;) {
      let camera: CameraName | undefined
      let first: SampleRing | undefined = wrench.peek() ? wrench : undefined
      for (const name of CAMERAS) {
        const ring = triggers[name]
        if (!ring.peek() || (first !== undefined && first.receive <= ring.receive)) continue
        first = ring
        camera = name
      }
      if (first === undefined || first.receive > until) return
      if (camera === undefined) {
        this.#emitWrench(first.receive)
        continue
      }
      const { stamp, receive } = first
      first.take()
      const frame = await this.#frameOf(camera, stamp)
      this.onReceive?.(receive)
      this.cameras[camera].listener?.(frame)
    }
  }

  async #frameOf(camera: CameraName, stamp: number): Promise<CellFrame> {
    const frames = this.#frames[camera]
    for (;;) {
      const frame = frames.get(stamp)
      if (frame !== undefined) {
        frames.delete(stamp)
        return frame
      }
      if (this.#failure !== undefined) throw this.#failure
      await new Promise<void>(resolve => (this.#frameWaiter = resolve))
      this.#frameWaiter = undefined
    }
  }
}
