import type { Limits } from '../../robots/robot.js'
import { LATE } from './late.js'
import { FollowingErrorLimit } from './following-error-limit.js'
import { FormerSetPoint } from './former-set-point.js'
import { MotionLimiter } from './motion-limiter.js'
import { copyTarget, distance, poseOf, type Tilt, type ToolTarget } from './tool-pose.js'
import { ToolTrack, UNPLACED } from './tool-track.js'

/** Two tilts differ by at most this where the tool has not turned (one degree). */
const SAME_TILT = Math.sin(Math.PI / 360)

export interface ArmSetPointOptions {
  readonly limits: Pick<Limits, 'workspace' | 'speed' | 'yawRate'>
  /** Sends x, y, z (m), qx, qy, qz, qw in the base frame at bus time `now` (ns). The array is reused afterwards. */
  readonly send: (pose: Float64Array, now: number) => void
}

/**
 * The set-point of the arm. It is sent to the arm from here alone.
 *
 * The set-point is active from the first step of an episode or from a halt on. It ends with the next episode, a
 * "resume" or a release. While it is active, only steps of the limiter move it. So two set-points in a row never lie
 * further apart than the limits allow, whatever the poses say and however late they are. A halt leaves the set-point
 * where it is: the arm completes its motion there and is not pulled back. That way is short, because the following
 * error is limited.
 *
 * A new set-point begins at the measured pose with its whole orientation, and from there it only moves and yaws. Where
 * a former set-point was given up and nobody else has moved the arm since, that one continues. Times in ns. Allocates
 * nothing per set-point.
 */
export class ArmSetPoint {
  readonly tool: ToolTrack
  readonly #send: ArmSetPointOptions['send']
  readonly #limiter: MotionLimiter
  readonly #pose = new Float64Array(7)
  readonly #tilt: Tilt = { x: 0, y: 0 }
  #active = false
  /** Others may move the arm. Nothing is sent until an episode begins. */
  #released = true
  readonly #followingError: FollowingErrorLimit
  readonly #former: FormerSetPoint
  /** Bus time at which the set-point was sent last. */
  #sentAt = -Infinity
  readonly #before: ToolTarget = { x: 0, y: 0, z: 0, yaw: 0 }
  /** Bus time at which the episode began. */
  #begun = 0
  /** The pose to which the set-point goes back after an over-force. */
  readonly #back: ToolTarget = { x: 0, y: 0, z: 0, yaw: 0 }
  #goesBack = false
  /** An over-force came while the pose of the tool was not known. The set-point goes back once it is. */
  #backPending = false

  constructor({ limits, send }: ArmSetPointOptions) {
    this.tool = new ToolTrack(limits)
    this.#limiter = new MotionLimiter(limits)
    this.#followingError = new FollowingErrorLimit(limits)
    this.#former = new FormerSetPoint(this.#followingError)
    this.#send = send
  }

  /** The set-point. While it is not active: the measured pose of the tool. */
  get target(): Readonly<ToolTarget> {
    return this.#limiter.target
  }

  get scale(): number {
    return this.#limiter.scale
  }

  /**
   * 0 to 1: the share of the limits of linear speed and yaw rate that steps may use, from the next step on. It does not
   * apply to the way back and up after an over-force.
   */
  set scale(scale: number) {
    this.#limiter.scale = scale
  }

  /** An episode begins. The tool may have been placed elsewhere, so nothing is sent before the next step. */
  begin(now: number): void {
    this.#begun = now
    this.#released = false
    this.#leave('episode')
    this.tool.restart()
  }

  /** A stop ends, or the tool must not be moved in its orientation. Nothing is sent before the next step. */
  leave(): void {
    if (this.#active) this.#leave('resume')
  }

  /** The poses are in another frame from now on, so the former set-point has no meaning in it. */
  forget(): void {
    this.#leave('none')
  }

  /** From now on others may move the arm. */
  release(): void {
    this.forget()
    this.#released = true
  }

  /**
   * Takes a measured pose of this episode. `stopped`: the set-point becomes the place where the tool comes to rest,
   * wherever it was placed. The same holds where the tool moves just after an episode has begun and a former set-point
   * was not reached yet; otherwise the wrist would be tared while it moves.
   */
  hear(
    pose: Float64Array,
    stamp: number,
    receive: number,
    { stopped, overForce }: { readonly stopped: boolean; readonly overForce: boolean },
  ): void {
    this.tool.hear(pose, stamp, receive)
    this.#backPending &&= overForce
    if (this.#backPending) return this.publish(receive)
    if (this.#active) return
    this.#former.hear(this.tool.at, receive)
    const setOut = this.#former.by === 'episode' && receive - this.#begun < LATE && this.tool.moves
    if (stopped || setOut) this.halt(receive, { overForce })
    else this.#limiter.place(this.tool.at)
  }

  /** One step toward `desired`, downward no faster than `downSpeed` (m/s). The next `publish` sends it. */
  step(desired: Readonly<ToolTarget>, now: number, downSpeed: number): void {
    this.#start(now)
    this.#goesBack = this.#backPending = false
    copyTarget(this.#limiter.target, this.#before)
    this.#limiter.step(desired, now, downSpeed)
    this.#followingError.limitStep(this.#before, this.#limiter.target, this.tool.at)
  }

  /** During an over-force: one step straight up toward `z` (m), or no step. It first goes back. */
  rise(z: number, now: number): void {
    if (!this.#active) this.#backPending = true
    this.#goBack(now)
    if (!this.#active || this.#backPending || this.#goesBack) return
    copyTarget(this.#limiter.target, this.#before)
    this.#limiter.rise(z, now)
    this.#followingError.limitStep(this.#before, this.#limiter.target, this.tool.at)
  }

  /**
   * Brings the arm to rest. An active set-point stays where it is. Otherwise the set-point becomes the place where the
   * tool comes to rest when it is braked now. With `overForce` it becomes the measured pose, so that the arm does not
   * push further into the obstacle. Nothing is sent where the pose of the tool is too old.
   */
  halt(now: number, { overForce }: { readonly overForce: boolean }): void {
    if (!this.#active && overForce) this.#backPending = true
    else if (!this.#active && !this.#released && this.tool.known(now)) {
      if (this.#goesToFormer) this.#takeBack()
      else this.#take(this.tool.rest(now))
    }
    this.publish(now)
  }

  /**
   * After an over-force the set-point goes back, within the limits, to the measured pose, so that the arm does not push
   * further into the obstacle. Where no recent pose is known, it goes back with the next one that comes during the
   * over-force.
   */
  freeze(now: number): void {
    this.#backPending = true
    this.publish(now)
  }

  /** Whether the set-point is still going back after an over-force. */
  get goesBack(): boolean {
    return this.#goesBack || this.#backPending
  }

  /** Sends the set-point if it is active. */
  publish(now: number): void {
    this.#goBack(now)
    if (!this.#active) return
    const { target } = this.#limiter
    if (this.#goesBack) {
      this.#limiter.step(this.#back, now, Infinity, 1)
      this.#goesBack = !this.#limiter.isAt(this.#back)
    }
    this.#limiter.sent(now)
    this.#sentAt = now
    this.#send(poseOf(target, this.#pose, this.#tilt), now)
  }

  /** Begins the way back to the newest pose. Even an old pose will do, since it lies behind the tool. */
  #goBack(now: number): void {
    if (!this.#backPending || this.#released || !this.tool.heard(now)) return
    if (!this.#active) {
      if (this.#goesToFormer) this.#takeBack()
      else this.#take(this.tool.at)
    }
    copyTarget(this.tool.at, this.#back)
    this.#goesBack = true
    this.#backPending = false
  }

  #leave(by: 'none' | 'episode' | 'resume'): void {
    if (this.#active && by !== 'none') this.#former.leave(this.#limiter.target, by, this.#sentAt)
    else this.#former.by = 'none'
    this.#active = this.#goesBack = this.#backPending = false
  }

  /** Activates the set-point for the first step: at the tool, or after a "resume" at the former set-point. */
  #start(now: number): void {
    if (this.#active) return
    if (this.#former.by === 'resume' && this.#goesToFormer) this.#takeBack()
    else this.#take(this.tool.now(now))
  }

  get #goesToFormer(): boolean {
    const { at, tilt, placed, moves } = this.tool
    const turned = Math.hypot(tilt.x - this.#tilt.x, tilt.y - this.#tilt.y) > SAME_TILT
    // An episode may have placed a tool that stands nearby.
    const elsewhere =
      this.#former.by === 'episode' && (placed || (!moves && distance(at, this.#former.target) > UNPLACED))
    return !turned && !elsewhere && this.#former.has(at)
  }

  #take(from: Readonly<ToolTarget>): void {
    this.#limiter.place(from)
    this.#tilt.x = this.tool.tilt.x
    this.#tilt.y = this.tool.tilt.y
    this.#active = true
  }

  /** The former set-point continues. */
  #takeBack(): void {
    this.#limiter.place(this.#former.target)
    this.#limiter.sent(this.#sentAt)
    this.#active = true
  }
}
