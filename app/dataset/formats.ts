import { UsageError } from '../output/output.js'
import { requireAll } from '../../peers/peers.js'
import { lerobotNeeds } from './lerobot-needs.js'
import type { LeRobotOptions } from './lerobot-set.js'
import { NumpySet, type NumpyOptions } from './numpy-set.js'
import type { TrainingSet } from './training-set.js'

/** What the command line says about sets, of all formats. */
export interface SetOptions extends LeRobotOptions, NumpyOptions {}

/** By the name that `--format` takes. A new one is one more file and one more line. */
const FORMATS: Readonly<
  Record<
    string,
    { readonly says: string; readonly open: (out: string, options: SetOptions) => TrainingSet | Promise<TrainingSet> }
  >
> = {
  numpy: { says: 'one folder a recording, one .npy file an array', open: (out, options) => new NumpySet(out, options) },
  lerobot: {
    says: 'one LeRobotDataset v3.0 of all recordings',
    open: async (out, options) => {
      requireAll(lerobotNeeds({ png: options.pictures === 'png' }))
      const { LeRobotSet } = await import('./lerobot-set.js')
      return new LeRobotSet(out, options)
    },
  },
}

export const formatsText = Object.entries(FORMATS)
  .map(([name, { says }]) => `${name}: ${says}`)
  .join('; ')

/** Rejects with UsageError for a format that is not there, or with MissingPackageError. */
export async function openSet(format: string, out: string, options: SetOptions): Promise<TrainingSet> {
  if (!Object.hasOwn(FORMATS, format))
    throw new UsageError(`--format ${format}: expected ${Object.keys(FORMATS).join(' or ')}`)
  return FORMATS[format]!.open(out, options)
}
