/** A command to the fingers. */
export interface FingerTarget {
  /** Opening to move to, m. */
  readonly width: number
  /** Speed of the opening's change, m/s, positive. */
  readonly speed: number
  /** Largest grip force of the drive, N. */
  readonly force: number
}

/** The fingers that the firmware moves. */
export interface FingerPlant {
  /** Opening between the fingertips, m. */
  width(): number
  /** Force on the fingers, N. */
  force(): number
  /** Rate of change of the opening, m/s. */
  velocity(): number
  /** Called when the command changes, not on every step. `hold`: keep the current opening. */
  command(target: FingerTarget | 'hold'): void
}
