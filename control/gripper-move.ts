import type { Limits } from '../robots/robot.js'

export interface GripperMove {
  /** m, gap. */
  readonly width: number
  /** m/s. */
  readonly speed: number
  /** N. */
  readonly effort: number
}

/** The gripper, as the controller commands it. No call waits for the wire. */
export interface CommandedGripper {
  /** Its newest answer. `width`: m. */
  readonly status: { readonly activated: boolean; readonly width: number; readonly object: string } | undefined
  /** `stamp`: of the chunk that asks for it. */
  move(move: GripperMove, stamp: number): void
  /** What waits is not sent any more. */
  drop(): void
  /** The fingers stop. Resolves when the gripper has acknowledged, or with why it did not. */
  stop(): Promise<unknown>
  /** A stop that was not acknowledged is not sent again. */
  forgive(): void
  /** It is activated again, which moves its fingers. */
  activate(): void
}

/** m/s. */
const FINGER_SPEED = 0.1

/** A move to `width` (m) with `effort` (N), both brought within the limits. */
export function moveWithin(
  { width, effort }: Pick<Limits, 'width' | 'effort'>,
  to: number,
  force: number,
): GripperMove {
  return {
    width: Math.min(width[1], Math.max(width[0], to)),
    speed: FINGER_SPEED,
    effort: Math.min(effort[1], Math.max(effort[0], force)),
  }
}
