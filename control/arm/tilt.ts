/** rad. The tool must point down within this angle, since the arm is moved by position and yaw alone. */
const MOST_TILT = (5 * Math.PI) / 180

/** The tool of an arm does not point down. `angle`: rad between its z axis and straight down. */
export class TiltError extends Error {
  readonly code = 'TOOL_TILTED'

  constructor(angle: number) {
    super(
      `arm: the tool is tilted by ${degrees(angle)} deg: wanted is one that points down (its z axis ` +
        `along -z of the base frame) within ${degrees(MOST_TILT)} deg; turn it, or mend the frame of its ` +
        'pose',
    )
    this.name = 'TiltError'
  }
}

const degrees = (rad: number): string => ((rad * 180) / Math.PI).toFixed(1).replace(/\.0$/, '')

/** Whether a tool does not point down. `angle`: rad between its z axis and straight down. */
export const isTilted = (angle: number): boolean => angle > MOST_TILT

/** Reports a tilted tool once, until the tool points down again. */
export class TiltReport {
  readonly #onTilt: (error: TiltError) => void
  #reported = false

  constructor(onTilt: (error: TiltError) => void) {
    this.#onTilt = onTilt
  }

  /** `holds`: the tilt holds the motion now. */
  update(angle: number, { holds }: { readonly holds: boolean }): void {
    const tilted = holds || (this.#reported && isTilted(angle))
    if (tilted && !this.#reported) this.#onTilt(new TiltError(angle))
    this.#reported = tilted
  }
}
