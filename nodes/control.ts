import type { Gripper, GripperStatus } from '../drivers/gripper.js'
import { ChunkExecutor, type SetPoint } from '../fusion/policy/chunk-executor.js'
import type { Robot } from '../fusion/robot/robot.js'
import type { Bus, Disposable, Publisher } from '../middleware/bus.js'
import { LifecycleNode } from '../middleware/lifecycle.js'
import type { ActionChunkMessage, JointState, PoseStamped, TypeName } from '../middleware/messages.js'
import { CHUNK_TOPIC } from './fusion.js'
import { MotionLimiter, poseOf, yawOf, type ToolTarget } from './motion-limiter.js'
import { isResume, isStop } from './stop-word.js'
import { Watchdog, type Watched } from './watchdog.js'
import { WrenchGuard } from './wrench-guard.js'

export interface ControlOptions {
  readonly bus: Bus
  readonly robot: Robot
  readonly gripper: Gripper
  /** `temporal_ensembling` or `receding_horizon`. */
  readonly execution: string
  /** Bus time (ns) of a moment on the host's monotonic clock (ns). */
  readonly busTimeOf: (monotonic: number) => number
  /** After each chunk's gripper frame: reference stamp to last serial byte written, ns. */
  readonly onLatency?: (nanoseconds: number) => void
  readonly onError?: (error: unknown) => void
}

/** Why the control node does not move, or `none`. */
export type Hold = 'none' | 'stop' | 'no_chunk' | Watched

const ARM_PERIOD = 10_000_000
const GRIPPER_PERIOD = 20_000_000
/** m/s: how fast the tool may go down while something is touched. */
const CONTACT_DOWN_SPEED = 0.05
/** ns the force must have stayed under the contact limit before an over-force is forgiven. */
const OVER_FORCE_RELEASE = 100_000_000
/** m/s: fingers. */
const FINGER_SPEED = 0.1
const FINGER_JOINT = ['finger_joint']
const NOTHING = new Float64Array(0)

/**
 * Turns action chunks into arm set-points (bus) and gripper frames (serial wire), within the robot file's limits. The arm is commanded at
 * 100 Hz, the gripper with every chunk and polled at 50 Hz; guards run on every wrench sample; a source that goes quiet, an over-force or
 * a "stop" holds the last safe set-point, and "stop" is kept until "resume" or a new episode.
 */
export class ControlNode extends LifecycleNode {
  hold: Hold = 'no_chunk'
  status: GripperStatus | undefined
  gate: Float32Array = new Float32Array(0)
  graspSuccess = NaN
  /** Chunks whose gripper frame was not sent because the wire was still busy with an earlier one. */
  wireBusy = 0
  stops = 0
  readonly guard: WrenchGuard
  readonly watchdog: Watchdog
  readonly #options: ControlOptions
  readonly #executor: ChunkExecutor
  readonly #limiter: MotionLimiter
  readonly #setPoint: SetPoint
  readonly #desired: ToolTarget = { x: 0, y: 0, z: 0, yaw: 0 }
  readonly #tool = new Float64Array(7)
  readonly #target: PoseStamped = { stamp: 0, frameId: 'base', pose: new Float64Array(7) }
  #toolKnown = false
  #disposables: Disposable[] = []
  #arm: Publisher<PoseStamped> | undefined
  #joints: Publisher<JointState> | undefined
  #wire: Promise<void> = Promise.resolve()
  #wirePending = 0

  constructor(options: ControlOptions) {
    super('control')
    this.#options = options
    const { limits, streams } = options.robot
    this.guard = new WrenchGuard(limits, { tare: streams.find(s => s.modality === 'force')?.tare ?? 0, release: OVER_FORCE_RELEASE })
    this.watchdog = new Watchdog(limits.watchdog)
    this.#limiter = new MotionLimiter(limits)
    this.#executor = new ChunkExecutor(options.execution)
    this.#setPoint = { pose: new Float64Array(7), width: limits.width[1], effort: limits.effort[0], exhausted: true }
  }

  /** The commanded tool target: x, y, z (m), yaw (rad), base frame. */
  get target(): Readonly<ToolTarget> {
    return this.#limiter.target
  }

  get limits(): Robot['limits'] {
    return this.#options.robot.limits
  }

  /** Ends motion now: the arm is set to where it is, the fingers stop. Resolves when the gripper has acknowledged (or its wire is gone). */
  async stop(): Promise<void> {
    this.hold = 'stop'
    this.stops++
    this.#executor.clear()
    if (this.#toolKnown) this.#limiter.place(this.#tool)
    this.#publishTarget()
    const stopping = this.#options.gripper.stop().catch((error: unknown) => this.#options.onError?.(error))
    this.#options.bus.work(stopping)
    await stopping
  }

  protected override async onConfigure(): Promise<void> {
    const { bus, robot, gripper } = this.#options
    if (robot.actions.arm) this.#arm = bus.advertise(robot.actions.arm.topic, 'geometry_msgs/msg/PoseStamped')
    const joints = robot.streams.find(s => s.type === 'sensor_msgs/msg/JointState')
    if (joints) this.#joints = bus.advertise(joints.topic, 'sensor_msgs/msg/JointState')
    await gripper.connect()
  }

  protected override onActivate(): void {
    const { bus, robot } = this.#options
    this.#begin()
    const { clock } = bus
    const subscribe = (modality: string, listener: (message: never, receive: number) => void): void => {
      for (const stream of robot.streams.filter(s => s.modality === modality)) {
        this.#disposables.push(bus.subscribe(stream.topic, stream.type as TypeName, listener as never))
      }
    }
    subscribe('rgb', (_image, receive) => this.watchdog.heard('camera', receive))
    subscribe('force', (message: { stamp: number; wrench: Float64Array }, receive) => {
      this.watchdog.heard('wrench', receive)
      if (this.guard.sample(message.stamp, message.wrench)) this.#freezeArm()
    })
    subscribe('voice', (message: { text?: string; data?: string }) => {
      const text = message.text ?? message.data ?? ''
      if (isStop(text)) void this.stop()
      else if (this.hold === 'stop' && isResume(text)) this.#begin()
    })
    for (const stream of robot.streams.filter(s => s.type === 'geometry_msgs/msg/PoseStamped')) {
      this.#disposables.push(bus.subscribe(stream.topic, 'geometry_msgs/msg/PoseStamped', message => {
        this.#tool.set(message.pose)
        if (!this.#toolKnown) this.#limiter.place(this.#tool)
        this.#toolKnown = true
      }))
    }
    this.#disposables.push(
      bus.subscribe(CHUNK_TOPIC, 'prehend_interfaces/msg/ActionChunk', (chunk, receive) => this.#take(chunk, receive)),
      clock.every(ARM_PERIOD, () => this.#moveArm()),
      clock.every(GRIPPER_PERIOD, () => this.#poll()),
    )
    if (robot.reset) this.#disposables.push(bus.subscribe(robot.reset.topic, 'std_msgs/msg/String', () => this.#begin()))
  }

  protected override onDeactivate(): void {
    for (const disposable of this.#disposables) disposable.dispose()
    this.#disposables = []
  }

  protected override async onCleanup(): Promise<void> {
    await this.#wire
    await this.#options.gripper.close()
    this.#arm?.dispose()
    this.#joints?.dispose()
    this.#arm = this.#joints = undefined
  }

  /** A new episode, or the end of a stop: nothing is remembered, and nothing moves before a fresh chunk. */
  #begin(): void {
    this.hold = 'no_chunk'
    this.#executor.clear()
    this.guard.reset()
    this.#toolKnown = false
    this.watchdog.start(this.#options.bus.clock.now())
  }

  #take(chunk: ActionChunkMessage, receive: number): void {
    this.watchdog.heard('policy', receive)
    this.gate = chunk.gate
    this.graspSuccess = chunk.graspSuccess
    if (this.hold === 'stop' || !chunk.data.every(Number.isFinite)) return
    this.#executor.push(chunk)
    this.#executor.sample(receive, this.#setPoint)
    this.#commandGripper(chunk.stamp)
  }

  #moveArm(): void {
    const now = this.#options.bus.clock.now()
    if (this.hold === 'stop') return this.#publishTarget()
    if (!this.#toolKnown) return
    const quiet = this.watchdog.quiet(now)
    const known = this.#executor.sample(now, this.#setPoint)
    this.hold = quiet.length > 0 ? quiet[0] : known ? 'none' : 'no_chunk'
    if (quiet.length === 0 && known) {
      const { pose } = this.#setPoint
      const desired = this.#desired
      desired.x = pose[0]
      desired.y = pose[1]
      desired.z = pose[2]
      desired.yaw = yawOf(pose)
      this.#limiter.step(desired, ARM_PERIOD / 1e9, this.#downSpeed())
    }
    this.#publishTarget()
  }

  #downSpeed(): number {
    if (this.guard.state === 'over_force') return 0
    return this.guard.state === 'contact' && this.status?.object !== 'closing' ? CONTACT_DOWN_SPEED : Infinity
  }

  #freezeArm(): void {
    if (!this.#toolKnown) return
    this.#limiter.place(this.#tool)
    this.#publishTarget()
  }

  #publishTarget(): void {
    if (!this.#toolKnown) return
    poseOf(this.#limiter.target, this.#target.pose)
    this.#target.stamp = this.#options.bus.clock.now()
    this.#arm?.publish(this.#target)
  }

  #commandGripper(stamp: number): void {
    if (this.#wirePending > 1) {
      this.wireBusy++
      return
    }
    const { width, effort } = this.#options.robot.limits
    const command = {
      width: Math.min(width[1], Math.max(width[0], this.#setPoint.width)),
      speed: FINGER_SPEED,
      effort: Math.min(effort[1], Math.max(effort[0], this.#setPoint.effort)),
    }
    this.#onWire(async () => {
      if (this.hold === 'stop') return
      const { written } = await this.#options.gripper.move(command)
      this.#options.onLatency?.(this.#options.busTimeOf(written) - stamp)
    })
  }

  #poll(): void {
    if (this.#wirePending > 0) return
    this.#onWire(async () => {
      const status = await this.#options.gripper.status()
      const now = this.#options.bus.clock.now()
      this.status = status
      this.watchdog.heard('gripper', now)
      this.#joints?.publish({
        stamp: now, frameId: '', name: FINGER_JOINT, position: Float64Array.of(status.width), velocity: NOTHING, effort: Float64Array.of(status.current),
      })
    })
  }

  /** One transaction after the other; the bus knows that an answer is on its way. */
  #onWire(transaction: () => Promise<void>): void {
    this.#wirePending++
    this.#wire = this.#wire.then(transaction).catch((error: unknown) => this.#options.onError?.(error)).finally(() => {
      this.#wirePending--
    })
    this.#options.bus.work(this.#wire)
  }
}
