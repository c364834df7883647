import { isPose } from '../fusion/rotation.js'
import type { Limits } from '../robots/robot.js'
import { ArmSetPoint } from './arm/arm-set-point.js'
import { MOST_TILT, TiltError } from './arm/tilt.js'
import { ToolFrame } from './arm/tool-frame.js'
import { yawOf, type ToolTarget } from './arm/tool-pose.js'
import { ChunkExecutor, type Executable, type SetPoint } from './chunk/chunk-executor.js'
import { Watchdog } from './guard/watchdog.js'
import { WrenchGuard } from './guard/wrench-guard.js'
import { moveWithin, type CommandedGripper } from './gripper-move.js'
import type { Said } from './speech/said.js'
import { gripHoldOf, type GripHold, type GripSituation } from './state/grip-holds.js'
import { EpisodeBoundary } from './state/episode-boundary.js'
import type { Hold } from './state/holds.js'
import { stopperOf, StopAuthority, type Stopper } from './state/stop-authority.js'
import { nextHold, type Situation } from './state/transitions.js'

export interface ControllerOptions {
  readonly limits: Limits
  /** Whether there is an arm; without one the gripper alone is commanded. */
  readonly arm: boolean
  /** ns over which the wrist's offset is averaged. */
  readonly tare: number
  /** `temporal_ensembling` or `receding_horizon`. */
  readonly execution: string
  readonly awaitCommand: boolean
  /** The set-points' frame until a pose says in which it is. */
  readonly frame: string
  readonly gripper: CommandedGripper
  /** Takes a set-point (x, y, z in m, qx, qy, qz, qw); the array is written again afterwards. */
  readonly send: (pose: Float64Array, now: number, frame: string) => void
  /** Told once, until the tool points down again. */
  readonly onTilt: (error: TiltError) => void
  /** Something about the tool's frame that its user should know; one line. */
  readonly onNotice: ((text: string) => void) | undefined
}

/** m/s: how fast the tool may go down while something is touched, and after an over-force. */
const CONTACT_DOWN_SPEED = 0.05
/** ns the force must have stayed under the contact limit before an over-force is forgiven. */
const OVER_FORCE_RELEASE = 100_000_000
/** ns after an over-force for which the tool goes down as if something were touched. */
const OVER_FORCE_CAUTION = 2_000_000_000

/**
 * Turns action chunks into set-points of the arm and moves of the gripper, within the robot file's limits. It takes
 * what was measured, planned and said, each with its bus time (ns), and makes one set-point with each `step`. In which
 * state the motion is, and what changes that, is the table of `state/transitions.ts`.
 */
export class Controller {
  hold: Hold = 'no_chunk'
  /** How many stops began. */
  stops = 0
  /** Chunks that were not carried out. */
  readonly refused = { stale: 0, unusable: 0 }
  badPoses = 0
  /** What the last utterance was taken for; `command`: for the policy, whatever it makes of it. */
  heardAs: 'nothing' | 'stop' | 'resume' | 'command' = 'nothing'
  readonly guard: WrenchGuard
  readonly watchdog: Watchdog
  readonly arm: ArmSetPoint | undefined
  readonly #limits: Limits
  readonly #gripper: CommandedGripper
  readonly #onTilt: ControllerOptions['onTilt']
  readonly #authority = new StopAuthority()
  readonly #boundary: EpisodeBoundary
  readonly #executor: ChunkExecutor
  readonly #setPoint: SetPoint
  readonly #desired: ToolTarget = { x: 0, y: 0, z: 0, yaw: 0 }
  readonly #toolFrame: ToolFrame
  /** In which the tool's poses are, and so the set-points. */
  #frame: string
  #tiltTold = false
  /** Bus time of the newest over-force. */
  #overForceAt = -Infinity

  constructor({
    limits,
    arm,
    tare,
    execution,
    awaitCommand,
    frame,
    gripper,
    send,
    onTilt,
    onNotice,
  }: ControllerOptions) {
    this.#limits = limits
    this.#gripper = gripper
    this.#onTilt = onTilt
    this.#frame = frame
    this.#boundary = new EpisodeBoundary({ awaitCommand })
    this.#toolFrame = new ToolFrame(onNotice)
    this.guard = new WrenchGuard(limits, { tare, release: OVER_FORCE_RELEASE })
    this.watchdog = new Watchdog(limits.watchdog)
    this.arm = arm ? new ArmSetPoint({ limits, send: (pose, now) => send(pose, now, this.#frame) }) : undefined
    this.#executor = new ChunkExecutor(execution)
    this.#setPoint = { pose: new Float64Array(7), width: limits.width[1], effort: limits.effort[0], exhausted: true }
  }

  /** The commanded tool target: x, y, z (m), yaw (rad), base frame. */
  get target(): Readonly<ToolTarget> {
    return this.arm?.target ?? this.#desired
  }

  /** Why the motion is held, in words; `none` where it is not. */
  get holdText(): string {
    return this.hold === 'tilt' ? new TiltError(this.#tilt).message : this.hold
  }

  get struck(): boolean {
    return this.guard.state === 'over_force'
  }

  /** Whether a stop lasts that the next goal may not end. */
  get stoppedBySomebody(): boolean {
    return this.hold === 'stop' && !this.#authority.endedByGoal
  }

  /** What has a memory begins anew. A stop that stands outlives it. */
  beginEpisode(now: number): void {
    this.#boundary.begin(now)
    this.arm?.begin(now)
    this.#toolFrame.restart()
    this.guard.reset()
    this.#overForceAt = -Infinity
    this.#goOn('begin', now)
  }

  /**
   * `active`: there is motion to stop, or to begin. Else a stop and its end are remembered for the next episode.
   * Resolves as `stop` does where it is one.
   */
  async hear(said: Said, now: number, { active }: { readonly active: boolean }): Promise<unknown> {
    const { meaning, by } = said
    // By then the goal has ended that stop itself.
    if (meaning === 'resume' && by === 'goal') return undefined
    this.#authority.hear(said)
    this.heardAs = meaning === 'other' ? 'command' : meaning
    if (!active) return undefined
    if (meaning === 'stop') return this.stop(stopperOf(said), now)
    if (meaning === 'resume') this.resume(now)
    else if (meaning === 'command' && !this.#boundary.commanded) {
      this.#boundary.command(now)
      this.#executor.clear()
    }
    return undefined
  }

  /**
   * Ends motion, within this call. Resolves when the gripper has acknowledged, or with why it did not. Rejects with
   * what `send` throws; the fingers are stopped all the same.
   */
  async stop(by: Stopper, now: number): Promise<unknown> {
    const stopped = this.hold === 'stop'
    this.#authority.stop(by, { stopped })
    if (!stopped) this.stops++
    this.hold = nextHold(this.hold, 'stop', this.#situation(now)) ?? this.hold
    return this.halt(now)
  }

  /** Ends a stop, and activates a gripper that lost its activation. */
  resume(now: number): void {
    this.#authority.resume()
    this.#goOn('resume', now)
  }

  /** What is planned or waits is dropped, the arm comes to rest, the fingers stop. Like `stop`. */
  async halt(now: number): Promise<unknown> {
    this.#gripper.drop()
    this.#executor.clear()
    let stopping: Promise<unknown> | undefined
    try {
      this.arm?.halt(now, { struck: this.struck })
    } finally {
      stopping = this.#gripper.stop()
    }
    return stopping
  }

  /** A chunk of the policy. */
  take(chunk: Executable, receive: number): void {
    if (this.hold === 'stop') return
    if (this.#boundary.isStale(chunk.stamp, receive, this.#limits.watchdog.policy)) {
      this.refused.stale++
      return
    }
    if (!this.#executor.push(chunk)) {
      this.refused.unusable++
      return
    }
    this.watchdog.heard('policy', receive)
    if (this.#looked(receive) === 'none') this.#moveFingers(chunk.stamp)
  }

  /** A tool pose. One without a stamp, with a NaN or in another frame than those before it is not believed. */
  hearTool(
    { pose, frameId }: { readonly pose: Float64Array; readonly frameId: string },
    stamp: number,
    receive: number,
  ): void {
    if (Number.isNaN(stamp) || !isPose(pose)) {
      this.badPoses++
      return
    }
    if (this.#boundary.isOld(stamp, receive)) return
    if (!this.#toolFrame.takes(frameId, receive)) {
      this.badPoses++
      return
    }
    if (frameId !== '' && frameId !== this.#frame) {
      this.#frame = frameId
      this.arm?.forget()
    }
    this.arm?.hear(pose, stamp, receive, { stopped: this.hold === 'stop', struck: this.struck })
  }

  /** A wrench that is one. Returns true when it raised an over-force: the arm is then to be frozen. */
  hearWrench(wrench: Float64Array, stamp: number, receive: number): boolean {
    this.watchdog.heard('wrench', receive)
    return !this.#boundary.isOld(stamp, receive) && this.guard.sample(stamp, wrench)
  }

  /** Every 10 ms: looks at the state anew, makes one step where nothing holds, and sends the set-point. */
  step(now: number): void {
    if (this.hold !== 'stop') {
      this.hold = this.#looked(now)
      if (this.hold === 'none' && this.arm) this.#moveArm(this.arm, now)
      if (this.hold === 'tilt') this.arm?.leave()
      this.#reportTilt()
    }
    this.arm?.publish(now)
  }

  /** Why the fingers may not go to `width` (m) on somebody's own word. */
  gripHold(width: number, now: number, node: GripSituation['node']): GripHold {
    const { status } = this.#gripper
    return gripHoldOf({
      node,
      stopped: this.hold === 'stop',
      following: this.hold === 'none',
      quiet: () => this.watchdog.quiet(now),
      activated: status?.activated === true,
      tared: this.guard.ready,
      overForce: this.struck,
      opens: status !== undefined && width >= status.width,
    })
  }

  /**
   * A new episode, or the end of a stop: nothing planned is remembered, and nothing moves before a fresh chunk. The
   * tare outlives a stop. Where a stop stands, the arm's set-point becomes its measured pose, wherever the episode
   * placed it.
   */
  #goOn(event: 'begin' | 'resume', now: number): void {
    const to = nextHold(this.hold, event, this.#situation(now))
    if (to === undefined) return
    this.hold = to
    this.#boundary.resume(now)
    this.#gripper.drop()
    this.#executor.clear()
    this.arm?.leave()
    this.watchdog.start(now)
    if (to === 'stop') return
    this.#gripper.forgive()
    if (this.#gripper.status?.activated === false) this.#gripper.activate()
  }

  /** The state that a step finds at `now`. */
  #looked(now: number): Hold {
    const quiet = this.watchdog.quiet(now)[0]
    const planned = this.#executor.sample(now, this.#setPoint)
    return nextHold(this.hold, 'step', { ...this.#situation(now), quiet, planned }) ?? this.hold
  }

  /** Without what a step alone looks at. */
  #situation(now: number): Situation {
    const { arm } = this
    return {
      stopStands: this.#authority.stands,
      activationLost: this.#gripper.status?.activated === false,
      quiet: undefined,
      tared: this.guard.ready,
      toolKnown: arm === undefined || arm.tool.known(now),
      tilted: this.#tilt > MOST_TILT,
      commanded: this.#boundary.commanded,
      planned: false,
    }
  }

  /** rad between the tool of the arm and straight down. */
  get #tilt(): number {
    return this.arm?.tool.tiltAngle ?? 0
  }

  /** Once, until the tool points down again. */
  #reportTilt(): void {
    const tilted = this.hold === 'tilt' || (this.#tiltTold && this.#tilt > MOST_TILT)
    if (tilted && !this.#tiltTold) this.#onTilt(new TiltError(this.#tilt))
    this.#tiltTold = tilted
  }

  #moveArm(arm: ArmSetPoint, now: number): void {
    const { pose } = this.#setPoint
    const [x = NaN, y = NaN, z = NaN] = pose
    if (this.struck) {
      this.#overForceAt = now
      arm.rise(z, now)
      return
    }
    const desired = this.#desired
    desired.x = x
    desired.y = y
    desired.z = z
    desired.yaw = yawOf(pose)
    const touching = this.guard.state === 'contact' && this.#gripper.status?.object !== 'closing'
    const careful = touching || now - this.#overForceAt < OVER_FORCE_CAUTION
    arm.step(desired, now, careful ? CONTACT_DOWN_SPEED : Infinity)
  }

  #moveFingers(stamp: number): void {
    const move = moveWithin(this.#limits, this.#setPoint.width, this.#setPoint.effort)
    if (this.struck && !(move.width >= (this.#gripper.status?.width ?? Infinity))) return
    this.#gripper.move(move, stamp)
  }
}
