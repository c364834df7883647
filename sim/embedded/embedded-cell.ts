import { SimError } from '../sim-error.js'
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
import { DEFAULT_CAMERA, startThreads } from './cell-threads.js'
import type { CellThreads } from './cell-threads.js'
import type { FromCamera, FromPhysics, ToPhysics } from './protocol.js'
import type { SampleRing } from './sample-ring.js'
import { source } from './source.js'
import { STATE, TruthReader, verdictOf } from './truth.js'

/** Longest simulated time of one request to the physics, ns, so that no ring overflows. */
const LONGEST_SLICE = 1e9

type Reply = Extract<FromPhysics, { type: 'reset' | 'advanced' | 'ready' | 'closed' }>

/**
 * The embedded cell. Physics, firmware and judge run in one worker thread (in lockstep on the main thread), the camera
 * in another. Callbacks get the samples in receive order. Their arrays are valid during the call only, except for a
 * frame's buffers, which belong to the receiver.
 */
export class EmbeddedCell implements SimulatedCell {
  readonly ports: SimulatedCell['ports']
  readonly cameras = { color: source<(frame: CellFrame) => void>() }
  readonly wrist = source<(stamp: number, wrench: Float64Array, receive: number) => void>()
  onToolPose: SimulatedCell['onToolPose']
  onGripperWidth: SimulatedCell['onGripperWidth']
  onReceive: SimulatedCell['onReceive']
  onError: SimulatedCell['onError']
  readonly #options: CellOptions
  readonly #started: bigint
  readonly #shared: CellThreads['shared']
  readonly #physics: CellThreads['physics']
  readonly #cameraWorker: CellThreads['camera']
  readonly #state = new Float64Array(STATE.size)
  readonly #frames = new Map<number, CellFrame>()
  readonly #size: { readonly width: number; readonly height: number }
  #reader: TruthReader | undefined
  #reply: { resolve: (reply: Reply) => void; reject: (error: Error) => void } | undefined
  #frameWaiter: (() => void) | undefined
  #failure: Error | undefined
  #isClosing = false
  #rendered = 0
  #renderMs = 0

  /**
   * Starts both threads. Rejects with SimError OBJECTS_INVALID, OBJECTS_MISSING, OBJECTS_FEW, CAMERA_INVALID or
   * CELL_FAILED, or with MissingPackageError.
   */
  static async start(options: CellOptions): Promise<EmbeddedCell> {
    return new EmbeddedCell(options, await startThreads(options))
  }

  private constructor(options: CellOptions, { started, shared, physics, camera, port }: CellThreads) {
    this.ports = { gripper: port }
    this.#options = options
    this.#started = started
    this.#shared = shared
    this.#physics = physics
    this.#cameraWorker = camera
    this.#size = options.camera === false || options.camera === undefined ? DEFAULT_CAMERA : options.camera
    physics.on('message', (message: FromPhysics) => this.#receive(message))
    camera?.on('message', (message: FromCamera) => this.#receiveFrame(message))
    for (const worker of [physics, camera]) worker?.on('error', (error: Error) => this.#fail(error))
    physics.on('exit', (code: number) => this.#exited('the physics', code))
    camera?.on('exit', (code: number) => this.#exited('the camera', code))
  }

  get stats(): CellStats {
    this.#shared.state.read(this.#state)
    const [overruns = NaN, skippedNs = NaN, realTimeFactor = NaN] = this.#state.subarray(STATE.stats, STATE.stats + 3)
    const { wrench, pose, width } = this.#shared
    return {
      overruns,
      skippedNs,
      realTimeFactor,
      lostSamples: wrench.lost + pose.lost + width.lost,
      renderedFrames: this.#rendered,
      renderMs: this.#rendered === 0 ? 0 : this.#renderMs / this.#rendered,
    }
  }

  async reset(index: number, { say, awaitCommand = false }: Placement = {}): Promise<EpisodeSetup> {
    const reply = await this.#ask({ type: 'reset', index, say, awaitCommand })
    if (reply.type !== 'reset') throw new SimError('CELL_FAILED', `the physics answered reset with "${reply.type}"`)
    this.#reader = new TruthReader(reply.episode)
    return reply.episode.setup
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

  setToolTarget(pose: Float64Array): void {
    this.#shared.target.write(pose)
  }

  said(text: string): void {
    this.#send({ type: 'said', text })
  }

  stopSaid(): void {
    this.said('stop')
  }

  verdict(): Verdict {
    this.#shared.state.read(this.#state)
    return verdictOf(this.#state)
  }

  truth(): Truth {
    if (this.#reader === undefined) throw new SimError('NO_EPISODE', 'truth: reset() comes first')
    this.#shared.state.read(this.#state)
    return this.#reader.read(this.#state)
  }

  /** Ends the threads. A request that is under way is refused with CELL_CLOSED. */
  async close(): Promise<void> {
    this.#isClosing = true
    if (this.#failure === undefined) await this.#ask({ type: 'close' }).catch(() => undefined)
    this.#end(new SimError('CELL_CLOSED', 'the cell is closed'))
    await Promise.all([this.#physics.terminate(), this.#cameraWorker?.terminate()])
  }

  #needsLockstep(what: string): void {
    if (this.#options.mode !== 'lockstep')
      throw new SimError('NOT_LOCKSTEP', `${what}: this cell runs in real time; start it with mode lockstep`)
  }

  #now(): number {
    this.#shared.state.read(this.#state)
    return this.#state[STATE.stamp]!
  }

  #send(message: ToPhysics): void {
    this.#physics.postMessage(message)
  }

  #ask(message: ToPhysics): Promise<Reply> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure)
    if (this.#reply !== undefined)
      return Promise.reject(new SimError('CELL_BUSY', `${message.type}: the request before is not answered yet`))
    return new Promise((resolve, reject) => {
      this.#reply = { resolve, reject }
      this.#send(message)
    })
  }

  #receive(message: FromPhysics): void {
    if (message.type === 'samples') {
      Atomics.store(this.#shared.wake, 0, 0)
      this.#drain()
    } else if (message.type === 'failed') {
      this.#fail(new SimError(message.code, message.message))
    } else {
      const reply = this.#reply
      this.#reply = undefined
      reply?.resolve(message)
    }
  }

  #receiveFrame(message: FromCamera): void {
    if (message.type === 'failed') this.#fail(new SimError(message.code, message.message))
    if (message.type !== 'frame') return
    const { stamp, receive, rgb, depth, renderMs } = message
    this.#rendered++
    this.#renderMs += renderMs
    const frame: CellFrame = { stamp, receive, ...this.#size, rgb, depth }
    if (this.#options.mode === 'lockstep') {
      this.#frames.set(stamp, frame)
      this.#frameWaiter?.()
      return
    }
    const now = Number(process.hrtime.bigint() - this.#started)
    this.onReceive?.(now)
    this.cameras.color.listener?.({ ...frame, receive: now })
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

  /** Real time: delivers all samples that have come, with the current time as their receive time. */
  #drain(): void {
    const now = Number(process.hrtime.bigint() - this.#started)
    for (let ring = this.#earliest(); ring !== undefined; ring = this.#earliest()) this.#emit(ring, now)
  }

  /** Lockstep: delivers all samples that are received by `until`. A frame is waited for when it is due, not earlier. */
  async #deliver(until: number): Promise<void> {
    for (;;) {
      const ring = this.#earliest()
      if (ring === undefined || ring.receive > until) return
      if (ring !== this.#shared.trigger) {
        this.#emit(ring, ring.receive)
        continue
      }
      const { stamp, receive } = ring
      ring.take()
      const frame = await this.#frameOf(stamp)
      this.onReceive?.(receive)
      this.cameras.color.listener?.(frame)
    }
  }

  async #frameOf(stamp: number): Promise<CellFrame> {
    for (;;) {
      const frame = this.#frames.get(stamp)
      if (frame !== undefined) {
        this.#frames.delete(stamp)
        return frame
      }
      if (this.#failure !== undefined) throw this.#failure
      await new Promise<void>(resolve => (this.#frameWaiter = resolve))
      this.#frameWaiter = undefined
    }
  }

  /** The ring whose oldest sample is received first. */
  #earliest(): SampleRing | undefined {
    const { wrench, pose, width, trigger } = this.#shared
    let first: SampleRing | undefined
    if (wrench.peek()) first = wrench
    if (pose.peek() && (first === undefined || pose.receive < first.receive)) first = pose
    if (width.peek() && (first === undefined || width.receive < first.receive)) first = width
    if (trigger.peek() && (first === undefined || trigger.receive < first.receive)) first = trigger
    return first
  }

  #emit(ring: SampleRing, receive: number): void {
    ring.take()
    this.onReceive?.(receive)
    const { wrench, pose } = this.#shared
    if (ring === wrench) this.wrist.listener?.(ring.stamp, ring.value, receive)
    else if (ring === pose) this.onToolPose?.(ring.stamp, receive, ring.value)
    else this.onGripperWidth?.(ring.stamp, receive, ring.value[0]!)
  }
}
