export interface FingerTarget {
  /** Opening to go to, m. */
  readonly width: number
  /** Speed of the opening's change, m/s, positive. */
  readonly speed: number
  /** Grip force that the drive may reach, N. */
  readonly force: number
}

/** The fingers that the firmware drives. */
export interface FingerPlant {
  /** Opening between the fingertips, m. */
  width(): number
  /** Force that the fingers feel, N. */
  force(): number
  /** Rate of change of the opening, m/s. */
  velocity(): number
  /** Called when the command changes, not on every step. `hold`: stay at the present opening. */
  command(target: FingerTarget | 'hold'): void
}
