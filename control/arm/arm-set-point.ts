import type { Limits } from '../../robots/robot.js'
import { LATE } from './late.js'
import { Leash } from './leash.js'
import { LeftSetPoint } from './left-set-point.js'
import { MotionLimiter } from './motion-limiter.js'
import { copyTarget, distance, poseOf, type Tilt, type ToolTarget } from './tool-pose.js'
import { ToolTrack, UNPLACED } from './tool-track.js'

/** How far two tilts of one tool lie apart, at most: one degree. */
const SAME_TILT = Math.sin(Math.PI / 360)

export interface ArmSetPointOptions {
  readonly limits: Pick<Limits, 'workspace' | 'speed' | 'yawRate'>
  /**
   * Takes x, y, z (m), qx, qy, qz, qw in the base frame, made at bus time `now` (ns). The array is written again
   * afterwards.
   */
  readonly send: (pose: Float64Array, now: number) => void
}

/**
 * The arm's set-point, and the one place where it leaves. It is ours from an episode's first step or from a halt on,
 * until the next episode, a "resume" or a release. While it is ours it moves by steps of the limiter alone, so no two
 * set-points in a row lie further apart than the limits allow, whatever the poses say and however late they are; a halt
 * leaves it where it is, so the arm goes on to where it was sent and is never pulled back. That is never far: a step
 * ends at the leash. Where it becomes ours it begins at the measured pose, in its whole orientation: from there on it
 * only moves and yaws; where it was left while nobody else has moved the arm, it goes on. Times in ns. Allocates
 * nothing per set-point.
 */
export class ArmSetPoint {
  readonly tool: ToolTrack
  readonly #send: ArmSetPointOptions['send']
  readonly #limiter: MotionLimiter
  readonly #pose = new Float64Array(7)
  readonly #tilt: Tilt = { x: 0, y: 0 }
  #ours = false
  /** Others may move the arm: nothing is sent until an episode begins. */
  #released = true
  readonly #leash: Leash
  readonly #left: LeftSetPoint
  /** Bus time at which it was sent last. */
  #sentAt = -Infinity
  readonly #before: ToolTarget = { x: 0, y: 0, z: 0, yaw: 0 }
  /** Bus time at which the episode began. */
  #begun = 0
  /** Where the set-point goes back to after an over-force. */
  readonly #back: ToolTarget = { x: 0, y: 0, z: 0, yaw: 0 }
  #goesBack = false
  /** An over-force came, and where the tool is was not known: it goes back once that is. */
  #owed = false

  constructor({ limits, send }: ArmSetPointOptions) {
    this.tool = new ToolTrack(limits)
    this.#limiter = new MotionLimiter(limits)
    this.#leash = new Leash(limits)
    this.#left = new LeftSetPoint(this.#leash)
    this.#send = send
  }

  /** The set-point; where it is not ours, the tool's measured pose. */
  get target(): Readonly<ToolTarget> {
    return this.#limiter.target
  }

  /**
   * 0 to 1: the share of the limits of linear speed and yaw rate that may be used, from the next step on; not on the
   * way back and up after an over-force.
   */
  set scale(scale: number) {
    this.#limiter.scale = scale
  }

  /** An episode begins: the tool may have been placed elsewhere, and nothing is sent before it is commanded anew. */
  begin(now: number): void {
    this.#begun = now
    this.#released = false
    this.#leave('episode')
    this.tool.restart()
  }

  /** A stop ends, or the tool is not to be moved as it is: nothing is sent before it is commanded anew. */
  leave(): void {
    if (this.#ours) this.#leave('word')
  }

  /** Poses are in another frame from here on: where the set-point was left says nothing in it. */
  forget(): void {
    this.#leave('nobody')
  }

  /** From here on others may move the arm. */
  release(): void {
    this.forget()
    this.#released = true
  }

  /**
   * A measured pose, not one from before the episode. `stopped`: the set-point becomes where the tool comes to rest,
   * wherever it was placed. So it does where the tool moves just after an episode began in which ours was still on its
   * way: the wrist would be tared while it moves.
   */
  hear(
    pose: Float64Array,
    stamp: number,
    receive: number,
    { stopped, struck }: { readonly stopped: boolean; readonly struck: boolean },
  ): void {
    this.tool.hear(pose, stamp, receive)
    this.#owed &&= struck
    if (this.#owed) return this.publish(receive)
    if (this.#ours) return
    this.#left.hear(this.tool.at, receive)
    const setOut = this.#left.by === 'episode' && receive - this.#begun < LATE && this.tool.moves
    if (stopped || setOut) this.halt(receive, { struck })
    else this.#limiter.place(this.tool.at)
  }

  /** One step toward `desired`, down no faster than `downSpeed` (m/s); sent with the next `publish`. */
  step(desired: Readonly<ToolTarget>, now: number, downSpeed: number): void {
    this.#start(now)
    this.#goesBack = this.#owed = false
    copyTarget(this.#limiter.target, this.#before)
    this.#limiter.step(desired, now, downSpeed)
    this.#leash.hold(this.#before, this.#limiter.target, this.tool.at)
  }

  /** During an over-force: one step straight up toward `z` (m), or none at all; not before it has gone back. */
  rise(z: number, now: number): void {
    if (!this.#ours) this.#owed = true
    this.#goBack(now)
    if (!this.#ours || this.#owed || this.#goesBack) return
    copyTarget(this.#limiter.target, this.#before)
    this.#limiter.rise(z, now)
    this.#leash.hold(this.#before, this.#limiter.target, this.tool.at)
  }

  /**
   * The arm comes to rest: at the set-point that it has. Where it has none of ours, at where it comes to rest when it
   * is braked now; with `struck` at its measured pose, no further into what was struck. A tool whose pose is too old is
   * left alone.
   */
  halt(now: number, { struck }: { readonly struck: boolean }): void {
    if (!this.#ours && struck) this.#owed = true
    else if (!this.#ours && !this.#released && this.tool.known(now)) {
      if (this.#goesToLeft) this.#takeBack()
      else this.#take(this.tool.rest(now))
    }
    this.publish(now)
  }

  /**
   * Over-force: the set-point goes back, within the limits, to where the tool was measured; the arm must not push on
   * toward where it was sent. Where no pose has come of late, it goes back with the next that comes during the
   * over-force.
   */
  freeze(now: number): void {
    this.#owed = true
    this.publish(now)
  }

  /** Whether it still goes back after an over-force. */
  get goesBack(): boolean {
    return this.#goesBack || this.#owed
  }

  /** Sends the set-point, where it is ours. */
  publish(now: number): void {
    this.#goBack(now)
    if (!this.#ours) return
    const { target } = this.#limiter
    if (this.#goesBack) {
      this.#limiter.step(this.#back, now, Infinity, 1)
      this.#goesBack = !this.#limiter.isAt(this.#back)
    }
    this.#limiter.sent(now)
    this.#sentAt = now
    this.#send(poseOf(target, this.#pose, this.#tilt), now)
  }

  /** Goes back to the newest pose, however long it was on its way: it lies behind the tool. */
  #goBack(now: number): void {
    if (!this.#owed || this.#released || !this.tool.heard(now)) return
    if (!this.#ours) {
      if (this.#goesToLeft) this.#takeBack()
      else this.#take(this.tool.at)
    }
    copyTarget(this.tool.at, this.#back)
    this.#goesBack = true
    this.#owed = false
  }

  #leave(by: 'nobody' | 'episode' | 'word'): void {
    if (this.#ours && by !== 'nobody') this.#left.leave(this.#limiter.target, by, this.#sentAt)
    else this.#left.by = 'nobody'
    this.#ours = this.#goesBack = this.#owed = false
  }

  /** The first step begins where the tool is; after a "resume" where it was left. */
  #start(now: number): void {
    if (this.#ours) return
    if (this.#left.by === 'word' && this.#goesToLeft) this.#takeBack()
    else this.#take(this.tool.now(now))
  }

  get #goesToLeft(): boolean {
    const { at, tilt, placed, moves } = this.tool
    const turned = Math.hypot(tilt.x - this.#tilt.x, tilt.y - this.#tilt.y) > SAME_TILT
    // An episode may have placed a tool that stands near by.
    const elsewhere = this.#left.by === 'episode' && (placed || (!moves && distance(at, this.#left.target) > UNPLACED))
    return !turned && !elsewhere && this.#left.has(at)
  }

  #take(from: Readonly<ToolTarget>): void {
    this.#limiter.place(from)
    this.#tilt.x = this.tool.tilt.x
    this.#tilt.y = this.tool.tilt.y
    this.#ours = true
  }

  /** The set-point that was ours goes on. */
  #takeBack(): void {
    this.#limiter.place(this.#left.target)
    this.#limiter.sent(this.#sentAt)
    this.#ours = true
  }
}
