import { isPose } from '../fusion/rotation.js'
import type { CommandedActuator } from '../policy/action/actuator-faults.js'
import type { Limits } from '../robots/robot.js'
import { LoopArm, type LoopArmOptions } from './arm/loop-arm.js'
import { isTilted, TiltError } from './arm/tilt.js'
import type { ToolTarget } from './arm/tool-pose.js'
import type { Executable } from './chunk/chunk-executor.js'
import { PoseFrames } from './chunk/pose-frames.js'
import { SetPointSource } from './chunk/set-point-source.js'
import { Watchdog, type Watched } from './guard/watchdog.js'
import { WrenchGuard } from './guard/wrench-guard.js'
import { moveWithin, type CommandedGripper } from './gripper-move.js'
import type { Said } from './speech/said.js'
import type { Motion } from './motion.js'
import { Motions } from './motions.js'
import { gripHoldOf, type GripHold, type GripSituation } from './state/grip-holds.js'
import { COMMANDERS, type Commander } from './state/commanders.js'
import { EpisodeBoundary } from './state/episode-boundary.js'
import type { Hold } from './state/holds.js'
import { stopperOf, StopAuthority, type Stopper } from './state/stop-authority.js'
import { nextHold, type Situation } from './state/transitions.js'

export interface ControllerOptions
  extends Pick<LoopArmOptions, 'limits' | 'frame' | 'declaredFrame' | 'framePrefix' | 'send' | 'onTilt' | 'onNotice'> {
  /** What can be commanded: `arm`, `gripper` and those of `motions`. */
  readonly actuators: readonly CommandedActuator[]
  /** Whether there is an actuator 'arm' whose tool moves and yaws. */
  readonly arm: boolean
  /** The other actuators than `arm` and `gripper`, by the names of the robot file. Default: none. */
  readonly motions?: ReadonlyMap<string, Motion>
  /** The sources whose silence holds the motion: those that the robot has. Default: all. */
  readonly watched?: readonly Watched[]
  /** ns over which the offset of the wrist sensor is averaged. */
  readonly tare: number
  /** `temporal_ensembling` or `receding_horizon`, for the policy. Of a person the newest chunk counts. */
  readonly execution: string
  /** Who commands until somebody else takes over. Default: the policy. */
  readonly commander?: Commander | undefined
  readonly awaitCommand: boolean
  /** Undefined: the robot has none beside its joints. */
  readonly gripper: CommandedGripper | undefined
  /** Called with one line that says why the chunks of a policy are not carried out. */
  readonly onRefused?: ((text: string) => void) | undefined
}

/** An over-force ends when the force has stayed below the contact limit for this long (ns). */
const OVER_FORCE_RELEASE = 100_000_000
/** The target of a robot without an arm. */
const NOWHERE: ToolTarget = { x: 0, y: 0, z: 0, yaw: 0 }

/**
 * Turns action chunks into set-points of the arm and moves of the gripper, within the limits of the robot file. It
 * takes what was measured, planned and said, each with its bus time (ns). Each `step` makes one set-point. The states
 * of the motion and their transitions are the table in `state/transitions.ts`.
 */
export class Controller {
  hold: Hold = 'no_chunk'
  /** Number of stops that began. */
  stops = 0
  /** Number of chunks that were not carried out. */
  readonly refused = { stale: 0, unusable: 0 }
  badPoses = 0
  /** The meaning of the latest utterance. `command`: it is for the policy. */
  heardAs: 'nothing' | 'stop' | 'resume' | 'command' = 'nothing'
  readonly guard: WrenchGuard
  readonly watchdog: Watchdog
  readonly arm: LoopArm | undefined
  /** Of all actuators but the gripper, also of the arm. */
  readonly motions: Motions
  readonly #limits: Limits
  readonly #gripper: CommandedGripper | undefined
  readonly #authority = new StopAuthority()
  readonly #boundary: EpisodeBoundary
  readonly #frames: PoseFrames
  readonly #sources: Readonly<Record<Commander, SetPointSource>>
  #commander: Commander
  readonly #onRefused: ControllerOptions['onRefused']
  /** Why the chunk before was refused, as it was told. */
  #told: string | undefined

  constructor(options: ControllerOptions) {
    const { limits, gripper, motions = new Map() } = options
    this.#limits = limits
    this.#gripper = gripper
    this.#onRefused = options.onRefused
    this.#boundary = new EpisodeBoundary(options)
    this.guard = new WrenchGuard(limits, { tare: options.tare, release: OVER_FORCE_RELEASE })
    this.watchdog = new Watchdog(limits.watchdog, options.watched)
    const closing = (): boolean => gripper?.status?.object === 'closing'
    this.arm = options.arm ? new LoopArm({ ...options, guard: this.guard, closing }) : undefined
    this.motions = new Motions(new Map<string, Motion>(this.arm ? [['arm', this.arm], ...motions] : motions))
    this.#commander = options.commander ?? 'policy'
    this.#frames = new PoseFrames(options.framePrefix)
    this.#sources = {
      policy: new SetPointSource(options.execution, options.actuators, this.#frames),
      person: new SetPointSource('receding_horizon', options.actuators, this.#frames),
    }
  }

  /** The commanded tool target: x, y, z (m) and yaw (rad), base frame. */
  get target(): Readonly<ToolTarget> {
    return this.arm?.target ?? NOWHERE
  }

  /** Why the motion is held, in words; `none` where it is not held. */
  get holdText(): string {
    return this.hold === 'tilt' ? new TiltError(this.#tilt).message : this.hold
  }

  get overForce(): boolean {
    return this.guard.state === 'over_force'
  }

  /** Whether there is a stop that the next goal may not end. */
  get stoppedBySomebody(): boolean {
    return this.hold === 'stop' && !this.#authority.endedByGoal
  }

  /** Who commands. An episode, a stop and a resume do not change it. */
  get commander(): Commander {
    return this.#commander
  }

  /** Whose set-points the actuators follow now. */
  get followed(): Commander | 'nobody' {
    return this.hold === 'none' ? this.#commander : 'nobody'
  }

  /**
   * From now on `commander` commands. The plan is forgotten and the set-points stay where they are; they go on from
   * there with the first chunk that is newer. A stop remains.
   */
  command(commander: Commander, now: number): void {
    if (commander === this.#commander) return
    this.#commander = commander
    this.#boundary.resume(now)
    this.#gripper?.drop()
    this.#forgetPlans()
    this.watchdog.heard(commander, now)
    this.hold = nextHold(this.hold, 'takeover', this.#situation(now)) ?? this.hold
  }

  /** An episode begins: all state begins anew. A stop that outlives episodes remains. */
  beginEpisode(now: number): void {
    this.#boundary.begin(now)
    this.motions.begin(now)
    this.guard.reset()
    this.#goOn('begin', now)
  }

  /**
   * Takes an utterance. `active`: the node is active, so the utterance can stop the motion or let it go on now.
   * Otherwise a stop and its end are remembered for the next episode. Where it is a stop, resolves as `stop` does.
   */
  async hear(said: Said, now: number, { active }: { readonly active: boolean }): Promise<unknown> {
    const { meaning, by } = said
    // The goal itself has already ended that stop.
    if (meaning === 'resume' && by === 'goal') return undefined
    this.#authority.hear(said)
    this.heardAs = meaning === 'other' ? 'command' : meaning
    if (!active) return undefined
    if (meaning === 'stop') return this.stop(stopperOf(said), now)
    if (meaning === 'resume') this.resume(now)
    else if (meaning === 'command' && !this.#boundary.commanded) {
      this.#boundary.command(now)
      this.#forgetPlans()
    }
    return undefined
  }

  /**
   * Ends the motion within this call. Resolves when the gripper has acknowledged, or with the reason why it has not.
   * Rejects with the error of `send`; the fingers are stopped in that case too.
   */
  async stop(by: Stopper, now: number): Promise<unknown> {
    const stopped = this.hold === 'stop'
    this.#authority.stop(by, { stopped })
    if (!stopped) this.stops++
    this.hold = nextHold(this.hold, 'stop', this.#situation(now)) ?? this.hold
    return this.halt(now)
  }

  /** Ends a stop, and activates a gripper that has lost its activation. */
  resume(now: number): void {
    this.#authority.resume()
    this.#goOn('resume', now)
  }

  /** Drops the plan and waiting moves, brings the arm to rest and stops the fingers. Resolves and rejects as `stop`. */
  async halt(now: number): Promise<unknown> {
    this.#gripper?.drop()
    this.#forgetPlans()
    let stopping: Promise<unknown> | undefined
    try {
      this.motions.halt(now, { overForce: this.overForce })
    } finally {
      stopping = this.#gripper?.stop()
    }
    return stopping
  }

  /**
   * Takes an action chunk, received at bus time `receive` (ns). It counts only where the one who made it, `by`,
   * commands. True: the next step follows it, as far as nothing comes between.
   */
  take(chunk: Executable, receive: number, by: Commander = 'policy'): boolean {
    if (this.hold === 'stop' || by !== this.#commander) return false
    if (this.#boundary.isStale(chunk.stamp, receive, this.#limits.watchdog[by])) {
      this.refused.stale++
      // The clocks of a policy's sensors are told of where they are read.
      if (by === 'person' && this.#boundary.isFar(chunk.stamp, receive, this.#limits.watchdog[by]))
        this.#tellRefusal(
          'the stamps of the person lie further from the time here than limits.watchdog.person: do both machines ' +
            'have one clock, and is the network fast enough?',
        )
      return false
    }
    if (!this.#source.push(chunk)) {
      this.refused.unusable++
      this.#tellRefusal(this.#source.refused)
      return false
    }
    this.watchdog.heard(by, receive)
    if (this.#looked(receive) !== 'none') return false
    this.#moveFingers(chunk.stamp)
    return true
  }

  /**
   * Takes a tool pose (x, y, z in m, qx, qy, qz, qw). A pose without a stamp, with a NaN or in another frame than those
   * before it is counted in `badPoses` and not used.
   */
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
    if (this.arm?.takesFrame(frameId, receive) === false) {
      this.badPoses++
      return
    }
    this.hearFrame('arm', frameId)
    this.arm?.hear(pose, stamp, receive, { stopped: this.hold === 'stop' })
  }

  /** Takes the frame of the measured poses of an actuator: poses that are commanded in another one are not carried out. */
  hearFrame(name: string, frameId: string): void {
    this.#frames.hear(name, frameId)
  }

  /**
   * Takes the measured state of an actuator: the positions of its joints (rad, m) in their order, or the pose of its tool.
   * One with a NaN or without a stamp is counted in `badPoses`.
   */
  hearState(name: string, state: Float64Array, stamp: number, receive: number): void {
    if (Number.isNaN(stamp) || !state.every(Number.isFinite)) this.badPoses++
    else if (!this.#boundary.isOld(stamp, receive))
      this.motions.hear(name, state, { stamp, receive, stopped: this.hold === 'stop' })
  }

  /** After an over-force all arms go back to where they were measured. */
  freeze(now: number): void {
    this.motions.freeze(now)
  }

  /** Whether an arm is still going back after an over-force. */
  get goesBack(): boolean {
    return this.motions.goesBack
  }

  /** Sends the set-points of all arms. */
  publish(now: number): void {
    this.motions.publish(now)
  }

  /** From now on others may move the arms. */
  release(): void {
    this.motions.release()
  }

  /** 0 to 1: the share of the limits of velocity that the arms may use from their next step on. */
  set scale(scale: number) {
    this.motions.scale = scale
  }

  /** Takes a valid wrench, f64[6] (N, N·m). True when it raised an over-force: the caller must then call `freeze`. */
  hearWrench(wrench: Float64Array, stamp: number, receive: number): boolean {
    this.watchdog.heard('wrench', receive)
    return !this.#boundary.isOld(stamp, receive) && this.guard.sample(stamp, wrench)
  }

  /**
   * Runs every 10 ms. It determines the state, makes one step where nothing holds the motion, and sends the set-point.
   */
  step(now: number): void {
    if (this.hold !== 'stop') {
      this.hold = this.#looked(now)
      const { desired } = this.#source.assignment
      if (this.hold !== 'none') this.motions.rest(now)
      else if (this.overForce) this.motions.rise(desired, now)
      else this.motions.step(desired, now)
      this.arm?.judgeTilt({ holds: this.hold === 'tilt' })
    }
    this.publish(now)
  }

  /** Why an operator may not move the fingers to `width` (m) now, or `none`. */
  gripHold(width: number, now: number, node: GripSituation['node']): GripHold {
    const status = this.#gripper?.status
    return gripHoldOf({
      node,
      stopped: this.hold === 'stop',
      following: this.hold === 'none',
      silent: () => this.watchdog.silent(now, COMMANDERS[this.#commander].watches),
      activated: status?.activated === true,
      tared: this.#isTared,
      overForce: this.overForce,
      opens: status !== undefined && width >= status.width,
    })
  }

  /**
   * A new episode begins or a stop ends. The plan is forgotten, and nothing moves before a new chunk comes. The tare is
   * kept after a stop. Where a stop remains, the set-point of the arm becomes its measured pose, wherever the episode
   * has placed it.
   */
  #goOn(event: 'begin' | 'resume', now: number): void {
    const to = nextHold(this.hold, event, this.#situation(now))
    if (to === undefined) return
    this.hold = to
    this.#boundary.resume(now)
    this.#gripper?.drop()
    this.#forgetPlans()
    this.motions.leave()
    this.watchdog.start(now)
    if (to === 'stop') return
    this.#gripper?.forgive()
    if (this.#gripper?.status?.activated === false) this.#gripper.activate()
    this.motions.recover()
  }

  /** Each reason is said once, not with every chunk. */
  #tellRefusal(why: string | undefined): void {
    if (why !== undefined && why !== this.#told) this.#onRefused?.(`chunks are not carried out: ${why}`)
    this.#told = why
  }

  /** The chunks of the one who commands. */
  get #source(): SetPointSource {
    return this.#sources[this.#commander]
  }

  #forgetPlans(): void {
    this.#sources.policy.clear()
    this.#sources.person.clear()
  }

  /** The state of the motion at `now`. */
  #looked(now: number): Hold {
    const silent = this.watchdog.silent(now, COMMANDERS[this.#commander].watches)[0]
    const planned = this.#source.sample(now)
    return nextHold(this.hold, 'step', { ...this.#situation(now), silent, planned }) ?? this.hold
  }

  /** The situation without the facts that only a step needs. */
  #situation(now: number): Situation {
    return {
      stopStands: this.#authority.stands,
      activationLost: this.#gripper?.status?.activated === false,
      armFaulty: this.motions.isFaulty,
      silent: undefined,
      tared: this.#isTared,
      toolKnown: this.motions.known(now),
      tilted: isTilted(this.#tilt),
      commanded: this.#boundary.commanded || this.#commander === 'person',
      planned: false,
    }
  }

  /** Whether the force is known, or there is no sensor of it. */
  get #isTared(): boolean {
    return this.guard.ready || !this.watchdog.watches('wrench')
  }

  /** The angle between the tool's z axis and straight down, rad. */
  get #tilt(): number {
    return this.arm?.tilt ?? 0
  }

  #moveFingers(stamp: number): void {
    const fingers = this.#source.assignment.fingers('gripper')
    if (!fingers || Number.isNaN(fingers.width)) return
    const move = moveWithin(this.#limits, fingers.width, fingers.effort)
    if (this.overForce && !(move.width >= (this.#gripper?.status?.width ?? Infinity))) return
    this.#gripper?.move(move, stamp)
  }
}
