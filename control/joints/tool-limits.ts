type Range = readonly [number, number]

/** Where the tool of an arm is, by the positions of its joints (rad, m). The results of `set` stay until the next one. */
export interface ForwardKinematics {
  /** x, y, z in m, base frame. */
  readonly position: Float64Array
  /** Rotation from the tool's frame to the base frame: 3 x 3, row-major. */
  readonly rotation: Float64Array
  set(joints: Float64Array): void
}

/** The limits of a tool that follows from joints: m, m/s, rad/s. Undefined: it is not limited. */
export interface ToolBounds {
  readonly workspace: { readonly x: Range; readonly y: Range; readonly z: Range } | undefined
  readonly speed: number | undefined
  /** About any axis. */
  readonly turnRate: number | undefined
}

/** Bisections of a step: its share is found to 1/1024. */
const BISECTIONS = 10
/** The tool may be outside, or be too fast, by what rounding is (m, rad). */
const SLACK = 1e-9

/**
 * Shortens the steps of joints so that the tool stays within its limits. Where the tool is follows from the joints by
 * forward kinematics. It stays in the workspace with the way that it takes to stop. A tool that began outside goes no
 * further out. Allocates nothing per step.
 */
export class ToolLimits {
  /** Steps that were shortened. */
  clips = 0
  readonly #kinematics: ForwardKinematics
  readonly #bounds: ToolBounds
  readonly #sides: readonly Range[]
  readonly #joints: Float64Array
  readonly #start = new Float64Array(3)
  readonly #turn = new Float64Array(9)

  /** `count`: number of joints. */
  constructor(kinematics: ForwardKinematics, bounds: ToolBounds, count: number) {
    const { workspace } = bounds
    this.#kinematics = kinematics
    this.#bounds = bounds
    this.#sides = workspace ? [workspace.x, workspace.y, workspace.z] : []
    this.#joints = new Float64Array(count)
  }

  /**
   * The share (0 to 1) of a step that may be made: from the joints `from` by `step` within `seconds`, after which they
   * come to rest by `stop` (all rad, m). A part s of the step takes s² of the way to stop. `scale`: the share of the limits
   * of speed that it may use.
   */
  share(from: Float64Array, step: Float64Array, stop: Float64Array, seconds: number, scale: number): number {
    this.#set(from, step, stop, 0, 0)
    this.#start.set(this.#kinematics.position)
    this.#turn.set(this.#kinematics.rotation)
    if (this.#allows(from, step, stop, 1, seconds, scale)) return 1
    this.clips++
    let least = 0
    let most = 1
    for (let n = 0; n < BISECTIONS; n++) {
      const middle = (least + most) / 2
      if (this.#allows(from, step, stop, middle, seconds, scale)) least = middle
      else most = middle
    }
    return least
  }

  #allows(
    from: Float64Array,
    step: Float64Array,
    stop: Float64Array,
    share: number,
    seconds: number,
    scale: number,
  ): boolean {
    const { position, rotation } = this.#kinematics
    const { speed, turnRate } = this.#bounds
    this.#set(from, step, stop, share, 0)
    if (!this.#isInside(position)) return false
    if (speed !== undefined) {
      const x = position[0]! - this.#start[0]!
      const y = position[1]! - this.#start[1]!
      const z = position[2]! - this.#start[2]!
      if (Math.hypot(x, y, z) > speed * scale * seconds + SLACK) return false
    }
    if (turnRate !== undefined && angleBetween(this.#turn, rotation) > turnRate * scale * seconds + SLACK) return false
    this.#set(from, step, stop, share, share * share)
    return this.#isInside(position)
  }

  #set(from: Float64Array, step: Float64Array, stop: Float64Array, share: number, stopped: number): void {
    for (let i = 0; i < this.#joints.length; i++) this.#joints[i] = from[i]! + step[i]! * share + stop[i]! * stopped
    this.#kinematics.set(this.#joints)
  }

  /** Within each side, or no further beyond it than the tool is. */
  #isInside(position: Float64Array): boolean {
    for (let i = 0; i < this.#sides.length; i++) {
      const [least, most] = this.#sides[i]!
      const at = this.#start[i]!
      if (position[i]! < Math.min(least, at) - SLACK || position[i]! > Math.max(most, at) + SLACK) return false
    }
    return true
  }
}

/** The angle of the turn between two rotation matrices, 0 to pi rad: their distance is 2·sqrt(2)·sin(angle / 2). */
function angleBetween(a: Float64Array, b: Float64Array): number {
  let square = 0
  for (let i = 0; i < 9; i++) square += (a[i]! - b[i]!) ** 2
  return 2 * Math.asin(Math.min(1, Math.sqrt(square / 8)))
}
