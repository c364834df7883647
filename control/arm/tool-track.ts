import type { Limits } from '../../robots/robot.js'
import { PoseAge } from './pose-age.js'
import { copyTarget, distance, tiltAngle, tiltOf, wrapAngle, yawOf, type Tilt, type ToolTarget } from './tool-pose.js'

/** ns: how old the newest pose may be to be believed. */
const FRESH = 100_000_000
/** ns between the two poses that a velocity is taken from, at least and at most. */
const BASE = [8_000_000, 100_000_000] as const
/** m/s and rad/s up to which it stands: more than the noise of an arm's own poses over 8 ms. */
const STILL = { speed: 0.02, yawRate: 0.2 } as const
/**
 * s in which a tool that is taken over in its motion is brought to rest: the bound of a stop, as short a way as no arm
 * overshoots.
 */
const STOPPING = 0.05
/** m by which a tool that was placed nowhere may be off. */
export const UNPLACED = 0.005

/**
 * Where the tool is and how fast it moves, from its measured poses (base frame), and where it comes to rest. Allocates
 * nothing per pose.
 */
export class ToolTrack {
  readonly #limits: Pick<Limits, 'workspace' | 'speed' | 'yawRate'>
  readonly #at: ToolTarget = { x: 0, y: 0, z: 0, yaw: 0 }
  readonly #tilt: Tilt = { x: 0, y: 0 }
  readonly #before: ToolTarget = { x: 0, y: 0, z: 0, yaw: 0 }
  readonly #velocity: ToolTarget = { x: 0, y: 0, z: 0, yaw: 0 }
  readonly #ahead: ToolTarget = { x: 0, y: 0, z: 0, yaw: 0 }
  readonly #age = new PoseAge()
  #known = false
  #tiltAngle = 0
  #stamped = NaN
  #received = NaN
  #stampBefore = NaN
  #placed: boolean | undefined

  constructor(limits: Pick<Limits, 'workspace' | 'speed' | 'yawRate'>) {
    this.#limits = limits
  }

  /** Until it is measured again it is not known where it is. */
  restart(): void {
    this.#known = false
    this.#placed = undefined
    copyTarget(STANDING, this.#velocity)
  }

  /** A measured pose (x, y, z in m, qx, qy, qz, qw; see `isPose`); when it was stamped and received in ns. */
  hear(pose: Float64Array, stamped: number, receive: number): void {
    // A stamp that was never set does not go on.
    const stamp = stamped <= 0 && stamped === this.#stamped ? receive : stamped
    this.#stamped = stamped
    this.#age.hear(stamp, receive)
    this.#known = true
    this.#received = receive
    const at = this.#at
    at.x = pose[0]!
    at.y = pose[1]!
    at.z = pose[2]!
    at.yaw = yawOf(pose)
    tiltOf(pose, this.#tilt)
    this.#tiltAngle = tiltAngle(pose)
    const elapsed = stamp - this.#stampBefore
    if (this.#placed === undefined) {
      this.#placed = !(elapsed >= 0 && distance(at, this.#before) <= (this.#limits.speed * elapsed) / 1e9 + UNPLACED)
    } else if (elapsed >= 0 && elapsed < BASE[0]) {
      return
    } else if (elapsed > 0 && elapsed <= BASE[1]) {
      this.#measureVelocity(elapsed / 1e9)
    } else {
      copyTarget(STANDING, this.#velocity)
    }
    this.#stampBefore = stamp
    copyTarget(at, this.#before)
  }

  /** Whether the newest pose is fresh enough at `now` (ns) to be believed. */
  known(now: number): boolean {
    return this.#known && this.#age.at(now) <= FRESH
  }

  /** Whether a pose has come of late, however long it was on its way. */
  heard(now: number): boolean {
    return this.#known && now - this.#received <= FRESH
  }

  /** The newest pose. */
  get at(): Readonly<ToolTarget> {
    return this.#at
  }

  /** Of the newest pose, what `at` leaves of its orientation. */
  get tilt(): Readonly<Tilt> {
    return this.#tilt
  }

  /** rad between the newest pose's z axis and straight down. */
  get tiltAngle(): number {
    return this.#tiltAngle
  }

  /** Whether it was found elsewhere after the newest `restart` than it can have gone to. */
  get placed(): boolean {
    return this.#placed === true
  }

  /** Whether it moved between the newest poses. */
  get moves(): boolean {
    const { x, y, z, yaw } = this.#velocity
    return Math.sqrt(x * x + y * y + z * z) > STILL.speed || Math.abs(yaw) > STILL.yawRate
  }

  /**
   * Where the tool is at `now` (ns): where it was measured, and for one that moves its way since. The way never leaves
   * the workspace.
   */
  now(now: number): Readonly<ToolTarget> {
    return this.moves ? this.#onward(this.#age.at(now) / 1e9) : this.#at
  }

  /**
   * Where the tool comes to rest when it is braked evenly from now (ns) on, in 50 ms: v·(age + 25 ms) further than it
   * was measured. A set-point behind a tool that still moves would pull it back. The way never leaves the workspace.
   */
  rest(now: number): Readonly<ToolTarget> {
    return this.#onward(this.#age.at(now) / 1e9 + STOPPING / 2)
  }

  #onward(seconds: number): Readonly<ToolTarget> {
    const { workspace } = this.#limits
    const { x, y, z, yaw } = this.#at
    const { x: vx, y: vy, z: vz, yaw: rate } = this.#velocity
    const ahead = this.#ahead
    ahead.x = onward(x, vx * seconds, workspace.x)
    ahead.y = onward(y, vy * seconds, workspace.y)
    ahead.z = onward(z, vz * seconds, workspace.z)
    ahead.yaw = wrapAngle(yaw + rate * seconds)
    return ahead
  }

  /** No faster than the limits, whatever the poses say. */
  #measureVelocity(seconds: number): void {
    const { speed, yawRate } = this.#limits
    const dx = this.#at.x - this.#before.x
    const dy = this.#at.y - this.#before.y
    const dz = this.#at.z - this.#before.z
    const scale = 1 / Math.max(seconds, Math.sqrt(dx * dx + dy * dy + dz * dz) / speed)
    this.#velocity.x = dx * scale
    this.#velocity.y = dy * scale
    this.#velocity.z = dz * scale
    const turn = wrapAngle(this.#at.yaw - this.#before.yaw)
    this.#velocity.yaw = turn / Math.max(seconds, Math.abs(turn) / yawRate)
  }
}

const STANDING: Readonly<ToolTarget> = { x: 0, y: 0, z: 0, yaw: 0 }

/** `by` further than `from`, but not over the edge of `range`; what is outside does not move. */
function onward(from: number, by: number, [low, high]: readonly [number, number]): number {
  return Math.min(Math.max(from + by, Math.min(low, from)), Math.max(high, from))
}
