import type { EventEmitter } from 'node:events'
import { extname } from 'node:path'
import { MessageChannel, Worker } from 'node:worker_threads'
import type { MessagePort } from 'node:worker_threads'
import { loadTable } from '../objects/object-file.js'
import { SimError } from '../sim-error.js'
import type { CellFrame, CellOptions, CellStats, EpisodeSetup, Placement, Truth, Verdict } from '../simulated-cell.js'
import { PhysicsHere } from './physics-here.js'
import { buffersOf, share } from './protocol.js'
import type { CameraInit, FromCamera, FromPhysics, PhysicsInit, Shared, ToPhysics } from './protocol.js'
import type { SampleRing } from './sample-ring.js'
import { source } from './source.js'
import { STATE, TruthReader, verdictOf } from './truth.js'

const DEFAULT_CAMERA = { width: 128, height: 128, rate: 30 } as const
/** ns that one request to the physics covers at most, so that no ring fills. */
const LONGEST_SLICE = 1e9

/** What the loop needs of a cell, whoever computes its physics. */
export type SimulatedCell = Pick<Cell, keyof Cell>

type Reply = Extract<FromPhysics, { type: 'reset' | 'advanced' | 'ready' | 'closed' }>

/**
 * The embedded cell: physics, firmware and judge in one worker thread (in lockstep on the main thread), the camera in
 * another. Samples come to the callbacks in receive order; arrays given to them are valid during the call only (a
 * frame's buffers are the receiver's).
 */
export class Cell {
  /** The gripper's serial port: a pseudo-terminal. */
  readonly gripperPort: string
  /** The wrist camera and the wrist sensor, as the camera and force_torque nodes take them. */
  readonly camera = source<(frame: CellFrame) => void>()
  readonly wrist = source<(stamp: number, wrench: Float64Array, receive: number) => void>()
  /** TCP pose in the base frame: x, y, z, qx, qy, qz, qw. */
  onToolPose: ((stamp: number, receive: number, pose: Float64Array) => void) | undefined
  /** Gripper opening, m. */
  onGripperWidth: ((stamp: number, receive: number, width: number) => void) | undefined
  /** Before each sample: its receive time. */
  onReceive: ((receive: number) => void) | undefined
  /** A thread of the cell died; the cell is of no more use. */
  onError: ((error: Error) => void) | undefined
  readonly #options: CellOptions
  readonly #started: bigint
  readonly #shared: Shared
  readonly #physics: Worker | PhysicsHere
  readonly #cameraWorker: Worker | undefined
  readonly #state = new Float64Array(STATE.size)
  readonly #frames = new Map<number, CellFrame>()
  readonly #size: { readonly width: number; readonly height: number }
  #reader: TruthReader | undefined
  #reply: { resolve: (reply: Reply) => void; reject: (error: Error) => void } | undefined
  #frameWaiter: (() => void) | undefined
  #failure: Error | undefined
  #rendered = 0
  #renderMs = 0

  /**
   * Starts both threads. Throws SimError OBJECTS_INVALID, OBJECTS_MISSING, OBJECTS_FEW, CAMERA_INVALID or CELL_FAILED.
   */
  static async start(options: CellOptions): Promise<Cell> {
    const camera = options.camera ?? DEFAULT_CAMERA
    if (camera !== false && !(camera.width >= 128 && camera.height >= 128 && camera.rate > 0 && camera.rate <= 120)) {
      throw new SimError(
        'CAMERA_INVALID',
        `camera: ${camera.width}x${camera.height} at ${camera.rate} Hz: give at least 128x128 and a rate up to 120 Hz`,
      )
    }
    loadTable(options.objects, options.count)
    const started = options.started ?? process.hrtime.bigint()
    const shared = share()
    const { port1, port2 } = new MessageChannel()
    const eye =
      camera === false
        ? undefined
        : spawn(
            './camera-worker',
            { options, width: camera.width, height: camera.height, physics: port2 } satisfies CameraInit,
            [port2],
          )
    const init: PhysicsInit = {
      options,
      started,
      shared: buffersOf(shared),
      camera: camera === false ? undefined : port1,
    }
    const physics =
      options.mode === 'lockstep'
        ? new PhysicsHere(init)
        : spawn('./physics-worker', init, camera === false ? [] : [port1])
    try {
      const [ready] = await Promise.all([firstMessage<FromPhysics>(physics), eye && firstMessage<FromCamera>(eye)])
      if (ready.type !== 'ready') throw new SimError('CELL_FAILED', `the physics began with "${ready.type}"`)
      return new Cell({ options, started, shared, physics, eye, port: ready.port })
    } catch (error) {
      await Promise.all([physics.terminate(), eye?.terminate()])
      throw error
    }
  }

  private constructor({
    options,
    started,
    shared,
    physics,
    eye,
    port,
  }: {
    options: CellOptions
    started: bigint
    shared: Shared
    physics: Worker | PhysicsHere
    eye: Worker | undefined
    port: string
  }) {
    this.gripperPort = port
    this.#options = options
    this.#started = started
    this.#shared = shared
    this.#physics = physics
    this.#cameraWorker = eye
    this.#size = options.camera === false || options.camera === undefined ? DEFAULT_CAMERA : options.camera
    physics.on('message', (message: FromPhysics) => this.#hear(message))
    eye?.on('message', (message: FromCamera) => this.#see(message))
    for (const worker of [physics, eye]) worker?.on('error', error => this.#fail(error))
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

  /**
   * Places episode `index`, drawn from the seed. Time goes on; arm at home, fingers open, the gripper's firmware as at
   * the start.
   */
  async reset(index: number, { say, awaitCommand = false }: Placement = {}): Promise<EpisodeSetup> {
    const reply = await this.#ask({ type: 'reset', index, say, awaitCommand })
    if (reply.type !== 'reset') throw new SimError('CELL_FAILED', `the physics answered reset with "${reply.type}"`)
    this.#reader = new TruthReader(reply.episode)
    return reply.episode.setup
  }

  /** Lockstep only: simulates up to `until` (ns) and delivers everything that is received by then, in receive order. */
  async advance(until: number): Promise<void> {
    this.#needsLockstep('advance')
    for (;;) {
      const to = Math.min(until, this.#now() + LONGEST_SLICE)
      await this.#ask({ type: 'advance', until: to })
      await this.#deliver(to)
      if (to >= until) return
    }
  }

  /**
   * Lockstep only: time goes on to `until` (ns) while nothing moves and nothing is sensed; what was on its way is
   * delivered as ever.
   */
  async skip(until: number): Promise<void> {
    this.#needsLockstep('skip')
    await this.#ask({ type: 'skip', until })
    await this.#deliver(until)
  }

  /** The arm's set-point (x, y, z, qx, qy, qz, qw), effective on arrival. */
  setToolTarget(pose: Float64Array): void {
    this.#shared.target.write(pose)
  }

  /** Something was said: the judge and the expert hear it. */
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

  /** The true state. Throws before the first reset. */
  truth(): Truth {
    if (this.#reader === undefined) throw new SimError('NO_EPISODE', 'truth: reset() comes first')
    this.#shared.state.read(this.#state)
    return this.#reader.read(this.#state)
  }

  /** Ends both threads and hangs up the serial port. */
  async close(): Promise<void> {
    if (this.#failure === undefined) await this.#ask({ type: 'close' }).catch(() => undefined)
    this.#failure ??= new SimError('CELL_CLOSED', 'the cell is closed')
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

  #hear(message: FromPhysics): void {
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

  #see(message: FromCamera): void {
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
    this.camera.listener?.({ ...frame, receive: now })
  }

  #fail(error: Error): void {
    this.#failure ??= error
    this.#reply?.reject(error)
    this.#reply = undefined
    this.#frameWaiter?.()
    this.onError?.(error)
  }

  /** Real time: everything that has come, received now. */
  #drain(): void {
    const now = Number(process.hrtime.bigint() - this.#started)
    for (let ring = this.#earliest(); ring !== undefined; ring = this.#earliest()) this.#emit(ring, now)
  }

  /** Lockstep: everything received by `until`; a frame is waited for only now that it is due. */
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
      this.camera.listener?.(frame)
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

function spawn(name: string, workerData: object, transferList: readonly MessagePort[]): Worker {
  const extension = extname(import.meta.url)
  const entry = new URL(name + extension, import.meta.url)
  const common = { workerData, transferList: [...transferList], execArgv: [] }
  if (extension !== '.ts') return new Worker(entry, common)
  return new Worker(new URL('./worker-from-source.mjs', import.meta.url), { ...common, argv: [entry.href] })
}

/** The first message of a thread; its failure as a SimError. */
function firstMessage<T extends FromPhysics | FromCamera>(worker: EventEmitter): Promise<T> {
  return new Promise((resolve, reject) => {
    worker.once('error', reject)
    worker.once('message', (message: T) => {
      worker.off('error', reject)
      if (message.type === 'failed') reject(new SimError(message.code, message.message))
      else resolve(message)
    })
  })
}
