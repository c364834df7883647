import type { Samples } from '../../fusion/stream-buffer.js'
import type { RestingPose } from './identify-payload.js'

/** The pieces (ns) in which a recording is looked at. Rest begins and ends with one. */
export const PIECE = 100_000_000
/** Pieces at the beginning of a rest in which the arm still swings, and at its end in which it may set out. */
const SETTLING = 2
const LEAVING = 1
/** A tool that turns or moves less than this (rad, m) is at rest. It is above the noise of an arm's own encoders. */
const TURN = (0.2 * Math.PI) / 180
const MOVE = 0.002
/**
 * The halves of a rest may differ by this many standard errors of their difference, or by this much (N, N·m): the hand of
 * a person and a cable that creeps do more.
 */
const STEADY = { errors: 5, force: 0.15, torque: 0.015 } as const

/** A tool at rest, and when. */
export interface Rest extends RestingPose {
  /** ns since the first piece began. */
  readonly from: number
  readonly until: number
}

export interface RestingPosesOptions {
  /** ns that a rest lasts at least, without its beginning and its end. */
  readonly least: number
}

/**
 * Finds the times in which the tool is at rest, from pieces of a recording in their order. Its memory grows with the
 * rests and not with the samples.
 */
export class RestingPoses {
  readonly found: Rest[] = []
  /** Numbers of rests that were not used: too short ones, and those whose wrench was not steady. */
  readonly leftOut = { short: 0, unsteady: 0 }
  readonly #least: number
  #anchor: Float64Array | undefined
  #rotation = new Float64Array(4)
  #pieces: Float64Array[] = []
  /** The end of the latest piece, and the beginning of the first, ns. */
  #until = NaN
  #began = NaN

  constructor({ least }: RestingPosesOptions) {
    this.#least = least
  }

  /** Takes the poses (7 values each) and the wrenches (6 each) with stamps in (until - PIECE, until]. */
  add(until: number, poses: Samples, wrenches: Samples): void {
    if (until - this.#until !== PIECE) this.end()
    if (Number.isNaN(this.#began)) this.#began = until - PIECE
    this.#look(poses, wrenches)
    // A rest that this piece has ended lasted until the piece before.
    this.#until = until
  }

  #look(poses: Samples, wrenches: Samples): void {
    const count = poses.stamps.length
    if (count === 0 || wrenches.stamps.length === 0) return this.end()
    const last = poses.values.slice(7 * (count - 1), 7 * count)
    const anchor = (this.#anchor ??= last)
    for (let i = 0; i < count; i++) {
      if (isNear(poses.values.subarray(7 * i, 7 * i + 7), anchor)) continue
      this.end()
      this.#anchor = last
      return
    }
    for (let i = 0; i < count; i++) this.#turn(poses.values.subarray(7 * i + 3, 7 * i + 7), anchor)
    this.#pieces.push(meanOf(wrenches))
  }

  /** The rest under way ends here. */
  end(): void {
    const pieces = this.#pieces.slice(SETTLING, -LEAVING)
    const all = this.#pieces.length
    const isLong = all > SETTLING + LEAVING && pieces.length * PIECE >= this.#least
    if (isLong && isSteady(pieces)) {
      const until = this.#until - this.#began - LEAVING * PIECE
      const length = Math.hypot(...this.#rotation)
      this.found.push({
        from: until - pieces.length * PIECE,
        until,
        rotation: this.#rotation.map(value => value / length),
        wrench: mean(pieces),
      })
    } else if (isLong) this.leftOut.unsteady++
    else if (all > SETTLING + LEAVING) this.leftOut.short++
    this.#anchor = undefined
    this.#pieces = []
    this.#rotation = new Float64Array(4)
  }

  /** Adds a quaternion to the mean. q and -q are the same rotation. */
  #turn(q: Float64Array, anchor: Float64Array): void {
    const sign = dot(q, anchor.subarray(3)) < 0 ? -1 : 1
    for (let i = 0; i < 4; i++) this.#rotation[i]! += sign * q[i]!
  }
}

const dot = (a: Float64Array, b: Float64Array): number => a.reduce((sum, value, i) => sum + value * b[i]!, 0)

function isNear(pose: Float64Array, anchor: Float64Array): boolean {
  const cosine = Math.abs(dot(pose.subarray(3), anchor.subarray(3)))
  const angle =
    2 * Math.acos(Math.min(1, cosine / (Math.hypot(...pose.subarray(3)) * Math.hypot(...anchor.subarray(3)))))
  return angle <= TURN && Math.hypot(pose[0]! - anchor[0]!, pose[1]! - anchor[1]!, pose[2]! - anchor[2]!) <= MOVE
}

function meanOf({ stamps, values }: Samples): Float64Array {
  const sum = new Float64Array(6)
  for (let i = 0; i < values.length; i++) sum[i % 6]! += values[i]!
  return sum.map(value => value / stamps.length)
}

const mean = (rows: readonly Float64Array[]): Float64Array =>
  Float64Array.from({ length: 6 }, (_, axis) => rows.reduce((sum, row) => sum + row[axis]!, 0) / rows.length)

/** Whether the wrench of the first half of a rest is that of the second. */
function isSteady(pieces: readonly Float64Array[]): boolean {
  const half = Math.floor(pieces.length / 2)
  if (half === 0) return true
  const halves = [pieces.slice(0, half), pieces.slice(pieces.length - half)] as const
  const [a, b] = [mean(halves[0]), mean(halves[1])]
  return a.every((value, axis) => {
    const variance = halves
      .flatMap((rows, k) => rows.map(row => (row[axis]! - (k === 0 ? value : b[axis]!)) ** 2))
      .reduce((sum, square) => sum + square, 0)
    const error = Math.sqrt((2 * variance) / Math.max(1, 2 * half - 2) / half)
    return Math.abs(value - b[axis]!) <= Math.max(STEADY.errors * error, axis < 3 ? STEADY.force : STEADY.torque)
  })
}
