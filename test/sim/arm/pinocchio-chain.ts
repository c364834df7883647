import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { python } from '../firmware/python-path.js'

/** x, y, z (m), qw, qx, qy, qz in the frame of the joint before. */
export type Placement = readonly number[]

export interface Chain {
  readonly joints: readonly {
    readonly placement: Placement
    readonly axis: readonly number[]
    /** Mass of the link (kg) and its centre in the joint's frame (m). Default: none. */
    readonly mass?: number
    readonly centre?: readonly number[]
  }[]
  readonly tool: Placement
}

export interface ChainState {
  readonly position: readonly number[]
  readonly rotation: readonly number[]
  readonly jacobian: readonly number[]
  /** Torques that hold the links against gravity, N·m. */
  readonly gravity: readonly number[]
}

/** The chain's tool in each configuration, as Pinocchio computes it. */
export function byPinocchio(chain: Chain, configurations: readonly (readonly number[])[]): ChainState[] {
  const script = fileURLToPath(new URL('pinocchio_chain.py', import.meta.url))
  const output = execFileSync(python(), [script], {
    input: JSON.stringify({ ...chain, configurations }),
    encoding: 'utf8',
    maxBuffer: 64 << 20,
  })
  return JSON.parse(output) as ChainState[]
}
