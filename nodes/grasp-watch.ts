import type { GripperStatus } from '../drivers/gripper.js'
import type { Hold } from '../control/state/holds.js'

/** What a grasp is judged by: what the control node knows, and nothing that only a simulator knows. */
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
 * m that the tool must rise with something between the fingers, and ns that it must stay up. The benchmark asks for one
 * second, which it counts from a lower height.
 */
const LIFT = 0.1
const HELD = 800_000_000
/** m of rise from which the phase is `lifting`. */
const RISING = 0.01
/** m within which the fingers count as not having moved. */
const SAME_WIDTH = 0.003

/**
 * Judges one grasp from what a robot knows of itself. A grasp succeeds when the gripper says that contact stopped its
 * fingers while they closed, and the tool has risen 10 cm since and stays up. A gripper cannot tell whether it holds
 * the object that was meant.
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

  /** `start`: bus time at which the grasp began, ns. `timeout`: ns. */
  constructor(start: number, timeout: number) {
    this.#start = start
    this.#timeout = timeout
  }

  /** To be called regularly. Once `outcome` is set it stays. */
  update({ hold, status, guard, target }: Grasping, now: number): GraspPhase {
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

  /**
   * Whether the fingers hold something. After each new command the gripper first answers `moving`, though an object
   * keeps the fingers where they are.
   */
  #holds(status: GripperStatus | undefined): boolean {
    if (status?.object !== 'moving') return status?.object === 'closing'
    return !Number.isNaN(this.#gripZ) && Math.abs(status.width - this.#gripWidth) < SAME_WIDTH
  }

  #end(success: boolean, reason: GraspOutcome['reason']): void {
    this.outcome = { success, reason, peakForce: this.#peak }
  }
}
