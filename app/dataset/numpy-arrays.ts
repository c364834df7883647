import type { Contract } from '../../policy/contract/contract.js'
import { UsageError } from '../output/output.js'
import type { NpyFile, NpyType } from './npy-file.js'
import type { AnsweredObservation, Recording } from './training-set.js'

/** The arrays of a recording that one version of the contract asks for, beside `episode` and `success`. */
export interface NumpyArrays {
  /** Names of the values of `aux`; empty: the set has none. */
  readonly aux: readonly string[]
  /** Throws UsageError where the row has not what the contract asks for. */
  add(row: AnsweredObservation): void
  /** All rows of an episode have been added. */
  endEpisode(): void
  close(): void
}

/** What a version of the contract declares of its sets. */
export interface ArraysOf {
  /** Throws UsageError where a set cannot be made for the contract in the file `path`. */
  check(contract: Contract, path: string): void
  open(make: MakeFile, contract: Contract, recording: Recording): NumpyArrays
}

/** Makes the array file of a name. */
export type MakeFile = (name: string, type: NpyType, shape: readonly number[]) => NpyFile

/** Says that a set has no histories. */
export const noHistories = (path: string, names: readonly string[]): UsageError =>
  new UsageError(
    `${path}: a numpy set has no histories, and ${names.join(', ')} has one: leave it out; a trainer makes ` +
      'histories of the rows',
  )

/** Planes r, g, b (0 to 1) and depth (m) of so many pixels -> u8 [H, W, 3] and u16 [H, W] in mm. */
export function colourAndDepth(
  planes: Float32Array,
  pixels: number,
): { readonly rgb: Uint8Array; readonly depth: Uint16Array } {
  const rgb = new Uint8Array(pixels * 3)
  const depth = new Uint16Array(pixels)
  for (let i = 0; i < pixels; i++) {
    for (let c = 0; c < 3; c++) rgb[3 * i + c] = Math.round(planes[c * pixels + i]! * 255)
    depth[i] = Math.round(planes[3 * pixels + i]! * 1000)
  }
  return { rgb, depth }
}
