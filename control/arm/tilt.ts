/** rad: the arm is moved by place and yaw alone, for a tool that points down within this. */
export const MOST_TILT = (5 * Math.PI) / 180

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
