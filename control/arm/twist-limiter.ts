import { compose } from '../../policy/action/compose-poses.js'
import { LONGEST_BRAKE, speedBefore } from '../braking.js'
import type { RateLimiter } from '../rate-limiter.js'
import { RecentTravel } from '../recent-travel.js'
import { STEP } from './motion-limiter.js'

type Range = readonly [number, number]

/** The limits of a tool that is told how fast to move: m, m/s, rad/s, m/s², rad/s². */
export interface TwistLimits {
  /** In the frame of the poses. */
  readonly workspace: { readonly x: Range; readonly y: Range; readonly z: Range }
  readonly speed: number
  /** About any axis. */
  readonly turnRate: number
  readonly acceleration: number | undefined
  readonly turnAcceleration: number | undefined
  /** Whose axes the twist has: those of the frame of the poses, or those of the tool. */
  readonly axes: 'base' | 'tool'
}

/**
 * Limits a twist (vx, vy, vz in m/s, wx, wy, wz in rad/s). Neither part exceeds its speed, and neither changes faster than
 * its limit of acceleration allows; each keeps its direction. Toward a side of the workspace the tool is slowed in time:
 * it can always still stop before it, and goes on along it. Its place is the measured one, and the way that it was sent
 * since then. A desired twist with a NaN is 0.
 */
export class TwistLimiter implements RateLimiter {
  readonly command = new Float64Array(6)
  readonly clips = 0
  scale = 1
  readonly #limits: TwistLimits
  readonly #sides: readonly Range[]
  readonly #pose = Float64Array.of(0, 0, 0, 0, 0, 0, 1)
  /** Along the axes of the poses' frame. */
  readonly #velocity = new Float64Array(3)
  readonly #travel = new RecentTravel(3)
  readonly #rotation = new Float64Array(7)
  readonly #vector = Float64Array.of(0, 0, 0, 0, 0, 0, 1)
  readonly #turned = new Float64Array(7)
  /** s for which the acceleration may act in this step: to a higher speed, and to a lower one. */
  #adds = 0
  #brakes = 0
  #since = -Infinity

  constructor(limits: TwistLimits) {
    this.#limits = limits
    this.#sides = [limits.workspace.x, limits.workspace.y, limits.workspace.z]
  }

  /** Takes a pose of the tool: x, y, z (m), qx, qy, qz, qw. */
  hear(pose: Float64Array): void {
    this.#pose.set(pose)
  }

  cut(): void {
    this.command.fill(0)
  }

  step(desired: Float64Array | undefined, now: number, age: number): void {
    const elapsed = Math.max(0, now - this.#since)
    this.#adds = Math.min(STEP, elapsed) / 1e9
    this.#brakes = Math.min(LONGEST_BRAKE, elapsed) / 1e9
    this.#since = now
    const { speed, turnRate, acceleration, turnAcceleration } = this.#limits
    this.#part(desired, 0, speed * this.scale, acceleration)
    this.#part(desired, 3, turnRate * this.scale, turnAcceleration)
    this.#staySafe(now, age)
    this.#travel.add(this.#velocity, now)
  }

  /** The three numbers from `first` on: within `most`, and within the change that `acceleration` allows. */
  #part(desired: Float64Array | undefined, first: number, most: number, acceleration: number | undefined): void {
    const { command } = this
    let x = 0
    let y = 0
    let z = 0
    if (desired?.every(Number.isFinite)) {
      const length = Math.hypot(desired[first]!, desired[first + 1]!, desired[first + 2]!)
      const share = length > most ? most / length : 1
      x = desired[first]! * share
      y = desired[first + 1]! * share
      z = desired[first + 2]! * share
    }
    if (acceleration !== undefined) {
      const dx = x - command[first]!
      const dy = y - command[first + 1]!
      const dz = z - command[first + 2]!
      const change = Math.hypot(dx, dy, dz)
      const isSlower = Math.hypot(x, y, z) < Math.hypot(command[first]!, command[first + 1]!, command[first + 2]!)
      const most = acceleration * (isSlower ? this.#brakes : this.#adds)
      const share = change > most ? most / change : 1
      x = share === 1 ? x : command[first]! + dx * share
      y = share === 1 ? y : command[first + 1]! + dy * share
      z = share === 1 ? z : command[first + 2]! + dz * share
    }
    command[first] = x
    command[first + 1] = y
    command[first + 2] = z
  }

  /** Slows the tool toward the sides of the workspace, each axis by itself. */
  #staySafe(now: number, age: number): void {
    const { axes, acceleration } = this.#limits
    const velocity = this.#velocity
    if (axes === 'tool') this.#turn(this.command, velocity, 1)
    else for (let i = 0; i < 3; i++) velocity[i] = this.command[i]!
    let changed = false
    for (let i = 0; i < 3; i++) {
      const [least, most] = this.#sides[i]!
      const at = this.#pose[i]! + this.#travel.over(i, age, now)
      const wanted = velocity[i]!
      velocity[i] = Math.min(wanted, speedBefore(most - at, acceleration))
      velocity[i] = Math.max(velocity[i]!, -speedBefore(at - least, acceleration))
      changed ||= velocity[i] !== wanted
    }
    if (!changed) return
    if (axes === 'tool') this.#turn(velocity, this.command, -1)
    else for (let i = 0; i < 3; i++) this.command[i] = velocity[i]!
  }

  /** The first three numbers of `vector`, turned as the tool is (1) or back (-1), into those of `out`. */
  #turn(vector: Float64Array, out: Float64Array, direction: 1 | -1): void {
    for (let i = 3; i < 6; i++) this.#rotation[i] = this.#pose[i]! * direction
    this.#rotation[6] = this.#pose[6]!
    for (let i = 0; i < 3; i++) this.#vector[i] = vector[i]!
    compose(this.#rotation, this.#vector, this.#turned)
    for (let i = 0; i < 3; i++) out[i] = this.#turned[i]!
  }
}
