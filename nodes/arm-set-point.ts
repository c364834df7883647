import type { Limits } from '../fusion/robot/robot.js'
import { LATE } from '../middleware/late.js'
import { MotionLimiter } from './motion-limiter.js'
import { copyTarget, poseOf, type Tilt, type ToolTarget } from './tool-pose.js'
import { ToolTrack } from './tool-track.js'

/** How far two tilts of one tool lie apart, at most: one degree. */
const SAME_TILT = Math.sin(Math.PI / 360)

export interface ArmSetPointOptions {
  readonly limits: Pick<Limits, 'workspace' | 'speed' | 'yawRate'>
  /** Takes x, y, z (m), qx, qy, qz, qw in the base frame, made at bus time `now` (ns). The array is written again afterwards. */
  readonly send: (pose: Float64Array, now: number) => void
}

/**
 * The arm's set-point, and the one place where it leaves. It is ours from an episode's first step or from a halt on, until the next episode, a "resume" or a
 * release. While it is ours it moves by steps of the limiter alone, so no two set-points in a row lie further apart than the limits allow, whatever the poses say
 * and however late they are; a halt leaves it where it is, so the arm goes on to where it was sent and is never pulled back. Where it becomes ours it begins at
 * the measured pose, in its whole orientation: from there on it only moves and yaws. Times in ns. Allocates nothing per set-point.
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
  /** The set-point that was ours when an episode or a word ended that: the arm may still go there. */
  readonly #left: ToolTarget = { x: 0, y: 0, z: 0, yaw: 0 }
  #leftBy: 'nobody' | 'episode' | 'word' = 'nobody'
  /** Bus time at which the episode began. */
  #begun = 0
  /** Where the set-point goes back to after an over-force. */
  readonly #back: ToolTarget = { x: 0, y: 0, z: 0, yaw: 0 }
  #goesBack = false

  constructor({ limits, send }: ArmSetPointOptions) {
    this.tool = new ToolTrack(limits)
    this.#limiter = new MotionLimiter(limits)
    this.#send = send
  }

  /** The set-point; where it is not ours, the tool's measured pose. */
  get target(): Readonly<ToolTarget> {
    return this.#limiter.target
  }

  /** 0 to 1: the share of the limits of linear speed and yaw rate that may be used, from the next step on. */
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

  /** From here on others may move the arm. */
  release(): void {
    this.#leave('nobody')
    this.#released = true
  }

  /**
   * A measured pose, not one from before the episode. `stopped`: the set-point becomes where the tool comes to rest, wherever it was placed. So it does where
   * the tool moves just after an episode began in which ours was still on its way: the wrist would be tared while it moves.
   */
  hear(pose: Float64Array, stamp: number, receive: number, { stopped, struck }: { readonly stopped: boolean; readonly struck: boolean }): void {
    this.tool.hear(pose, stamp, receive)
    if (this.#ours) return
    const setOut = this.#leftBy === 'episode' && receive - this.#begun < LATE && this.tool.moves
    if (stopped || setOut) this.halt(receive, { struck })
    else this.#limiter.place(this.tool.at)
  }

  /** One step toward `desired`, down no faster than `downSpeed` (m/s); sent with the next `publish`. */
  step(desired: Readonly<ToolTarget>, now: number, downSpeed: number): void {
    this.#start(now)
    this.#goesBack = false
    this.#limiter.step(desired, now, downSpeed)
  }

  /** One step straight up toward `z` (m), or none at all; not before it has gone back after an over-force. */
  rise(z: number, now: number): void {
    this.#start(now)
    if (!this.#goesBack) this.#limiter.rise(z, now)
  }

  /**
   * The arm comes to rest: at the set-point that it has. Where it has none of ours, at where it comes to rest when it is braked now; with `struck` at its
   * measured pose, no further into what was struck. A tool whose pose is too old is left alone.
   */
  halt(now: number, { struck }: { readonly struck: boolean }): void {
    if (!this.#ours && !this.#released && this.tool.known(now)) {
      if (struck) this.#take(this.tool.at)
      else if (this.#goesToLeft) this.#takeBack()
      else this.#take(this.tool.rest(now))
    }
    this.publish(now)
  }

  /** Over-force: the set-point goes back, within the limits, to where the tool was measured; the arm must not push on toward where it was sent. */
  freeze(now: number): void {
    if (!this.#released && this.tool.known(now)) {
      if (!this.#ours) this.#take(this.tool.at)
      copyTarget(this.tool.at, this.#back)
      this.#goesBack = true
    }
    this.publish(now)
  }

  /** Sends the set-point, where it is ours. */
  publish(now: number): void {
    if (!this.#ours) return
    const { target } = this.#limiter
    if (this.#goesBack) {
      this.#limiter.step(this.#back, now, Infinity)
      this.#goesBack = !this.#limiter.isAt(this.#back)
    }
    this.#limiter.sent(now)
    this.#send(poseOf(target, this.#pose, this.#tilt), now)
  }

  #leave(by: 'nobody' | 'episode' | 'word'): void {
    this.#leftBy = this.#ours ? by : 'nobody'
    if (this.#ours) copyTarget(this.#limiter.target, this.#left)
    this.#ours = this.#goesBack = false
  }

  /** The first step begins where the tool is; after a "resume" where it was sent, if it is or goes there: a late pose lies behind it. */
  #start(now: number): void {
    if (this.#ours) return
    if (this.#leftBy === 'word' && this.#goesToLeft) this.#takeBack()
    else this.#take(this.tool.now(now))
  }

  get #goesToLeft(): boolean {
    const { tilt, placed } = this.tool
    const turned = Math.hypot(tilt.x - this.#tilt.x, tilt.y - this.#tilt.y) > SAME_TILT
    return (this.#leftBy === 'word' || (this.#leftBy === 'episode' && !placed)) && !turned && this.tool.headsFor(this.#left)
  }

  #take(from: Readonly<ToolTarget>): void {
    this.#limiter.place(from)
    this.#tilt.x = this.tool.tilt.x
    this.#tilt.y = this.tool.tilt.y
    this.#ours = true
  }

  /** The set-point that was ours goes on. */
  #takeBack(): void {
    this.#limiter.place(this.#left)
    this.#ours = true
  }
}
