import { z } from 'zod'
import { MODALITIES, type Modality } from '../../fusion/observation.js'
import type { Withheld } from '../../fusion/withhold.js'
import { UsageError } from '../output/output.js'

export const withoutSchema: z.ZodType<readonly Withheld[]> = z.array(
  z.strictObject({ modality: z.enum(MODALITIES), from: z.number().min(0) }),
)

/**
 * Reads a text such as `rgb,force@2s`: modalities, each with the episode time from which on it is withheld. Throws
 * UsageError.
 */
export function readWithout(text: string): Withheld[] {
  return text.split(',').map(part => {
    const [, name, seconds] = /^([a-z]+)(?:@(\d+(?:\.\d+)?)s)?$/.exec(part.trim()) ?? []
    if (!MODALITIES.includes(name as Modality))
      throw new UsageError(`"${part}": expected one of ${MODALITIES.join(', ')}, with a time as in force@2s.`)
    return { modality: name as Modality, from: seconds === undefined ? 0 : Math.round(Number(seconds) * 1e9) }
  })
}

/** The text that `readWithout` turns into these values. */
export const withoutText = (without: readonly Withheld[]): string =>
  without
    .map(({ modality, from }) =>
      from === 0 ? modality : `${modality}@${(from / 1e9).toFixed(9).replace(/\.?0+$/, '')}s`,
    )
    .join(',')
