import type { GripperStatus } from '../drivers/gripper.js'
import type { Hold } from '../control/state/holds.js'

/** What is looked at: the control node's own knowledge, nothing of a simulator's. */
export interface Grasping {
  readonly hold: Hold
  readonly status: GripperStatus | undefined
  readonly guard: { readonly state: string; readonly force: number }
  /** Commanded tool position, m, base frame. */
  readonly target: { readonly z: number }
}

export type GraspPhase = 'standing' | 'approaching' | 'touching' | 'closed' | 'lifting' | 'lifted'

export interface GraspOutcome {
  readonly success: boolean
  readonly reason: 'lifted' | 'stopped' | 'timeout'
  /** N: the largest magnitude of the force at the wrist. */
  readonly peakForce: number
}

/**
 * m that the tool rises with something between the fingers, and ns that it stays up there. The benchmark asks for a
 * second, from a little earlier on.
 */
const LIFT = 0.1
const HELD = 800_000_000
/** m from which on a rise counts as one. */
const RISING = 0.01
/** m within which fingers count as having stayed. */
const SAME_WIDTH = 0.003

/**
 * Judges one grasp from what a robot knows of itself: the gripper says that its fingers were stopped by contact while
 * closing, and the tool has risen 10 cm since and stays up. Whether it is the thing that was meant, no gripper can
 * tell.
 */
export class GraspWatch {
  phase: GraspPhase = 'standing'
  outcome: GraspOutcome | undefined
  readonly #start: number
  readonly #timeout: number
  #gripZ = NaN
  #gripWidth = NaN
  #liftedSince = NaN
  #peak = 0

  /** `start`: bus time at which it began; `timeout`: ns. */
  constructor(start: number, timeout: number) {
    this.#start = start
    this.#timeout = timeout
  }

  /** To be called regularly; once `outcome` is there it stays. */
  look({ hold, status, guard, target }: Grasping, now: number): GraspPhase {
    if (this.outcome) return this.phase
    this.#peak = Math.max(this.#peak, guard.force)
    const held = this.#holds(status)
    if (!held) this.#gripZ = NaN
    else if (Number.isNaN(this.#gripZ)) {
      this.#gripZ = target.z
      this.#gripWidth = status?.width ?? NaN
    }
    const rise = held ? target.z - this.#gripZ : 0
    if (!(rise >= LIFT)) this.#liftedSince = NaN
    else if (Number.isNaN(this.#liftedSince)) this.#liftedSince = now
    this.phase =
      rise >= LIFT
        ? 'lifted'
        : held
          ? rise >= RISING
            ? 'lifting'
            : 'closed'
          : hold !== 'none'
            ? 'standing'
            : guard.state === 'free'
              ? 'approaching'
              : 'touching'
    if (now - this.#liftedSince >= HELD) this.#end(true, 'lifted')
    else if (hold === 'stop') this.#end(false, 'stopped')
    else if (now - this.#start >= this.#timeout) this.#end(false, 'timeout')
    return this.phase
  }

  /** Each new command is answered by `moving` at first, though the fingers stay where the object stops them. */
  #holds(status: GripperStatus | undefined): boolean {
    if (status?.object !== 'moving') return status?.object === 'closing'
    return !Number.isNaN(this.#gripZ) && Math.abs(status.width - this.#gripWidth) < SAME_WIDTH
  }

  #end(success: boolean, reason: GraspOutcome['reason']): void {
    this.outcome = { success, reason, peakForce: this.#peak }
  }
}
