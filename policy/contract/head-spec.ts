import { z } from 'zod'
import { SECOND } from '../../fusion/stamp.js'
import { mapping } from '../../robots/validation.js'
import type { InputKind, InputSpec } from './input-spec.js'

/** s. Features of an observation that is older are not used, where a contract does not say otherwise. */
const MAX_AGE = 0.2

/** s. How old the observation of the features may be at a tick of a head. */
export const maxAgeField = z.number().positive().max(60).default(MAX_AGE)

/**
 * The keys of a head: a graph that is fed by the features of an encoder. `tick.period` (s) is that of its own ticks.
 * `encoder.sha256` is that of the encoder's file, `encoder.max_age` (s) how old the observation of the features may be at
 * a tick.
 */
export const headFields = {
  tick: mapping({ period: z.number().min(0.001).max(1) }).optional(),
  encoder: mapping({
    sha256: z.string().regex(/^[0-9a-f]{64}$/, { error: 'expected 64 hex digits' }),
    max_age: maxAgeField,
  }).optional(),
}

/** Kinds of inputs that are made from pictures. */
const PICTURES: readonly InputKind[] = ['image', 'depth', 'rgbd']

interface HeadKeys {
  readonly inputs: Readonly<Record<string, InputSpec>>
  readonly tick?: unknown
  readonly encoder?: unknown
}

/** What is wrong with the keys of a head: it has both and at least one feature, and any other graph has none of them. */
export function headFault({ inputs, tick, encoder }: HeadKeys): { path: string[]; message: string } | undefined {
  const entries = Object.entries(inputs)
  const feature = entries.find(([, { as }]) => as === 'feature')?.[0]
  if (feature === undefined) {
    const message = 'is for a head, and no input is a feature of an encoder ({ as: feature }): leave it out'
    // The ticks come first: an encoder that is not made yet is put in for whoever writes them.
    if (tick !== undefined) return { path: ['tick'], message }
    return encoder === undefined ? undefined : { path: ['encoder'], message }
  }
  const why = `input ${feature} is a feature`
  if (encoder === undefined)
    return { path: ['encoder'], message: `is missing: ${why}; say of which encoder: { sha256: 64 hex digits }` }
  if (tick === undefined)
    return { path: ['tick'], message: `is missing: ${why}, so this is a head; say its period in s: { period: 0.01 }` }
  const picture = entries.find(([, { as }]) => PICTURES.includes(as))
  if (picture === undefined) return undefined
  return {
    path: ['inputs', picture[0]],
    message: `a head takes no pictures, and this is ${picture[1].as}: give it to the encoder`,
  }
}

type HeadParts = z.output<z.ZodObject<typeof headFields>>

/** Whether a contract is that of a head: `headFault` then gives none where both keys are there. */
export const isHead = <C extends HeadParts>(contract: C): contract is C & Required<HeadParts> =>
  contract.encoder !== undefined && contract.tick !== undefined

/** The period of a head's ticks, ns. */
export const tickPeriod = ({ tick }: Required<HeadParts>): number => Math.round((tick?.period ?? NaN) * SECOND)

/** How old the observation of its features may be at a head's tick, ns. */
export const maxAge = ({ encoder }: Required<HeadParts>): number => (encoder?.max_age ?? NaN) * SECOND
