import type { Limits } from '../fusion/robot/robot.js'
import { wrapAngle, yawOf, type ToolTarget } from './motion-limiter.js'

/** ns: how old the newest pose may be to be believed. */
const FRESH = 100_000_000
/** ns between the two poses that a velocity is taken from, at least and at most. */
const BASE = [8_000_000, 100_000_000] as const
/** m/s and rad/s up to which it stands: more than the noise of an arm's own poses over 8 ms. */
const STILL = { speed: 0.02, yawRate: 0.2 } as const
/** s in which a stop brings the tool to rest: the bound of a stop, as short a way as no arm overshoots. */
const STOPPING = 0.05

/** Where the tool is and how fast it moves, from its measured poses (base frame), and where it comes to rest. Allocates nothing per pose. */
export class ToolTrack {
  readonly #limits: Pick<Limits, 'workspace' | 'speed' | 'yawRate'>
  readonly #at: ToolTarget = { x: 0, y: 0, z: 0, yaw: 0 }
  readonly #before: ToolTarget = { x: 0, y: 0, z: 0, yaw: 0 }
  readonly #velocity: ToolTarget = { x: 0, y: 0, z: 0, yaw: 0 }
  readonly #rest: ToolTarget = { x: 0, y: 0, z: 0, yaw: 0 }
  #receive = NaN
  #stampBefore = NaN

  constructor(limits: Pick<Limits, 'workspace' | 'speed' | 'yawRate'>) {
    this.#limits = limits
  }

  clear(): void {
    this.#receive = this.#stampBefore = NaN
    copy(STANDING, this.#velocity)
  }

  /** A measured pose (x, y, z in m, qx, qy, qz, qw), all of it finite; `stamp` and `receive` in ns. */
  hear(pose: Float64Array, stamp: number, receive: number): void {
    this.#receive = receive
    const at = this.#at
    at.x = pose[0]
    at.y = pose[1]
    at.z = pose[2]
    at.yaw = yawOf(pose)
    const elapsed = stamp - this.#stampBefore
    if (elapsed >= 0 && elapsed < BASE[0]) return
    if (elapsed > 0 && elapsed <= BASE[1]) this.#measureVelocity(elapsed / 1e9)
    else copy(STANDING, this.#velocity)
    this.#stampBefore = stamp
    copy(at, this.#before)
  }

  /** Whether the newest pose is fresh enough at `now` (ns) to be believed. */
  known(now: number): boolean {
    return now - this.#receive <= FRESH
  }

  /** The newest pose. */
  get at(): Readonly<ToolTarget> {
    return this.#at
  }

  /** Whether it moved between the newest poses. */
  get moves(): boolean {
    const { x, y, z, yaw } = this.#velocity
    return Math.sqrt(x * x + y * y + z * z) > STILL.speed || Math.abs(yaw) > STILL.yawRate
  }

  /**
   * Where the tool comes to rest when it is braked evenly from now (ns) on, in 50 ms: v·(age + 25 ms) further than it was measured. A set-point
   * behind a tool that still moves would pull it back. The way never leaves the workspace.
   */
  rest(now: number): Readonly<ToolTarget> {
    const { workspace } = this.#limits
    const seconds = Math.max(0, now - this.#receive) / 1e9 + STOPPING / 2
    const { x, y, z, yaw } = this.#at
    const { x: vx, y: vy, z: vz, yaw: rate } = this.#velocity
    const rest = this.#rest
    rest.x = onward(x, vx * seconds, workspace.x)
    rest.y = onward(y, vy * seconds, workspace.y)
    rest.z = onward(z, vz * seconds, workspace.z)
    rest.yaw = wrapAngle(yaw + rate * seconds)
    return rest
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

function copy({ x, y, z, yaw }: Readonly<ToolTarget>, to: ToolTarget): void {
  to.x = x
  to.y = y
  to.z = z
  to.yaw = yaw
}

/** `by` further than `from`, but not over the edge of `range`; what is outside does not move. */
function onward(from: number, by: number, [low, high]: readonly [number, number]): number {
  return Math.min(Math.max(from + by, Math.min(low, from)), Math.max(high, from))
}
