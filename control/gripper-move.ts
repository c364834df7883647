import type { Limits } from '../robots/robot.js'

export interface GripperMove {
  /** Gap between the fingers, m. */
  readonly width: number
  /** m/s. */
  readonly speed: number
  /** N. */
  readonly effort: number
}

/** The gripper as the controller commands it. No call waits for the serial line. */
export interface CommandedGripper {
  /** The newest status. `width`: m. */
  readonly status: { readonly activated: boolean; readonly width: number; readonly object: string } | undefined
  /** Commands a move. `stamp`: that of the chunk it comes from. */
  move(move: GripperMove, stamp: number): void
  /** Drops the moves that wait to be sent. */
  drop(): void
  /** Stops the fingers. Resolves when the gripper has acknowledged, or with the reason why it has not. */
  stop(): Promise<unknown>
  /** Ends the repetition of a stop that was not acknowledged. */
  forgive(): void
  /** Activates the gripper again. This moves its fingers. */
  activate(): void
}

/** m/s. */
const FINGER_SPEED = 0.1

/** A move to `width` (m) with `effort` (N). Both are clamped to the limits. */
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
