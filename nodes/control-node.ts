import { DriverError } from '../drivers/driver-error.js'
import type { GripperStatus } from '../drivers/gripper.js'
import { STEP } from '../control/arm/motion-limiter.js'
import type { ToolTarget } from '../control/arm/tool-pose.js'
import { Controller } from '../control/controller.js'
import { moveWithin } from '../control/gripper-move.js'
import type { Watchdog } from '../control/guard/watchdog.js'
import type { WrenchGuard } from '../control/guard/wrench-guard.js'
import { saidIn, type Utterance } from '../control/speech/said.js'
import type { Commander } from '../control/state/commanders.js'
import type { GripHold } from '../control/state/grip-holds.js'
import type { Hold } from '../control/state/holds.js'
import type { Disposable, Publisher } from '../middleware/bus.js'
import { LifecycleNode } from '../middleware/lifecycle.js'
import type { JointState, PoseStamped, TypeName } from '../middleware/messages.js'
import type { Robot } from '../robots/robot.js'
import { toolStream } from '../robots/tool-stream.js'
import { fingerState, fingerStream } from './finger-state.js'
import { CommandWiring } from './command-wiring.js'
import { commanded, watchedSources, type ControlOptions } from './control-options.js'
import { GRIPPER_PERIOD } from './driver-fingers.js'
import { MotionWirings } from './motion-wirings.js'
import { executableOf } from './chunk-message.js'
import { chunkTopic } from './fusion-node.js'
import { retreat } from './retreat.js'
import { ManualGrip } from './manual-grip.js'
import { Measurements } from './measurements.js'
import { PolledGripper } from './polled-gripper.js'

/**
 * Wires the controller. It passes measurements, action chunks and utterances from the bus to the controller, set-points
 * from the controller to the bus, and moves to the gripper, where there is one. The arm gets set-points at 100 Hz. The gripper
 * gets a move with every chunk and is polled at 50 Hz. The controller decides what may move and when: see `control/controller.ts`,
 * and `control/state/` for the states and the stops.
 */
export class ControlNode extends LifecycleNode {
  gate: Float32Array = new Float32Array(0)
  graspSuccess = NaN
  readonly guard: WrenchGuard
  readonly watchdog: Watchdog
  readonly #options: ControlOptions
  readonly #controller: Controller
  readonly #sensors: Measurements
  readonly #gripper: PolledGripper | undefined
  readonly #grip: ManualGrip | undefined
  readonly #wirings: MotionWirings
  readonly #command: CommandWiring
  /** Subscriptions from the configuration on, because a stop that is said while the node is inactive counts. */
  #configured: Disposable[] = []
  /** Subscriptions while the node is active. */
  #active: Disposable[] = []
  /** Their periods count from the beginning of the episode. */
  #timers: Disposable[] = []
  #targets: Publisher<PoseStamped> | undefined
  #joints: Publisher<JointState> | undefined

  constructor(options: ControlOptions) {
    super('control')
    this.#options = options
    const { bus, robot, gripper, execution, awaitCommand = false, framePrefix = '', onError, onNotice } = options
    const tool = toolStream(robot)
    const declaredFrame = robot.actions.arm?.frame
    const target: PoseStamped = { stamp: 0, frameId: '', pose: new Float64Array(7) }
    this.#gripper =
      gripper &&
      new PolledGripper({
        ...options,
        gripper,
        onStatus: (status, stamp) => this.#joints?.publish(fingerState(status, stamp)),
        onAlive: now => this.watchdog.heard('gripper', now),
      })
    this.#wirings = new MotionWirings({ ...options, framePrefix })
    this.#controller = new Controller({
      limits: robot.limits,
      actuators: robot.actuators.map(commanded),
      arm: robot.actions.arm !== undefined,
      motions: this.#wirings.motions,
      watched: watchedSources(options),
      tare: robot.streams.find(s => s.modality === 'force')?.tare ?? 0,
      execution,
      commander: options.commander,
      awaitCommand,
      frame: framePrefix + (declaredFrame ?? 'base_link'),
      declaredFrame,
      framePrefix,
      gripper: this.#gripper,
      send: (pose, now, frame) => {
        target.stamp = now
        target.frameId = frame
        target.pose.set(pose)
        this.#targets?.publish(target)
      },
      onTilt: error => onError?.(error),
      onRefused: text => onNotice?.(text),
      onNotice: tool && (text => onNotice?.(`stream ${tool.name} (${tool.topic}): ${text}`)),
    })
    this.#sensors = new Measurements({ bus, robot, controller: this.#controller, onNotice })
    this.#command = new CommandWiring(bus, robot, this.#controller)
    this.guard = this.#controller.guard
    this.watchdog = this.#controller.watchdog
    this.#grip =
      gripper &&
      this.#gripper &&
      new ManualGrip({ bus, gripper, wire: this.#gripper.wire, holdOf: width => this.gripHold(width) })
  }

  /** How chunks that overlap are carried out. */
  get execution(): string {
    return this.#options.execution
  }

  /** Why the motion is held, or `none`. */
  get hold(): Hold {
    return this.#controller.hold
  }

  /** Who commands. */
  get commander(): Commander {
    return this.#controller.commander
  }

  /** Why the motion is held, in words, or `none`. */
  get holdText(): string {
    return this.#controller.holdText
  }

  get status(): GripperStatus | undefined {
    return this.#gripper?.status
  }

  /** Bus time of `status`, ns. The device measured no earlier. */
  get statusStamp(): number {
    return this.#gripper?.statusStamp ?? NaN
  }

  /** The error of the gripper's wire as long as it lasts; undefined: there is none. */
  get gripperFault(): unknown {
    return this.#gripper?.wire.fault
  }

  /** The other grippers with a driver, as they were last polled, by name. */
  get grippers(): ReadonlyMap<string, PolledGripper> {
    return this.#wirings.polled
  }

  /** Chunks whose gripper frame was not sent because the wire was still busy with an earlier one. */
  get wireBusy(): number {
    return this.#gripper?.busy ?? 0
  }

  /** Chunks that were not carried out, because they were stale or had values that cannot be used. */
  get refused(): Controller['refused'] {
    return this.#controller.refused
  }

  get badWrenches(): number {
    return this.#sensors.badWrenches
  }

  /** Wrenches that were not used because no pose said how the tool was turned. */
  get unorientedWrenches(): number {
    return this.#sensors.unorientedWrenches
  }

  /** Steps of joints that were shortened because a tool would have left its limits. */
  get clips(): number {
    return this.#controller.motions.clips
  }

  get stops(): number {
    return this.#controller.stops
  }

  /** Tool poses that were dropped: no stamp, a NaN, no valid orientation, or another frame than before. */
  get badPoses(): number {
    return this.#controller.badPoses
  }

  /** What the last utterance was taken for. `command`: it was left to the policy. */
  get heardAs(): Controller['heardAs'] {
    return this.#controller.heardAs
  }

  /** The commanded tool target: x, y, z (m) and yaw (rad) in the base frame. */
  get target(): Readonly<ToolTarget> {
    return this.#controller.target
  }

  /** Whether there is an arm that takes poses. */
  get hasArm(): boolean {
    return this.#controller.arm !== undefined
  }

  /** Whether there is a gripper beside the joints. */
  get hasGripper(): boolean {
    return this.#gripper !== undefined
  }

  get limits(): Robot['limits'] {
    return this.#options.robot.limits
  }

  /** Share (0 to 1) of the limits of linear speed and yaw rate that the arm may use from its next set-point on. */
  set speedScale(scale: number) {
    this.#controller.scale = scale
  }

  /** Whether a stop lasts that somebody made. The stop at the end of a goal does not count. */
  get stoppedBySomebody(): boolean {
    return this.#controller.stoppedBySomebody
  }

  /**
   * Ends the motion now: the arm's set-point becomes the pose at which the arm comes to rest, and the fingers stop. The
   * stop lasts until "resume". Resolves with undefined when the gripper has acknowledged and servos have got
   * their set-points. Otherwise it resolves with the error, and the stop is sent again. `forNextGoal`: the stop ends a
   * goal, and the next goal may call `resume` unless somebody also said stop.
   */
  async stop({ forNextGoal = false } = {}): Promise<unknown> {
    const failure = await this.#controller.stop(forNextGoal ? 'goal' : 'caller', this.#now)
    const fault = await this.#wirings.settled()
    return failure ?? fault
  }

  /** Ends a stop, as the word "resume" does. */
  resume(): void {
    this.#controller.resume(this.#now)
  }

  /** Why a client may not move the fingers to `width` (m), or `none`. */
  gripHold(width: number): GripHold {
    // During a deactivation the subscriptions have ended and the motion is being stopped, so this counts as inactive.
    const node = this.state === 'active' && !this.#isActive ? 'inactive' : this.state
    return this.#controller.gripHold(width, this.#now, node)
  }

  /** Moves the fingers to `width` (m) with `effort` (N), both brought within the limits. See `ManualGrip.move`. */
  async grip(width: number, effort: number): Promise<number> {
    if (!this.#grip) throw new DriverError('NOT_ACTIVATED', `robot ${this.#options.robot.name}: has no gripper`)
    return this.#grip.move(moveWithin(this.limits, width, effort))
  }

  /** Ends a motion that `grip` began. The arm and `hold` do not change. Resolves like `stop`. */
  async endGrip(): Promise<unknown> {
    return this.#grip?.end()
  }

  protected override async onConfigure(): Promise<void> {
    const { bus, robot, gripper } = this.#options
    if (robot.actions.arm) this.#targets = bus.advertise(robot.actions.arm.topic, 'geometry_msgs/msg/PoseStamped')
    // The announcements of episodes are subscribed to before the voice: where both wait in a queue, the executor takes
    // the announcement first (see `heardTopics`).
    if (robot.reset) {
      this.#configured = [
        bus.subscribe(robot.reset.topic, 'std_msgs/msg/String', () => {
          if (this.#isActive) this.#beginEpisode()
        }),
      ]
    }
    for (const { topic, type } of robot.streams.filter(s => s.modality === 'voice'))
      this.#configured.push(bus.subscribe(topic, type as TypeName, message => this.#hear(message as Utterance)))
    const joints = gripper && fingerStream(robot.streams)
    if (joints) this.#joints = bus.advertise(joints.topic, 'sensor_msgs/msg/JointState')
    this.#command.open()
    await gripper?.connect()
    await this.#wirings.open()
  }

  protected override onActivate(): void {
    const { bus, robot } = this.#options
    this.#beginEpisode()
    this.#sensors.subscribe(this.#active)
    this.#wirings.subscribe(this.#controller, this.#active)
    this.#command.subscribe(this.#active)
    this.#active.push(
      bus.subscribe(chunkTopic(robot), 'prehend_interfaces/msg/ActionChunk', (chunk, receive) => {
        this.gate = chunk.gate
        this.graspSuccess = chunk.graspSuccess
        if (this.#controller.take(executableOf(chunk), receive)) this.#wirings.follow(chunk.stamp)
      }),
    )
  }

  protected override async onDeactivate(): Promise<void> {
    const wasActive = this.#isActive
    for (const disposable of [...this.#active, ...this.#timers]) disposable.dispose()
    this.#active = []
    this.#timers = []
    if (!wasActive) return
    const halting = this.#controller.halt(this.#now)
    const controller = this.#controller
    // The promise is awaited below.
    halting.catch(() => undefined)
    try {
      await retreat(controller, this.#options.bus.clock)
    } finally {
      // A later stop must not begin the retreat again.
      controller.release()
    }
    await halting
    await this.#wirings.settled()
  }

  protected override async onCleanup(): Promise<void> {
    await this.#options.gripper?.close()
    await this.#gripper?.wire.idle()
    for (const subscription of this.#configured) subscription.dispose()
    this.#configured = []
    await this.#wirings.close()
    this.#command.close()
    this.#targets?.dispose()
    this.#joints?.dispose()
    this.#targets = this.#joints = undefined
  }

  get #isActive(): boolean {
    return this.#active.length > 0
  }

  get #now(): number {
    return this.#options.bus.clock.now()
  }

  #beginEpisode(): void {
    const { clock } = this.#options.bus
    for (const timer of this.#timers) timer.dispose()
    this.#timers = [
      clock.every(STEP, () => {
        this.#controller.step(clock.now())
        this.#command.tell(clock.now())
      }),
      clock.every(STEP, () => this.#wirings.poll()),
      clock.every(GRIPPER_PERIOD, () => this.#gripper?.poll()),
    ]
    this.#sensors.restart()
    this.#wirings.restart()
    this.#controller.beginEpisode(clock.now())
  }

  #hear(utterance: Utterance): void {
    const said = saidIn(utterance, this.#options.robot.languages)
    const onError = (error: unknown): void => this.#options.onError?.(error)
    this.#controller.hear(said, this.#now, { active: this.#isActive }).catch(onError)
    // The configuration may activate grippers, which moves the fingers. So a stop before its end goes to them too.
    if (said.meaning === 'stop' && this.state === 'unconfigured') this.#controller.halt(this.#now).catch(onError)
  }
}
