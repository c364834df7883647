import { MODALITIES, type Mask, type Modality, type Observation } from './observation.js'
import type { AlignerConfig } from './stream.js'

/** A modality that is taken away, `from` ns after the start of the episode on. */
export interface Withheld {
  readonly modality: Modality
  readonly from: number
}

const GONE = { present: false, held: false, age: 0, gap: 0, count: 0 } as const

/**
 * The observation as it would be if the sensors of these modalities were silent: their streams are missing and their
 * mask is 0. The tick stays.
 */
export function withhold(
  robot: Pick<AlignerConfig, 'streams'>,
  observation: Observation,
  modalities: readonly Modality[],
): Observation {
  if (modalities.length === 0) return observation
  const values = new Map(observation.values)
  const quality = new Map(observation.quality)
  for (const { name, modality } of robot.streams) {
    if (!modalities.includes(modality)) continue
    values.set(name, undefined)
    quality.set(name, GONE)
  }
  const mask: Mask = { ...observation.mask }
  for (const modality of MODALITIES) if (modalities.includes(modality)) mask[modality] = 0
  return { ...observation, values, quality, mask }
}
