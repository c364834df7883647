import type { Limits } from '../../robots/robot.js'
import { FRESH, PoseAge } from './pose-age.js'
import { wrapAngle } from '../../fusion/rotation.js'
import { copyTarget, distance, tiltAngle, tiltOf, yawOf, type Tilt, type ToolTarget } from './tool-pose.js'

/** Least and greatest time between the two poses that give a velocity, ns. */
const BASE = [8_000_000, 100_000_000] as const
/** Up to these speeds (m/s, rad/s) the tool stands still. They exceed the noise of an arm's own poses over 8 ms. */
const STILL = { speed: 0.02, yawRate: 0.2 } as const
/**
 * A moving tool is brought to rest within this time (s). It is the bound of a stop, and the way is short enough for an
 * arm not to overshoot.
 */
const STOPPING = 0.05
/** A tool that was not placed elsewhere may be off by this much, m. */
export const UNPLACED = 0.005

/**
 * Tracks from the measured poses (base frame) where the tool is, how fast it moves, and where it comes to rest.
 * Allocates nothing per pose.
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

  /** The pose is unknown until the tool is measured again. */
  restart(): void {
    this.#known = false
    this.#placed = undefined
    copyTarget(STANDING, this.#velocity)
  }

  /** Takes a measured pose (x, y, z in m, qx, qy, qz, qw; see `isPose`) with its stamp and receive time in ns. */
  hear(pose: Float64Array, stamped: number, receive: number): void {
    // A stamp of 0 or less that never changes was never set, so the receive time counts.
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

  /** Whether the newest pose is known and fresh at `now` (ns). */
  known(now: number): boolean {
    return this.#known && this.#age.at(now) <= FRESH
  }

  /** Whether a pose was received recently, however old it was. */
  heard(now: number): boolean {
    return this.#known && now - this.#received <= FRESH
  }

  /** The newest pose. */
  get at(): Readonly<ToolTarget> {
    return this.#at
  }

  /** The tilt of the newest pose, which `at` does not include. */
  get tilt(): Readonly<Tilt> {
    return this.#tilt
  }

  /** The angle between the newest pose's z axis and straight down, rad. */
  get tiltAngle(): number {
    return this.#tiltAngle
  }

  /** Whether the first pose after the newest `restart` lies further away than the tool can have moved. */
  get placed(): boolean {
    return this.#placed === true
  }

  /** Whether the tool moved between the newest poses. */
  get moves(): boolean {
    const { x, y, z, yaw } = this.#velocity
    return Math.sqrt(x * x + y * y + z * z) > STILL.speed || Math.abs(yaw) > STILL.yawRate
  }

  /**
   * The place of the tool at `now` (ns). For a moving tool this is the measured pose plus the way since then, which
   * never leaves the workspace.
   */
  now(now: number): Readonly<ToolTarget> {
    return this.moves ? this.#onward(this.#age.at(now) / 1e9) : this.#at
  }

  /**
   * The place where the tool comes to rest if it is braked evenly from `now` (ns) on, within 50 ms: v·(age + 25 ms)
   * beyond the measured pose. A set-point behind a moving tool would pull it back. The way never leaves the workspace.
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

  /** The velocity never exceeds the limits, whatever the poses say. */
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

/** `from` moved by `by`, but not beyond the ends of `range`. A value outside the range does not move further out. */
function onward(from: number, by: number, [low, high]: readonly [number, number]): number {
  return Math.min(Math.max(from + by, Math.min(low, from)), Math.max(high, from))
}
