import type { Precision } from '../../policy/contract/onnx-metadata.js'
import type { Report } from '../output/output.js'

/** Options of every run, whatever its source. */
export interface RunOptions {
  /** A robot file, or the name of a shipped one. */
  readonly robot?: string
  readonly namespace?: string
  /** The gripper's serial port, instead of the robot file's. */
  readonly port?: string
  /** A model's file, or "expert". Default: the shipped model. */
  readonly policy?: string
  readonly precision?: Precision
  /** The file of the policy's encoder, where the policy is a head. */
  readonly encoder?: string
  /** How chunks that overlap are carried out: one of EXECUTION_MODES. Default: the policy's own. */
  readonly execution?: string
  /** Where a recording is written. */
  readonly record?: string
  readonly overwrite?: boolean
  /** The command at the start of each episode (on a cell) or of the run (on topics). */
  readonly say?: string
}

/** What a run gave. `isComplete`: it did all that was asked for, and its policy and its recording lasted. */
export interface RunOutcome extends Report {
  readonly isComplete: boolean
}
