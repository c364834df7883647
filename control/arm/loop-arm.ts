import type { Limits } from '../../robots/robot.js'
import { ContactCaution } from '../guard/contact-caution.js'
import type { WrenchGuard } from '../guard/wrench-guard.js'
import type { Motion } from '../motion.js'
import { ArmSetPoint } from './arm-set-point.js'
import { TiltReport, type TiltError } from './tilt.js'
import { ToolFrame } from './tool-frame.js'
import { yawOf, type ToolTarget } from './tool-pose.js'

export interface LoopArmOptions {
  readonly limits: Limits
  /** What the wrist feels. */
  readonly guard: Pick<WrenchGuard, 'state'>
  /** Whether the fingers close: then a contact is their grip. */
  readonly closing: () => boolean
  /** The frame of the set-points until the first tool pose names one. */
  readonly frame: string
  /** The frame of the tool poses, where the robot file names it, without the prefix. No pose in another one is used. */
  readonly declaredFrame?: string | undefined
  /** Put before the names of frames. Default: nothing. */
  readonly framePrefix?: string
  /**
   * Sends a set-point (x, y, z in m, qx, qy, qz, qw in `frame`) at bus time `now` (ns). The array is reused afterwards.
   */
  readonly send: (pose: Float64Array, now: number, frame: string) => void
  /** Called once when the tool does not point down, and again only after it has pointed down. */
  readonly onTilt: (error: TiltError) => void
  /** Called with one line that the user should know about the frame of the tool poses. */
  readonly onNotice: ((text: string) => void) | undefined
}

/**
 * The actuator `arm`, whose tool points down, moves and yaws. In a contact it goes down slowly; during an over-force it
 * only rises. Its set-points are in the frame of its tool poses. Times in ns.
 */
export class LoopArm implements Motion {
  readonly clips = 0
  readonly #setPoint: ArmSetPoint
  readonly #guard: LoopArmOptions['guard']
  readonly #closing: LoopArmOptions['closing']
  readonly #toolFrame: ToolFrame
  readonly #tiltReport: TiltReport
  readonly #caution = new ContactCaution()
  readonly #desired: ToolTarget = { x: 0, y: 0, z: 0, yaw: 0 }
  /** The frame of the tool poses and of the set-points. */
  #frame: string

  constructor({
    limits,
    guard,
    closing,
    frame,
    declaredFrame,
    framePrefix: prefix = '',
    send,
    onTilt,
    onNotice,
  }: LoopArmOptions) {
    this.#guard = guard
    this.#closing = closing
    this.#frame = frame
    this.#toolFrame = new ToolFrame(
      onNotice,
      declaredFrame === undefined ? undefined : { frame: declaredFrame, prefix },
    )
    this.#tiltReport = new TiltReport(onTilt)
    this.#setPoint = new ArmSetPoint({ limits, send: (pose, now) => send(pose, now, this.#frame) })
  }

  /** The set-point: x, y, z (m) and yaw (rad). While it is not active: the measured pose of the tool. */
  get target(): Readonly<ToolTarget> {
    return this.#setPoint.target
  }

  /** The angle between the tool's z axis and straight down, rad. */
  get tilt(): number {
    return this.#setPoint.tool.tiltAngle
  }

  get goesBack(): boolean {
    return this.#setPoint.goesBack
  }

  get scale(): number {
    return this.#setPoint.scale
  }

  set scale(scale: number) {
    this.#setPoint.scale = scale
  }

  known(now: number): boolean {
    return this.#setPoint.tool.known(now)
  }

  begin(now: number): void {
    this.#setPoint.begin(now)
    this.#toolFrame.restart()
    this.#caution.reset()
  }

  leave(): void {
    this.#setPoint.leave()
  }

  release(): void {
    this.#setPoint.release()
  }

  /** Whether a measured pose in a frame is to be believed; called with the frame of each, before `hear`. */
  takesFrame(frameId: string, receive: number): boolean {
    if (!this.#toolFrame.takes(frameId, receive)) return false
    if (frameId !== '' && frameId !== this.#frame) {
      this.#frame = frameId
      this.#setPoint.forget()
    }
    return true
  }

  hear(pose: Float64Array, stamp: number, receive: number, { stopped }: { readonly stopped: boolean }): void {
    this.#setPoint.hear(pose, stamp, receive, { stopped, overForce: this.#guard.state === 'over_force' })
  }

  step(desired: Float64Array, now: number): void {
    const [x = NaN, y = NaN, z = NaN] = desired
    const target = this.#desired
    target.x = x
    target.y = y
    target.z = z
    target.yaw = yawOf(desired)
    this.#setPoint.step(target, now, this.#caution.downSpeed(this.#guard.state, now, { closing: this.#closing() }))
  }

  rise(desired: Float64Array, now: number): void {
    this.#caution.overForce(now)
    this.#setPoint.rise(desired[2] ?? NaN, now)
  }

  /** The set-point stays where it is. */
  rest(): void {}

  halt(now: number, options: { readonly overForce: boolean }): void {
    this.#setPoint.halt(now, options)
  }

  freeze(now: number): void {
    this.#setPoint.freeze(now)
  }

  publish(now: number): void {
    this.#setPoint.publish(now)
  }

  /** Reports a tilted tool. `holds`: the tilt holds the motion now, so the set-point ends. */
  judgeTilt({ holds }: { readonly holds: boolean }): void {
    if (holds) this.leave()
    this.#tiltReport.update(this.tilt, { holds })
  }
}
