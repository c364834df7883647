import { Random } from '../embedded/random.js'

/** Light and exposure of a scene: what differs between episodes without a change of the task. */
export interface SceneLighting {
  /** Position of the lamp in the world frame, m. */
  readonly light: readonly [number, number, number]
  /** Irradiance of the lamp at 1 m and of the surroundings, relative to the exposure. */
  readonly intensity: number
  readonly ambient: number
  /** Factor on all light before the response curve. */
  readonly exposure: number
  /**
   * Radius of the lamp (m) and the number of points on it that cast shadows. One point makes a hard shadow. Each point
   * costs one ray for every four pixels.
   */
  readonly lampRadius: number
  readonly lampSamples: number
  /** Offset of the table's grain (m) and its strength (0: no grain). */
  readonly grainShift: readonly [number, number]
  readonly grain: number
  /** rgb, 0..1. */
  readonly background: readonly [number, number, number]
}

/** The look without variation. */
export const PLAIN_LIGHTING: SceneLighting = {
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

/** The look of episode `index` of a run. The same seed and index always give the same look. */
export function drawLighting(seed: number, index: number): SceneLighting {
  const random = new Random(seed, `look ${index}`)
  const azimuth = random.uniform(-Math.PI, Math.PI)
  const reach = random.uniform(0.25, 0.75)
  const grey = random.uniform(0.15, 0.35)
  return {
    ...PLAIN_LIGHTING,
    light: [reach * Math.cos(azimuth), reach * Math.sin(azimuth), random.uniform(0.9, 1.3)],
    intensity: random.uniform(0.95, 1.4),
    ambient: random.uniform(0.26, 0.44),
    exposure: random.uniform(0.88, 1.12),
    grainShift: [random.uniform(0, 0.5), random.uniform(0, 0.5)],
    grain: random.uniform(0.5, 1.4),
    background: [grey, grey + random.uniform(-0.02, 0.03), grey + random.uniform(-0.02, 0.05)],
  }
}
