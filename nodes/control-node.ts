import type { Gripper, GripperStatus } from '../drivers/gripper.js'
import { STEP } from '../control/arm/motion-limiter.js'
import type { ToolTarget } from '../control/arm/tool-pose.js'
import { Controller } from '../control/controller.js'
import { moveWithin } from '../control/gripper-move.js'
import type { Watchdog } from '../control/guard/watchdog.js'
import type { WrenchGuard } from '../control/guard/wrench-guard.js'
import { saidIn, type Utterance } from '../control/speech/said.js'
import type { GripHold } from '../control/state/grip-holds.js'
import type { Hold } from '../control/state/holds.js'
import type { Bus, Disposable, Publisher } from '../middleware/bus.js'
import { LifecycleNode } from '../middleware/lifecycle.js'
import type { JointState, PoseStamped, TypeName } from '../middleware/messages.js'
import type { Robot } from '../robots/robot.js'
import { toolStream } from '../robots/tool-stream.js'
import { fingerState, fingerStream } from './finger-state.js'
import { chunkTopic } from './fusion-node.js'
import { goneBack } from './going-back.js'
import { ManualGrip } from './manual-grip.js'
import { Measurements } from './measurements.js'
import { PolledGripper } from './polled-gripper.js'

export interface ControlOptions {
  readonly bus: Bus
  readonly robot: Robot
  readonly gripper: Gripper
  /** `temporal_ensembling` or `receding_horizon`. */
  readonly execution: string
  /**
   * Follows the policy in an episode only once something has been commanded in it: a policy acts without a word, too.
   */
  readonly awaitCommand?: boolean
  /** Bus time (ns) of a moment on the host's monotonic clock (ns). */
  readonly busTimeOf: (monotonic: number) => number
  /** After each chunk's gripper frame: reference stamp to last serial byte written, ns. */
  readonly onLatency?: (nanoseconds: number) => void
  /** A fault of the gripper's wire: told when it begins, not with every frame that it costs. */
  readonly onError?: (error: unknown) => void
  /** Put before `base_link`, the set-points' frame until a pose says in which it is. Default: nothing. */
  readonly framePrefix?: string
  /** Something about the tool's poses or the wrenches that their user should know; one line. */
  readonly onNotice?: (text: string) => void
}

const GRIPPER_PERIOD = 20_000_000

/**
 * Wires the controller: measurements, chunks and words from the bus, set-points onto it, moves onto the gripper's wire.
 * The arm is commanded at 100 Hz, the gripper with every chunk and polled at 50 Hz. What may move and when is the
 * controller's: see `control/controller.ts`, and `control/state/` for the states and the stops.
 */
export class ControlNode extends LifecycleNode {
  gate: Float32Array = new Float32Array(0)
  graspSuccess = NaN
  readonly guard: WrenchGuard
  readonly watchdog: Watchdog
  readonly #options: ControlOptions
  readonly #controller: Controller
  readonly #sensors: Measurements
  readonly #gripper: PolledGripper
  readonly #grip: ManualGrip
  /** From the configuration on: a stop that is said while the node is not active is a stop. */
  #words: Disposable[] = []
  /** While the node is active. */
  #heard: Disposable[] = []
  /** They count from the beginning of the episode. */
  #timers: Disposable[] = []
  #targets: Publisher<PoseStamped> | undefined
  #joints: Publisher<JointState> | undefined

  constructor(options: ControlOptions) {
    super('control')
    this.#options = options
    const { bus, robot, gripper, execution, awaitCommand = false, framePrefix = '', onError, onNotice } = options
    const tool = toolStream(robot)
    const target: PoseStamped = { stamp: 0, frameId: '', pose: new Float64Array(7) }
    this.#gripper = new PolledGripper({
      ...options,
      onStatus: (status, stamp) => this.#joints?.publish(fingerState(status, stamp)),
      onAlive: now => this.watchdog.heard('gripper', now),
    })
    this.#controller = new Controller({
      limits: robot.limits,
      arm: robot.actions.arm !== undefined,
      tare: robot.streams.find(s => s.modality === 'force')?.tare ?? 0,
      execution,
      awaitCommand,
      frame: `${framePrefix}base_link`,
      gripper: this.#gripper,
      send: (pose, now, frame) => {
        target.stamp = now
        target.frameId = frame
        target.pose.set(pose)
        this.#targets?.publish(target)
      },
      onTilt: error => onError?.(error),
      onNotice: tool && (text => onNotice?.(`stream ${tool.name} (${tool.topic}): ${text}`)),
    })
    this.#sensors = new Measurements({ bus, robot, controller: this.#controller, onNotice })
    this.guard = this.#controller.guard
    this.watchdog = this.#controller.watchdog
    this.#grip = new ManualGrip({ bus, gripper, wire: this.#gripper.wire, holdOf: width => this.gripHold(width) })
  }

  /** Why it does not move, or `none`. */
  get hold(): Hold {
    return this.#controller.hold
  }

  /** Why it does not move, in words; `none` where it does. */
  get holdText(): string {
    return this.#controller.holdText
  }

  get status(): GripperStatus | undefined {
    return this.#gripper.status
  }

  /** Bus time of `status`: the device measured no earlier. */
  get statusStamp(): number {
    return this.#gripper.statusStamp
  }

  /** Why the gripper does not answer, while that lasts. */
  get gripperFault(): unknown {
    return this.#gripper.wire.fault
  }

  /** Chunks whose gripper frame was not sent because the wire was still busy with an earlier one. */
  get wireBusy(): number {
    return this.#gripper.busy
  }

  /**
   * Chunks that were not carried out: of an earlier episode or too old, and without a pose, a row or a finite number
   * where one belongs.
   */
  get refused(): Controller['refused'] {
    return this.#controller.refused
  }

  get badWrenches(): number {
    return this.#sensors.badWrenches
  }

  get stops(): number {
    return this.#controller.stops
  }

  /** Tool poses without a stamp, with a NaN, whose orientation is none, or in another frame than those before. */
  get badPoses(): number {
    return this.#controller.badPoses
  }

  /** What the last utterance was taken for; `command`: for the policy, whatever it makes of it. */
  get heardAs(): Controller['heardAs'] {
    return this.#controller.heardAs
  }

  /** The commanded tool target: x, y, z (m), yaw (rad), base frame. */
  get target(): Readonly<ToolTarget> {
    return this.#controller.target
  }

  get hasArm(): boolean {
    return this.#controller.arm !== undefined
  }

  get limits(): Robot['limits'] {
    return this.#options.robot.limits
  }

  /** 0 to 1: the share of the limits of linear speed and yaw rate that the arm may use, from its next set-point on. */
  set speedScale(scale: number) {
    if (this.#controller.arm) this.#controller.arm.scale = scale
  }

  /** Whether a stop lasts that somebody made, not only a goal's end. */
  get stoppedBySomebody(): boolean {
    return this.#controller.stoppedBySomebody
  }

  /**
   * Ends motion now: the arm is set to where it comes to rest, the fingers stop. Resolves when the gripper has
   * acknowledged, or with why it did not; it is then told again. Lasts until "resume". `forNextGoal`: a goal ends so,
   * and the next one may `resume`, unless somebody says stop as well.
   */
  stop({ forNextGoal = false } = {}): Promise<unknown> {
    return this.#controller.stop(forNextGoal ? 'goal' : 'caller', this.#now)
  }

  /** What hearing "resume" does. */
  resume(): void {
    this.#controller.resume(this.#now)
  }

  /** Why the fingers may not go to `width` (m) on somebody's own word. */
  gripHold(width: number): GripHold {
    // Already while it is being deactivated: it listens to nothing any more, and what moves is being stopped.
    const node = this.state === 'active' && !this.#isActive ? 'inactive' : this.state
    return this.#controller.gripHold(width, this.#now, node)
  }

  /** Moves the fingers to `width` (m) with `effort` (N), brought within the limits: see `ManualGrip.move`. */
  grip(width: number, effort: number): Promise<number> {
    return this.#grip.move(moveWithin(this.limits, width, effort))
  }

  /** Ends what `grip` began; the arm and `hold` are left alone. Resolves like `stop`. */
  endGrip(): Promise<unknown> {
    return this.#grip.end()
  }

  protected override async onConfigure(): Promise<void> {
    const { bus, robot, gripper } = this.#options
    if (robot.actions.arm) this.#targets = bus.advertise(robot.actions.arm.topic, 'geometry_msgs/msg/PoseStamped')
    // Announcements before words: the command of an episode may wait here together with its announcement (see
    // FusionNode).
    if (robot.reset) {
      this.#words = [
        bus.subscribe(robot.reset.topic, 'std_msgs/msg/String', () => {
          if (this.#isActive) this.#beginEpisode()
        }),
      ]
    }
    for (const { topic, type } of robot.streams.filter(s => s.modality === 'voice'))
      this.#words.push(bus.subscribe(topic, type as TypeName, message => this.#hear(message as Utterance)))
    const joints = fingerStream(robot.streams)
    if (joints) this.#joints = bus.advertise(joints.topic, 'sensor_msgs/msg/JointState')
    await gripper.connect()
  }

  protected override onActivate(): void {
    const { bus, robot } = this.#options
    this.#beginEpisode()
    this.#sensors.subscribe(this.#heard)
    this.#heard.push(
      bus.subscribe(chunkTopic(robot), 'prehend_interfaces/msg/ActionChunk', (chunk, receive) => {
        this.gate = chunk.gate
        this.graspSuccess = chunk.graspSuccess
        this.#controller.take(chunk, receive)
      }),
    )
  }

  protected override async onDeactivate(): Promise<void> {
    const wasActive = this.#isActive
    for (const disposable of [...this.#heard, ...this.#timers]) disposable.dispose()
    this.#heard = []
    this.#timers = []
    if (!wasActive) return
    const halting = this.#controller.halt(this.#now)
    const { arm } = this.#controller
    // Whoever waits for it does so below.
    halting.catch(() => undefined)
    try {
      if (arm) await goneBack(arm, this.#options.bus.clock)
    } finally {
      // A stop that follows must not send it back.
      arm?.release()
    }
    await halting
  }

  protected override async onCleanup(): Promise<void> {
    await this.#options.gripper.close()
    await this.#gripper.wire.idle()
    for (const subscription of this.#words) subscription.dispose()
    this.#words = []
    this.#targets?.dispose()
    this.#joints?.dispose()
    this.#targets = this.#joints = undefined
  }

  get #isActive(): boolean {
    return this.#heard.length > 0
  }

  get #now(): number {
    return this.#options.bus.clock.now()
  }

  #beginEpisode(): void {
    const { clock } = this.#options.bus
    for (const timer of this.#timers) timer.dispose()
    this.#timers = [
      clock.every(STEP, () => this.#controller.step(clock.now())),
      clock.every(GRIPPER_PERIOD, () => this.#gripper.poll()),
    ]
    this.#controller.beginEpisode(clock.now())
  }

  #hear(utterance: Utterance): void {
    const said = saidIn(utterance, this.#options.robot.languages)
    this.#controller.hear(said, this.#now, { active: this.#isActive }).catch((error: unknown) => {
      this.#options.onError?.(error)
    })
    // Its configuration may activate the gripper, which moves the fingers.
    if (said.meaning === 'stop' && this.state === 'unconfigured') void this.#gripper.stop()
  }
}
