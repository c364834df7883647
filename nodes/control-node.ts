import { DriverError } from '../drivers/driver-error.js'
import type { Gripper, GripperStatus } from '../drivers/gripper.js'
import { ChunkExecutor, type SetPoint } from '../control/chunk/chunk-executor.js'
import type { Robot, Stream } from '../robots/robot.js'
import { toolStream } from '../robots/tool-stream.js'
import { isPose } from '../fusion/rotation.js'
import type { Bus, Disposable, Publisher } from '../middleware/bus.js'
import { isLate } from '../control/arm/late.js'
import { LifecycleNode, type LifecycleState } from '../middleware/lifecycle.js'
import type { ActionChunkMessage, JointState, PoseStamped, TypeName, WrenchStamped } from '../middleware/messages.js'
import { ArmSetPoint } from '../control/arm/arm-set-point.js'
import { fingerState, fingerStream } from './finger-state.js'
import { chunkTopic } from './fusion-node.js'
import { GripperWire } from './gripper-wire.js'
import { busTime, HeaderJudge } from './intake/header-judge.js'
import { STEP } from '../control/arm/motion-limiter.js'
import { saidIn, type Utterance } from '../control/speech/said.js'
import { StopAuthority, stopperOf, type Stopper } from '../control/state/stop-authority.js'
import { MOST_TILT, TiltError } from '../control/arm/tilt.js'
import { ToolFrame } from '../control/arm/tool-frame.js'
import { yawOf, type ToolTarget } from '../control/arm/tool-pose.js'
import { Watchdog, type Watched } from '../control/guard/watchdog.js'
import { WrenchGuard } from '../control/guard/wrench-guard.js'

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

/** Why the control node does not move, or `none`. */
export type Hold = 'none' | 'stop' | 'tare' | 'tool' | 'tilt' | 'command' | 'no_chunk' | Watched

/** Why the fingers may not be moved on somebody's own word, or `none`. `policy`: the policy drives them. */
export type GripHold =
  | 'none'
  | 'stop'
  | 'policy'
  | 'tare'
  | 'wrench'
  | 'gripper'
  | 'over_force'
  | Exclude<LifecycleState, 'active'>

const GRIPPER_PERIOD = 20_000_000
/** m/s: how fast the tool may go down while something is touched, and after an over-force. */
const CONTACT_DOWN_SPEED = 0.05
/** ns the force must have stayed under the contact limit before an over-force is forgiven. */
const OVER_FORCE_RELEASE = 100_000_000
/** ns after an over-force for which the tool goes down as if something were touched. */
const OVER_FORCE_CAUTION = 2_000_000_000
/** ms that a deactivation waits for the arm to go back from what it struck. */
const GOING_BACK = 300
/** m/s: fingers. */
const FINGER_SPEED = 0.1

/**
 * Turns action chunks into arm set-points (bus) and gripper frames (serial wire), within the robot file's limits. The
 * arm is commanded at
 * 100 Hz, the gripper with every chunk and polled at 50 Hz; guards run on every wrench sample. Nothing is commanded
 * before the first fresh
 * chunk of an episode; only a tool that a set-point of ours still moves is brought to rest. A source that goes quiet
 * holds arm and gripper;
 * an over-force freezes the arm, which then only rises, and lets the gripper only open; "stop" wins over everything and
 * is kept until "resume",
 * over new episodes and a deactivation too; only the stop of an episode's own script is ended by the next episode. A
 * gripper that lost its
 * activation is activated again, which moves its fingers, only when a stop or an episode ends.
 */
export class ControlNode extends LifecycleNode {
  hold: Hold = 'no_chunk'
  status: GripperStatus | undefined
  /** Bus time of `status`: the device measured no earlier. */
  statusStamp = NaN
  gate: Float32Array = new Float32Array(0)
  graspSuccess = NaN
  /** Chunks whose gripper frame was not sent because the wire was still busy with an earlier one. */
  wireBusy = 0
  /**
   * Chunks that were not carried out: of an earlier episode or too old, and without a pose, a row or a finite number
   * where one belongs.
   */
  readonly refused = { stale: 0, unusable: 0 }
  stops = 0
  /**
   * Wrenches without a stamp, with a NaN or with an odd frame_id: they say nothing of the force, nor that the sensor
   * lives.
   */
  badWrenches = 0
  /** Tool poses without a stamp, with a NaN, whose orientation is none, or in another frame than those before. */
  badPoses = 0
  /** What the last utterance was taken for; `command`: for the policy, whatever it makes of it. */
  heardAs: 'nothing' | 'stop' | 'resume' | 'command' = 'nothing'
  readonly guard: WrenchGuard
  readonly watchdog: Watchdog
  readonly #options: ControlOptions
  readonly #executor: ChunkExecutor
  readonly #arm: ArmSetPoint | undefined
  readonly #wire: GripperWire
  readonly #setPoint: SetPoint
  readonly #desired: ToolTarget = { x: 0, y: 0, z: 0, yaw: 0 }
  /** Bus time at which this episode began. */
  #begun = 0
  /** What the arm's set-point is told with a pose. */
  readonly #state = { stopped: false, struck: false }
  #tiltTold = false
  readonly #toolFrame: ToolFrame
  /** Bus time of the newest over-force. */
  #overForceAt = -Infinity
  /** Bus time at which this episode, or its resumption, began. */
  #since = 0
  /** Whether something has been commanded in this episode, where that is asked for. */
  #commanded = true
  readonly #authority = new StopAuthority()
  /** While it is configured, and while it is active. */
  #ears: Disposable[] = []
  #disposables: Disposable[] = []
  /** The beats at which arm and gripper are commanded and asked; they count from the episode's beginning. */
  #beats: Disposable[] = []
  #targets: Publisher<PoseStamped> | undefined
  /** In the frame in which the tool's poses are. */
  readonly #target: PoseStamped
  #joints: Publisher<JointState> | undefined

  constructor(options: ControlOptions) {
    super('control')
    this.#options = options
    const { limits, streams } = options.robot
    const tool = toolStream(options.robot)
    this.#toolFrame = new ToolFrame(
      tool && (text => options.onNotice?.(`stream ${tool.name} (${tool.topic}): ${text}`)),
    )
    this.guard = new WrenchGuard(limits, {
      tare: streams.find(s => s.modality === 'force')?.tare ?? 0,
      release: OVER_FORCE_RELEASE,
    })
    this.watchdog = new Watchdog(limits.watchdog)
    const target = (this.#target = {
      stamp: 0,
      frameId: `${options.framePrefix ?? ''}base_link`,
      pose: new Float64Array(7),
    })
    this.#arm =
      options.robot.actions.arm &&
      new ArmSetPoint({
        limits,
        send: (pose, now) => {
          target.stamp = now
          target.pose.set(pose)
          this.#targets?.publish(target)
        },
      })
    this.#wire = new GripperWire(options)
    this.#executor = new ChunkExecutor(options.execution)
    this.#setPoint = { pose: new Float64Array(7), width: limits.width[1], effort: limits.effort[0], exhausted: true }
  }

  /** 0 to 1: the share of the limits of linear speed and yaw rate that the arm may use, from its next set-point on. */
  set speedScale(scale: number) {
    if (this.#arm) this.#arm.scale = scale
  }

  /** Why it does not move, in words; `none` where it does. */
  get holdText(): string {
    return this.hold === 'tilt' ? new TiltError(this.#tilt).message : this.hold
  }

  /** The commanded tool target: x, y, z (m), yaw (rad), base frame. */
  get target(): Readonly<ToolTarget> {
    return this.#arm?.target ?? this.#desired
  }

  get hasArm(): boolean {
    return this.#arm !== undefined
  }

  get limits(): Robot['limits'] {
    return this.#options.robot.limits
  }

  /**
   * Ends motion now: the arm is set to where it comes to rest, the fingers stop. Resolves when the gripper has
   * acknowledged, or with why it did
   * not; it is then told again. Lasts until "resume". `forNextGoal`: a goal ends so, and the next one may `resume`,
   * unless somebody says stop as well.
   */
  async stop({ forNextGoal = false } = {}): Promise<unknown> {
    return this.#stop(forNextGoal ? 'goal' : 'caller')
  }

  /** Why the gripper does not answer, while that lasts. */
  get gripperFault(): unknown {
    return this.#wire.fault
  }

  /** Whether a stop lasts that somebody made, not only a goal's end. */
  get stoppedBySomebody(): boolean {
    return this.hold === 'stop' && !this.#authority.endedByGoal
  }

  /** What hearing "resume" does. */
  resume(): void {
    this.#authority.resume()
    if (this.hold === 'stop' || this.status?.activated === false) this.#begin()
  }

  /**
   * Why the fingers may not go to `width` (m) on somebody's own word. Camera and policy may be silent: they have no
   * part in it. Over an over-force the
   * fingers may only open.
   */
  gripHold(width: number): GripHold {
    if (this.state !== 'active') return this.state
    // Already while it is being deactivated: it listens to nothing any more, and what moves is being stopped.
    if (this.#disposables.length === 0) return 'inactive'
    if (this.hold === 'stop') return 'stop'
    if (this.hold === 'none') return 'policy'
    const quiet = this.watchdog
      .quiet(this.#options.bus.clock.now())
      .find(source => source === 'wrench' || source === 'gripper')
    if (quiet === 'wrench' || quiet === 'gripper') return quiet
    if (this.status?.activated !== true) return 'gripper'
    if (!this.guard.ready) return 'tare'
    return this.guard.state === 'over_force' && !(width >= this.status.width) ? 'over_force' : 'none'
  }

  /**
   * Moves the fingers to `width` (m) with `effort` (N), brought within the limits, on somebody's own word. Resolves
   * with the monotonic ns at which the
   * command had been written, once the gripper acknowledged it. Rejects with a DriverError, SUPERSEDED where by then it
   * may not be sent any more.
   */
  async grip(width: number, effort: number): Promise<number> {
    let written = NaN
    let failure: unknown = new DriverError('SUPERSEDED', 'gripper: a stop or a new episode came first')
    const sending = this.#wire.send(async () => {
      failure = undefined
      try {
        const command = this.#withinLimits(width, effort)
        const hold = this.gripHold(command.width)
        if (hold !== 'none') throw new DriverError('SUPERSEDED', `gripper: may not move any more: ${hold}`)
        written = (await this.#options.gripper.move(command)).written
      } catch (error) {
        failure = error
        throw error
      }
    })
    this.#options.bus.work(sending)
    await sending
    if (failure !== undefined) throw failure
    return written
  }

  /**
   * Ends what `grip` began: the fingers stop where they are, the arm and `hold` are left alone. Resolves like `stop`.
   */
  async endGrip(): Promise<unknown> {
    this.#wire.drop()
    return this.#wire.stop()
  }

  protected override async onConfigure(): Promise<void> {
    const { bus, robot, gripper } = this.#options
    if (robot.actions.arm) this.#targets = bus.advertise(robot.actions.arm.topic, 'geometry_msgs/msg/PoseStamped')
    // Announcements before words: the command of an episode may wait here together with its announcement (see
    // FusionNode).
    if (robot.reset) {
      this.#ears = [
        bus.subscribe(robot.reset.topic, 'std_msgs/msg/String', () => {
          if (this.#disposables.length > 0) this.#beginEpisode()
        }),
      ]
    }
    // A stop that is said while the node is not active is a stop: it begins its activation under it.
    this.#ears.push(
      ...robot.streams
        .filter(s => s.modality === 'voice')
        .map(stream =>
          bus.subscribe(stream.topic, stream.type as TypeName, message => this.#hearWord(message as Utterance)),
        ),
    )
    const joints = fingerStream(robot.streams)
    if (joints) this.#joints = bus.advertise(joints.topic, 'sensor_msgs/msg/JointState')
    await gripper.connect()
  }

  protected override onActivate(): void {
    const { bus, robot } = this.#options
    this.#beginEpisode()
    const subscribe = (
      modality: string,
      listenerOf: (stream: Stream) => (message: never, receive: number) => void,
    ): void => {
      for (const stream of robot.streams.filter(s => s.modality === modality)) {
        this.#disposables.push(bus.subscribe(stream.topic, stream.type as TypeName, listenerOf(stream) as never))
      }
    }
    subscribe('rgb', () => (_image, receive) => this.watchdog.heard('camera', receive))
    subscribe('force', stream => {
      const timeOf = busTime(stream)
      const judge = HeaderJudge.of(stream, this.#options.onNotice)
      return (message: WrenchStamped, receive) => {
        const stamp = timeOf(message, receive)
        if (Number.isNaN(stamp) || judge.fault(message) !== undefined || !isFinite(message.wrench)) {
          this.badWrenches++
          return
        }
        this.watchdog.heard('wrench', receive)
        if (this.#isOld(stamp, receive)) return
        if (this.guard.sample(stamp, message.wrench)) this.#arm?.freeze(bus.clock.now())
      }
    })
    const tool = toolStream(robot)
    if (tool) {
      const timeOf = busTime(tool)
      this.#disposables.push(
        bus.subscribe(tool.topic, 'geometry_msgs/msg/PoseStamped', (message, receive) => {
          this.#hearTool(message, timeOf(message, receive), receive)
        }),
      )
    }
    this.#disposables.push(
      bus.subscribe(chunkTopic(robot), 'prehend_interfaces/msg/ActionChunk', (chunk, receive) =>
        this.#take(chunk, receive),
      ),
    )
  }

  protected override async onDeactivate(): Promise<void> {
    const started = this.#disposables.length > 0
    for (const disposable of [...this.#disposables, ...this.#beats]) disposable.dispose()
    this.#disposables = []
    this.#beats = []
    if (!started) return
    const halting = this.#halt()
    await this.#goneBack()
    // A stop that follows must not send it back.
    this.#arm?.release()
    await halting
  }

  /**
   * Resolves when the arm's set-point has gone back after an over-force, 0.3 s later at most: by a clock of its own,
   * for the bus's may stand still.
   */
  async #goneBack(): Promise<void> {
    const arm = this.#arm
    if (!arm?.goesBack) return
    const { clock } = this.#options.bus
    await new Promise<void>(resolve => {
      const timeout = setTimeout(end, GOING_BACK)
      const beat = clock.every(STEP, () => {
        arm.publish(clock.now())
        if (!arm.goesBack) end()
      })
      function end(): void {
        clearTimeout(timeout)
        beat.dispose()
        resolve()
      }
    })
  }

  protected override async onCleanup(): Promise<void> {
    await this.#options.gripper.close()
    await this.#wire.idle()
    for (const ear of this.#ears) ear.dispose()
    this.#ears = []
    this.#targets?.dispose()
    this.#joints?.dispose()
    this.#targets = this.#joints = undefined
  }

  /** From its configuration on; only an active node has more to stop than the gripper, or something to begin. */
  #hearWord(utterance: Utterance): void {
    const said = saidIn(utterance, this.#options.robot.languages)
    // By then the goal has ended that stop itself.
    if (said.meaning === 'resume' && said.by === 'goal') return
    this.#authority.hear(said)
    this.heardAs = said.meaning === 'other' ? 'command' : said.meaning
    // Its configuration may activate the gripper, which moves the fingers.
    if (this.heardAs === 'stop' && this.state === 'unconfigured') void this.#wire.stop()
    if (this.#disposables.length === 0) return
    if (said.meaning === 'stop') void this.#stop(stopperOf(said))
    else if (said.meaning === 'resume') this.resume()
    else if (!this.#commanded && said.meaning === 'command') this.#command()
  }

  #beginEpisode(): void {
    this.#begun = this.#options.bus.clock.now()
    this.#arm?.begin(this.#begun)
    this.#toolFrame.restart()
    this.guard.reset()
    this.#overForceAt = -Infinity
    this.#commanded = this.#options.awaitCommand !== true
    const { clock } = this.#options.bus
    for (const beat of this.#beats) beat.dispose()
    this.#beats = [clock.every(STEP, () => this.#moveArm()), clock.every(GRIPPER_PERIOD, () => this.#poll())]
    this.#begin()
  }

  /** What was planned before a word was said is not carried out. */
  #command(): void {
    this.#commanded = true
    this.#since = this.#options.bus.clock.now()
    this.#executor.clear()
  }

  async #stop(by: Stopper): Promise<unknown> {
    this.#authority.stop(by, { stopped: this.hold === 'stop' })
    if (this.hold !== 'stop') this.stops++
    this.hold = 'stop'
    return this.#halt()
  }

  /**
   * A new episode, or the end of a stop: nothing planned is remembered, and nothing moves before a fresh chunk. The
   * tare outlives a stop, and a stop
   * that stands outlives the episode: the arm's set-point becomes its measured pose, wherever the episode placed it.
   */
  #begin(): void {
    const now = this.#options.bus.clock.now()
    const stopped = this.#authority.stands
    this.hold = stopped ? 'stop' : 'no_chunk'
    this.#since = now
    this.#wire.drop()
    this.#executor.clear()
    this.#arm?.leave()
    if (!stopped) this.#wire.forgive()
    this.watchdog.start(now)
    // Not told to the bus as work: an activation takes simulated time, which would not pass before it is done.
    if (!stopped && this.status?.activated === false) void this.#wire.send(() => this.#options.gripper.connect())
  }

  /**
   * Ends motion: what is planned or queued is dropped, the arm comes to rest, the fingers stop. Resolves with why they
   * did not.
   */
  async #halt(): Promise<unknown> {
    this.#wire.drop()
    this.#executor.clear()
    this.#arm?.halt(this.#options.bus.clock.now(), { struck: this.#struck })
    return this.#wire.stop()
  }

  /** rad between the tool and straight down. */
  get #tilt(): number {
    return this.#arm?.tool.tiltAngle ?? 0
  }

  get #struck(): boolean {
    return this.guard.state === 'over_force'
  }

  /**
   * Whether it was measured before the episode began, and comes late: it says nothing of where that has put the tool,
   * nor of what its wrist weighs there.
   */
  #isOld(stamp: number, receive: number): boolean {
    return isLate(stamp, receive, this.#begun)
  }

  #hearTool({ pose, frameId }: PoseStamped, stamp: number, receive: number): void {
    if (Number.isNaN(stamp) || !isPose(pose)) {
      this.badPoses++
      return
    }
    if (this.#isOld(stamp, receive)) return
    if (!this.#toolFrame.takes(frameId, receive)) {
      this.badPoses++
      return
    }
    if (frameId !== '' && frameId !== this.#target.frameId) {
      this.#target.frameId = frameId
      this.#arm?.forget()
    }
    this.#state.stopped = this.hold === 'stop'
    this.#state.struck = this.#struck
    this.#arm?.hear(pose, stamp, receive, this.#state)
  }

  #take(chunk: ActionChunkMessage, receive: number): void {
    this.gate = chunk.gate
    this.graspSuccess = chunk.graspSuccess
    if (this.hold === 'stop') return
    if (chunk.stamp < this.#since || Math.abs(receive - chunk.stamp) > this.limits.watchdog.policy) {
      this.refused.stale++
      return
    }
    if (!this.#executor.push(chunk)) {
      this.refused.unusable++
      return
    }
    this.watchdog.heard('policy', receive)
    this.#executor.sample(receive, this.#setPoint)
    if (this.#reasonToHold(receive) === 'none') this.#commandGripper(chunk.stamp)
  }

  #moveArm(): void {
    const now = this.#options.bus.clock.now()
    if (this.hold !== 'stop') {
      this.hold = this.#reasonToHold(now)
      if (this.hold === 'none' && !this.#executor.sample(now, this.#setPoint)) this.hold = 'no_chunk'
      if (this.hold === 'none' && this.#arm) this.#step(this.#arm, now)
      if (this.hold === 'tilt') this.#arm?.leave()
      this.#reportTilt()
    }
    this.#arm?.publish(now)
  }

  /** Once, until the tool points down again. */
  #reportTilt(): void {
    const tilted = this.hold === 'tilt' || (this.#tiltTold && this.#tilt > MOST_TILT)
    if (tilted && !this.#tiltTold) this.#options.onError?.(new TiltError(this.#tilt))
    this.#tiltTold = tilted
  }

  /** Why nothing may move at `now`, plans aside. */
  #reasonToHold(now: number): Hold {
    const quiet = this.watchdog.quiet(now)
    if (quiet.length > 0) return quiet[0]!
    if (this.status?.activated === false) return 'gripper'
    if (!this.guard.ready) return 'tare'
    if (this.#arm && !this.#arm.tool.known(now)) return 'tool'
    if (this.#arm && this.#tilt > MOST_TILT) return 'tilt'
    return this.#commanded ? 'none' : 'command'
  }

  #step(arm: ArmSetPoint, now: number): void {
    const { pose } = this.#setPoint
    if (this.#struck) {
      this.#overForceAt = now
      return arm.rise(pose[2]!, now)
    }
    const desired = this.#desired
    desired.x = pose[0]!
    desired.y = pose[1]!
    desired.z = pose[2]!
    desired.yaw = yawOf(pose)
    const touching = this.guard.state === 'contact' && this.status?.object !== 'closing'
    const careful = touching || now - this.#overForceAt < OVER_FORCE_CAUTION
    arm.step(desired, now, careful ? CONTACT_DOWN_SPEED : Infinity)
  }

  #commandGripper(stamp: number): void {
    const command = this.#withinLimits(this.#setPoint.width, this.#setPoint.effort)
    if (this.guard.state === 'over_force' && !(command.width >= (this.status?.width ?? Infinity))) return
    if (this.#wire.pending > 1) {
      this.wireBusy++
      return
    }
    this.#options.bus.work(
      this.#wire.send(async () => {
        const { written } = await this.#options.gripper.move(command)
        this.#options.onLatency?.(this.#options.busTimeOf(written) - stamp)
      }),
    )
  }

  #withinLimits(width: number, effort: number): { width: number; speed: number; effort: number } {
    const {
      width: [closed, open],
      effort: [least, most],
    } = this.limits
    return {
      width: Math.min(open, Math.max(closed, width)),
      speed: FINGER_SPEED,
      effort: Math.min(most, Math.max(least, effort)),
    }
  }

  #poll(): void {
    if (this.#wire.pending > 0) return
    this.#options.bus.work(
      this.#wire.send(async () => {
        await this.#wire.settle()
        const status = await this.#options.gripper.status()
        const now = this.#options.bus.clock.now()
        this.status = status
        this.statusStamp = this.#options.busTimeOf(status.stamp)
        this.#joints?.publish(fingerState(status, this.statusStamp))
        if (!status.activated) throw inactive(status)
        this.watchdog.heard('gripper', now)
      }),
    )
  }
}

/** No NaN and no infinity in it; allocates nothing. */
function isFinite(values: Float64Array): boolean {
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i])) return false
  return true
}

function inactive({ fault, faultText }: GripperStatus): DriverError {
  const why = fault === 0 ? '' : ` (fault ${fault}: ${faultText})`
  return new DriverError(
    'NOT_ACTIVATED',
    `gripper: is not activated any more${why}; "resume" or the next episode activates it, which moves its fingers`,
  )
}
