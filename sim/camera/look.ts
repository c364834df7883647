import { Random } from '../embedded/random.js'

/** How a scene is lit and exposed: what may differ from episode to episode without the task being another. */
export interface CameraLook {
  /** The lamp, m, world frame. */
  readonly light: readonly [number, number, number]
  /** Irradiance of the lamp at 1 m, relative to the exposure; and of the surroundings. */
  readonly intensity: number
  readonly ambient: number
  /** Factor on all light before the response curve. */
  readonly exposure: number
  /**
   * Radius of the lamp, m, and how many points of it throw shadows: 1 is a hard shadow and one more ray cast for every
   * four pixels.
   */
  readonly lampRadius: number
  readonly lampSamples: number
  /** Where the table's grain begins, m, and how strong it is (0: plain). */
  readonly grainShift: readonly [number, number]
  readonly grain: number
  /** rgb, 0..1. */
  readonly background: readonly [number, number, number]
}

export const PLAIN_LOOK: CameraLook = {
  light: [0.35, -0.45, 1.1],
  intensity: 1.15,
  ambient: 0.34,
  exposure: 1,
  lampRadius: 0,
  lampSamples: 1,
  grainShift: [0, 0],
  grain: 1,
  background: [0.23, 0.25, 0.28],
}

/** The look of episode `index` of a run: the same seed and index give the same look. */
export function drawLook(seed: number, index: number): CameraLook {
  const random = new Random(seed, `look ${index}`)
  const azimuth = random.uniform(-Math.PI, Math.PI)
  const reach = random.uniform(0.25, 0.75)
  const grey = random.uniform(0.15, 0.35)
  return {
    ...PLAIN_LOOK,
    light: [reach * Math.cos(azimuth), reach * Math.sin(azimuth), random.uniform(0.9, 1.3)],
    intensity: random.uniform(0.95, 1.4),
    ambient: random.uniform(0.26, 0.44),
    exposure: random.uniform(0.88, 1.12),
    grainShift: [random.uniform(0, 0.5), random.uniform(0, 0.5)],
    grain: random.uniform(0.5, 1.4),
    background: [grey, grey + random.uniform(-0.02, 0.03), grey + random.uniform(-0.02, 0.05)],
  }
}
