import { interpolatePose } from '../../fusion/interpolation.js'
import type { SetPointLimiter } from '../set-point-limiter.js'
import { FollowingErrorLimit } from './following-error-limit.js'
import { STEP } from './motion-limiter.js'
import type { ToolTarget } from './tool-pose.js'

type Range = readonly [number, number]

/** The limits of a tool that is told where to be: m, m/s, rad/s. */
export interface PoseLimits {
  readonly workspace: { readonly x: Range; readonly y: Range; readonly z: Range }
  readonly speed: number
  /** How fast it turns, about any axis. */
  readonly turnRate: number
}

/** A tool that stands so near to the set-point that was given up is held there by it (m, rad). */
const DROOP = { distance: 0.02, angle: 0.06 } as const

/**
 * Moves a commanded pose (x, y, z in m, qx, qy, qz, qw) toward a desired one. It never leaves the workspace, and no step
 * exceeds the limits of speed and of angular speed. Both ways are the shortest: a straight line, and one turn about one
 * axis (slerp). A set-point stays near the measured pose: no further than 0.1 s of full speed and 10 mm, 0.1 s of full
 * angular speed and 0.1 rad. A desired pose with a NaN moves nothing.
 */
export class PoseLimiter implements SetPointLimiter {
  readonly target = Float64Array.of(0, 0, 0, 0, 0, 0, 1)
  readonly clips = 0
  scale = 1
  readonly #limits: PoseLimits
  readonly #sides: readonly Range[]
  readonly #followingError: FollowingErrorLimit
  readonly #to = new Float64Array(7)
  readonly #from = new Float64Array(7)
  readonly #places: readonly [ToolTarget, ToolTarget, ToolTarget] = [place(), place(), place()]
  #since = -Infinity

  constructor(limits: PoseLimits) {
    this.#limits = limits
    this.#sides = [limits.workspace.x, limits.workspace.y, limits.workspace.z]
    this.#followingError = new FollowingErrorLimit({ speed: limits.speed, yawRate: limits.turnRate })
  }

  place(pose: Float64Array): void {
    this.target.set(pose)
    this.#since = -Infinity
  }

  /** Steps have no velocity of their own. */
  stand(): void {}

  rest(now: number): void {
    this.#since = now
  }

  step(desired: Float64Array, now: number, measured: Float64Array): void {
    this.#from.set(this.target)
    this.#move(desired, now, this.scale)
    this.#stayNear(measured)
  }

  retreat(pose: Float64Array, now: number): void {
    this.#move(pose, now, 1)
  }

  isAt(pose: Float64Array): boolean {
    let away = angleBetween(this.target, pose)
    for (let i = 0; i < 3; i++) away += Math.abs(this.#within(i, pose[i]!) - this.target[i]!)
    return away < 1e-6
  }

  holds(pose: Float64Array): boolean {
    const { target } = this
    const away = Math.hypot(target[0]! - pose[0]!, target[1]! - pose[1]!, target[2]! - pose[2]!)
    return away <= DROOP.distance && angleBetween(target, pose) <= DROOP.angle
  }

  #move(desired: Float64Array, now: number, scale: number): void {
    const seconds = Math.min(STEP, Math.max(0, now - this.#since)) / 1e9
    this.#since = now
    if (seconds === 0 || !desired.every(Number.isFinite)) return
    const { speed, turnRate } = this.#limits
    const { target } = this
    let square = 0
    for (let i = 0; i < 3; i++) square += (this.#within(i, desired[i]!) - target[i]!) ** 2
    const share = shareOf(speed * scale * seconds, Math.sqrt(square))
    const turn = shareOf(turnRate * scale * seconds, angleBetween(target, desired))
    interpolatePose(target, desired, turn, this.#to)
    for (let i = 0; i < 3; i++) target[i]! += (this.#within(i, desired[i]!) - target[i]!) * share
    for (let i = 3; i < 7; i++) target[i] = this.#to[i]!
  }

  #stayNear(measured: Float64Array): void {
    const [before, target, tool] = this.#places
    copyPlace(this.#from, before)
    copyPlace(this.target, target)
    copyPlace(measured, tool)
    this.#followingError.limitStep(before, target, tool)
    this.target[0] = target.x
    this.target[1] = target.y
    this.target[2] = target.z
    const turned = angleBetween(this.target, measured)
    if (turned > this.#followingError.angle && turned > angleBetween(this.#from, measured))
      for (let i = 3; i < 7; i++) this.target[i] = this.#from[i]!
  }

  #within(i: number, value: number): number {
    const [least, most] = this.#sides[i]!
    return Math.min(most, Math.max(least, value))
  }
}

/** The share of a way that `most` allows. */
const shareOf = (most: number, way: number): number => (way > most ? most / way : 1)

const place = (): ToolTarget => ({ x: 0, y: 0, z: 0, yaw: 0 })

function copyPlace(pose: Float64Array, to: ToolTarget): void {
  to.x = pose[0]!
  to.y = pose[1]!
  to.z = pose[2]!
}

/** The angle of the turn from one rotation to another, 0 to pi rad. The quaternions may have any length. */
function angleBetween(a: Float64Array, b: Float64Array): number {
  let dot = 0
  let squares = 0
  let other = 0
  for (let i = 3; i < 7; i++) {
    dot += a[i]! * b[i]!
    squares += a[i]! * a[i]!
    other += b[i]! * b[i]!
  }
  const cosine = Math.abs(dot) / Math.sqrt(squares * other)
  return 2 * Math.atan2(Math.sqrt(Math.max(0, 1 - cosine * cosine)), cosine)
}
